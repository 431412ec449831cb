"""A catalogue as a file: TOML, such as ``languages/en.toml``, of the engine or of a plugin.

A catalogue becomes part of what a model reads, so that it may contain nothing but short sentences of printable text,
with a place for a name where a slot has one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ordinance.policy.catalogue import Catalogue
from ordinance.policy.slots import CLOSED, FILLED, is_script

#: Bytes of a file, and characters of a sentence and of the name of a language or script.
MOST_BYTES = 128 * 1024
LONGEST_SENTENCE = 300
LONGEST_NAME = 80
_MOST_NAMES = 1_000

#: Characters that Persian or Sinhala cannot be written without, although they cannot be seen.
_JOINERS = "\u200c\u200d"


class CatalogueError(Exception):
    """A file is not a catalogue; the text says where in it, and what is wrong."""


def _plain(text: str) -> str:
    if not text or text != text.strip():
        raise ValueError("is empty, or begins or ends with a space")
    seen = text.translate(dict.fromkeys(map(ord, _JOINERS)))
    if not seen.isprintable():
        raise ValueError("contains a character that cannot be shown, such as a line break")
    if not seen:
        raise ValueError("has nothing that can be read")
    return text


def _with(place: str) -> Callable[[str], str]:
    """Return a check that ``place`` is in a text once, and no other brace; an empty one for no brace at all."""

    def check(text: str) -> str:
        parts = text.split(place) if place else [text]
        if len(parts) != (2 if place else 1):
            raise ValueError(f"must contain `{place}` once")
        if any(brace in part for part in parts for brace in "{}"):
            raise ValueError("contains a brace" + (f" besides `{place}`" if place else ""))
        return text

    return check


def _slots(known: frozenset[str]) -> Callable[[str], str]:
    def check(slot: str) -> str:
        if slot not in known:
            raise ValueError(f"is not a slot; slots are {', '.join(sorted(known))}")
        return slot

    return check


def _script(code: str) -> str:
    if not is_script(code):
        raise ValueError("is not the code of a script, such as `Latn`")
    return code


def _values(sentences: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    for slot, values in sentences.items():
        if unknown := sorted(values.keys() - CLOSED[slot]):
            raise ValueError(f"`{slot}` has no value `{unknown[0]}`; it has {', '.join(sorted(CLOSED[slot]))}")
    return sentences


def _filled(sentences: dict[str, str]) -> dict[str, str]:
    for slot, sentence in sentences.items():
        try:
            _with("{script}" if slot == "script" else "{language}")(sentence)
        except ValueError as error:
            raise ValueError(f"`{slot}` {error}") from None
    return sentences


_Sentence = Annotated[str, Field(max_length=LONGEST_SENTENCE), AfterValidator(_plain)]
_Whole = Annotated[_Sentence, AfterValidator(_with(""))]
_Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_plain)]
_NameOfCode = Annotated[_Name, AfterValidator(_with("{code}"))]
_Closed = Annotated[str, AfterValidator(_slots(frozenset(CLOSED)))]
_Fills = Annotated[str, AfterValidator(_slots(FILLED))]
_Subtag = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
_Script = Annotated[str, AfterValidator(_script)]
_Named = Annotated[_Name, AfterValidator(_with(""))]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    closing: _Whole
    other_language: _NameOfCode
    other_script: _NameOfCode
    sentences: Annotated[dict[_Closed, dict[str, _Whole]], AfterValidator(_values)]
    filled: Annotated[dict[_Fills, _Sentence], AfterValidator(_filled)]
    languages: Annotated[dict[_Subtag, _Named], Field(max_length=_MOST_NAMES)]
    scripts: Annotated[dict[_Script, _Named], Field(max_length=_MOST_NAMES)]


def read_catalogue(content: bytes) -> Catalogue:
    """Read the catalogue that a file's ``content`` is. Sentences may be missing. Raises ``CatalogueError``."""
    if len(content) > MOST_BYTES:
        raise CatalogueError(f"it has more than {MOST_BYTES // 1024} KiB")
    try:
        given = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise CatalogueError("it is not UTF-8") from None
    except (ValueError, RecursionError) as error:  # ValueError: not TOML, or a number of thousands of digits
        raise CatalogueError(f"it is not TOML: {error}") from None
    try:
        read = _File.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise CatalogueError(f"`{where}`: {first['msg'].removeprefix('Value error, ')}") from None
    return Catalogue(**dict(read))
