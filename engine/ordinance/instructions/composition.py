"""Compose the instruction to the model in each language that has a catalogue, slot by slot.

``CATALOGUES`` are the engine's own, one for each file of ``languages/``; plugins bring others (``Plan.catalogues``).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import langcodes

from ordinance.instructions.catalogue_file import read_catalogue
from ordinance.policy.catalogue import Catalogue
from ordinance.policy.slots import CLOSED, PROMPT, SLOTS

_DEFAULT = "en"
_FILES = sorted(Path(__file__).with_name("languages").glob("*.toml"), key=lambda path: (path.stem != _DEFAULT, path))
CATALOGUES: Mapping[str, Catalogue] = MappingProxyType(
    {path.stem: read_catalogue(path.read_bytes()) for path in _FILES}
)
_NONE: Mapping[str, Catalogue] = MappingProxyType({})

_LANGUAGE = re.compile("[a-z]{2,3}")


def instruction(
    slots: Mapping[str, str], brought: Mapping[str, Catalogue] = _NONE, alone: Container[str] = SLOTS
) -> str:
    """Compose the instruction for those of ``slots`` that are in ``alone``, in the language of the answer if that has a
    catalogue, of the engine's or of those that plugins have ``brought``, else in English. Returns an empty string if
    nothing is set."""
    spoken = language_of(slots, brought)
    catalogue = CATALOGUES.get(spoken) or brought[spoken]
    sentences = [sentence(catalogue, slot, slots[slot]) for slot in SLOTS if slot in slots and slot in alone]
    return " ".join([*sentences, catalogue.closing]) if sentences else ""


def language_of(slots: Mapping[str, str], brought: Mapping[str, Catalogue] = _NONE) -> str:
    """Return the language of the instruction for ``slots``."""
    set_to = slots.get("language", PROMPT)
    spoken = _DEFAULT if set_to == PROMPT else next(_parts(set_to))  # what people write in is not known yet
    return spoken if spoken in CATALOGUES or spoken in brought else _DEFAULT


def sentence(catalogue: Catalogue, slot: str, value: str) -> str:
    """Return the sentence for one ``slot`` and its ``value``: the English one if a plugin's catalogue has none, as it
    may be older than the slot."""
    if value in CLOSED.get(slot, ()):
        known = catalogue.sentences.get(slot, {}).get(value)
        return known or CATALOGUES[_DEFAULT].sentences[slot][value]
    catalogue = catalogue if slot in catalogue.filled else CATALOGUES[_DEFAULT]
    if slot == "script":
        return catalogue.filled[slot].replace("{script}", _script(catalogue, value))
    return catalogue.filled[slot].replace("{language}", _language(catalogue, value))


def _script(catalogue: Catalogue, code: str) -> str:
    return catalogue.scripts.get(code) or catalogue.other_script.replace("{code}", code)


def _language(catalogue: Catalogue, tag: str) -> str:
    """Write a language ``tag`` in words. What a tag may contain beyond language, script and region, private use first
    of all, could be words of the pack's own; it is left out."""
    parts = list(_parts(tag))
    name = catalogue.languages.get(parts[0])
    if name is None:
        return catalogue.other_language.replace("{code}", "-".join(parts))
    return name if len(parts) == 1 else f"{name} ({'-'.join(parts)})"


def _parts(tag: str) -> Iterator[str]:
    language = langcodes.Language.get(tag)
    code = language.language or ""  # of a tag for private use it is the whole tag
    yield code if _LANGUAGE.fullmatch(code) else "und"
    yield from (part for part in (language.script, language.territory) if part)
