"""The forms that ship: what a slot and its value ask for that can be rewritten safely (semantics, rule 42)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from ordinance.runtime.forms.figures_style import dates, measures, numbers
from ordinance.runtime.forms.form import Form, Quotes
from ordinance.runtime.forms.scripts_lossless import serbian_in_latin
from ordinance.runtime.forms.spelling_style import quotes_of, spelling
from ordinance.runtime.forms.style_file import style


def built_in(slots: Mapping[str, str], tag: str) -> tuple[tuple[Form, ...], Quotes | None]:
    """Return the forms of ``slots``, whose text is in the language of ``tag``, and how quotations are written, if that
    is one of them."""
    forms = [form for slot, value in slots.items() for form in _of(slot, value, tag)]
    return tuple(forms), quotes_of(slots["spelling"]) if "spelling" in slots else None


@cache
def _of(slot: str, value: str, tag: str) -> tuple[Form, ...]:
    return tuple(_made(slot, value, tag))


def _made(slot: str, value: str, tag: str) -> Iterator[Form]:
    language = tag.partition("-")[0]
    if slot == "spelling":
        yield from spelling(value)
    elif slot == "script" and (language, value) == ("sr", "Latn"):
        yield serbian_in_latin()
    elif slot == "numbers" and (way := style("numbers", value)):
        yield from numbers(way)
    elif slot == "dates" and (way := style("dates", value)):
        yield dates(way)
    elif slot == "units":
        yield from measures(tag)
