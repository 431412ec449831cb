"""Compose the instruction to the model in each language that has a catalogue (``CATALOGUES``), slot by slot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import langcodes

from ordinance.instructions import de, en, et
from ordinance.instructions.catalogue import Catalogue
from ordinance.policy.slots import PROMPT, SLOTS

CATALOGUES: Mapping[str, Catalogue] = {"en": en.CATALOGUE, "de": de.CATALOGUE, "et": et.CATALOGUE}
_DEFAULT = "en"

_LANGUAGE = re.compile("[a-z]{2,3}")


def instruction(slots: Mapping[str, str]) -> str:
    """Compose the instruction for ``slots``, in the language of the answer if that has a catalogue, else in English.
    Returns an empty string if nothing is set."""
    catalogue = CATALOGUES[language_of(slots)]
    sentences = [sentence(catalogue, slot, slots[slot]) for slot in SLOTS if slot in slots]
    return " ".join([*sentences, catalogue.closing]) if sentences else ""


def language_of(slots: Mapping[str, str]) -> str:
    """Return the language of the instruction for ``slots``."""
    set_to = slots.get("language", PROMPT)
    spoken = _DEFAULT if set_to == PROMPT else next(_parts(set_to))  # what people write in is not known yet
    return spoken if spoken in CATALOGUES else _DEFAULT


def sentence(catalogue: Catalogue, slot: str, value: str) -> str:
    """Return the sentence for one ``slot`` and its ``value``."""
    known = catalogue.sentences.get(slot, {})
    if value in known:
        return known[value]
    named = _script(catalogue, value) if slot == "script" else _language(catalogue, value)
    return catalogue.filled[slot].format(language=named, script=named)


def _script(catalogue: Catalogue, code: str) -> str:
    return catalogue.scripts.get(code) or catalogue.other_script.format(code=code)


def _language(catalogue: Catalogue, tag: str) -> str:
    """Write a language ``tag`` in words. What a tag may contain beyond language, script and region, private use first
    of all, could be words of the pack's own; it is left out."""
    parts = list(_parts(tag))
    name = catalogue.languages.get(parts[0])
    if name is None:
        return catalogue.other_language.format(code="-".join(parts))
    return name if len(parts) == 1 else f"{name} ({'-'.join(parts)})"


def _parts(tag: str) -> Iterator[str]:
    language = langcodes.Language.get(tag)
    code = language.language or ""  # of a tag for private use it is the whole tag
    yield code if _LANGUAGE.fullmatch(code) else "und"
    yield from (part for part in (language.script, language.territory) if part)
