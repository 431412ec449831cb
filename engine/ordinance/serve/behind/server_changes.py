"""What follows when the settings of several inference servers are read again: who stays, who comes, who leaves."""

from __future__ import annotations

from collections.abc import Mapping

from ordinance.serve.behind.named_server import NamedServer
from ordinance.serve.http.stderr import tell
from ordinance.settings.named_upstreams import NamedUpstreamSettings


def succeeding(before: Mapping[str, NamedServer], read: Mapping[str, NamedServer]) -> dict[str, NamedServer]:
    """Return the servers that are in force after those ``before``, and say what is different. Of those that were
    ``read``, one that is connected to in the same way is the one of before: it keeps its connections and its health."""
    after = {}
    for name, new in read.items():
        old = before.get(name)
        if old is None or not old.connects_as(new):
            after[name] = new
        else:
            _tell_drain(old, new.settings)
            old.settings = new.settings
            after[name] = old
    _tell_changes(before, after)
    return after


def _tell_drain(server: NamedServer, after: NamedUpstreamSettings) -> None:
    if after.drain and not server.settings.drain:
        tell(f"the model server '{server.name}' gets no new requests; {server.open} of this process run", "info")
    elif server.settings.drain and not after.drain:
        tell(f"the model server '{server.name}' gets requests again", "info")


def _tell_changes(before: Mapping[str, NamedServer], after: Mapping[str, NamedServer]) -> None:
    words = {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [name for name in after if name in before and after[name] is not before[name]],
    }
    told = "; ".join(f"{word} {', '.join(map(repr, names))}" for word, names in words.items() if names)
    if told:
        tell(f"model servers: {told}; running answers end where they began", "info")
