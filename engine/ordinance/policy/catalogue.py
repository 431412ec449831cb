"""The sentences by which a model is told how to speak, in one language: a value for each slot's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ordinance.policy.slots import CLOSED, FILLED


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language.

    ``sentences`` are those of slots with closed values, by slot and value; ``same as prompt`` is the value ``prompt``.
    ``filled`` are those of the other slots: ``{language}`` stands for one of ``languages`` as it is used in the
    sentence ("in German"), by its subtag, ``{script}`` for one of ``scripts``. What has no name here is named by its
    code in ``other_language`` and ``other_script``. ``closing`` ends every instruction.
    """

    sentences: Mapping[str, Mapping[str, str]]
    filled: Mapping[str, str]
    languages: Mapping[str, str]
    scripts: Mapping[str, str]
    other_language: str
    other_script: str
    closing: str

    def missing(self) -> Iterator[str]:
        """Yield each slot and value that has no sentence, as a file names it: ``sentences.units.metric``."""
        for slot, values in CLOSED.items():
            yield from (f"sentences.{slot}.{value}" for value in sorted(values - self.sentences.get(slot, {}).keys()))
        yield from (f"filled.{slot}" for slot in sorted(FILLED - self.filled.keys()))
