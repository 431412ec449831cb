"""What a record says of the rules that fired: what each does, and under which law."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ordinance.policy.plan import PlannedRule


def grounds(rules: Iterable[PlannedRule], fired: Collection[str]) -> dict[str, Any]:
    """Return the effect of each of the ``rules`` whose id is in ``fired``, and the laws that it stands under, each as
    its article and its title; nothing if none fired."""
    found = {rule.id: rule for rule in rules if rule.id in fired}
    if not found:
        return {}
    laws = {name: [f"{law.article} {law.title}".strip() for law in rule.laws] for name, rule in sorted(found.items())}
    return {
        "effects": {name: rule.effect.value for name, rule in sorted(found.items())},
        "laws": {name: cited for name, cited in laws.items() if cited},
    }
