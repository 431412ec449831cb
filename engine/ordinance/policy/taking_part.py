"""Plugins as a plan has them: what it asks of each is how it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ordinance.policy.catalogue import Catalogue


class TakesPart(Protocol):
    """A plugin that a policy asks."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def report(self) -> Mapping[str, Any]:
        """Return how it is now, ready for JSON."""

    def line(self) -> str:
        """Return the same in a line for people."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """How a model is told how to speak in a language of a ``plugin``."""

    catalogue: Catalogue
    plugin: TakesPart


def form_key(by: str) -> str:
    """Return the key in ``Plan.plugins`` of the form that a ``RewriteLine`` names."""
    return f"form {by}"
