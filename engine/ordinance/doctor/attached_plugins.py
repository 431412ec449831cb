"""The plugins that take part in the server's policy: how they are, and what of the sandbox is in force there."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.doctor.findings import Finding, is_open, well
from ordinance.doctor.target import Target, value_at

PLUGINS = "plugins"


def plugins(target: Target) -> Iterator[Finding]:
    """Tell what ``/ready`` says of each plugin; nothing where none takes part."""
    said = value_at(target.server, "/ready").get("plugins")
    for each in said if isinstance(said, list) else []:
        yield from _plugin(f"{each.get('name')} {each.get('version')}", each)


def _plugin(name: str, said: dict[str, object]) -> Iterator[Finding]:
    confinement = said.get("confinement")
    parts = confinement.items() if isinstance(confinement, dict) else ()
    for what, how in parts:
        if str(how).startswith("no"):
            yield is_open(PLUGINS, f"{name}, {what}", f"not in force on this machine ({how})",
                          "docs/plugins.md says what the sandbox needs, and what it does not stop.")  # fmt: skip
    wrong = said.get("wrong")
    for line in wrong if isinstance(wrong, list) else ():
        yield is_open(PLUGINS, name, f"says that something is wrong: {line}",
                      "Until that is mended, /ready has status 503.")  # fmt: skip
    if said.get("state") == "ready":
        yield well(PLUGINS, name, "answers")
    else:
        yield is_open(PLUGINS, name, f"does not answer ({said.get('cause') or said.get('state')})",
                      "What asks it fails closed. See docs/plugins.md for the cause.")  # fmt: skip
