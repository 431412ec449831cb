"""Compares two readings of the settings: names what differs, never a value, which may be a secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ordinance.settings.model import Settings
from ordinance.settings.sections import KeySettings

#: What a reload takes from the settings: keys and servers at once, the others with the policy.
_RENEWED = ("keys", "upstreams", "plugins", "judges", "judge", "expect", "shadow")


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of the keys that were ``added``, ``removed`` or ``changed``; ``others`` are paths of other settings,
    without those that come with the policy."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def of_keys(self) -> str:
        """Describe the changes of keys; empty if no key changed."""
        parts = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        return "; ".join(f"{word} {', '.join(map(repr, names))}" for word, names in parts if names)


def changes(before: Settings, after: Settings) -> Changes:
    """Compare two readings of the settings; a key has changed if any part of it has, such as its hash."""
    old, new = _by_name(before), _by_name(after)
    return Changes(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        others=tuple(_differences(_rest(before, after), _rest(after, before))),
    )


def renewed(before: Settings, after: Settings) -> Settings:
    """Return the settings ``before`` with what a reload takes from those ``after``."""
    return before.model_copy(update={name: getattr(after, name) for name in _taken(before, after)})


def _taken(before: Settings, after: Settings) -> frozenset[str]:
    """Return what a reload takes. One server does not become several, nor several one, without a restart."""
    return frozenset(_RENEWED) - (set() if before.upstreams and after.upstreams else {"upstreams"})


def _by_name(settings: Settings) -> dict[str, list[KeySettings]]:
    named: dict[str, list[KeySettings]] = {}
    for key in settings.keys:
        named.setdefault(key.name, []).append(key)
    return named


def _rest(settings: Settings, other: Settings) -> dict[str, Any]:
    return settings.model_dump(exclude=set(_taken(settings, other)))


def _differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif before != after:
        yield path
