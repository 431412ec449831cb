"""The form of a catalogue, such as ``en.py``; ``composition.py`` lists the languages that have one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
