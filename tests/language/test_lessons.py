"""Every code has a lesson, every avoided fragment has the finding, and every preferred one has not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ordinance.language.codes import CATALOGUE
from ordinance.language.lessons import LESSONS, Lesson
from support.checkout import ROOT
from support.packs import CHARTER, JURISDICTION, LANGUAGE, load_on, write_charter, write_jurisdiction, write_language

PAGE = ROOT / "docs" / "lessons.md"
BASES = [(JURISDICTION, write_jurisdiction), (CHARTER, write_charter), (LANGUAGE, write_language)]
SHOWN = {code: lesson for code, lesson in LESSONS.items() if lesson.shown}


def test_every_code_has_a_lesson() -> None:
    assert LESSONS.keys() == CATALOGUE.keys()
    assert all(lesson.rationale.endswith((".", "?")) for lesson in LESSONS.values())
    assert len(SHOWN) > len(LESSONS) / 2


@pytest.mark.parametrize("code", SHOWN)
def test_what_is_avoided_has_the_finding_and_what_is_preferred_has_not(code: str, tmp_path: Path) -> None:
    lesson = SHOWN[code]
    text, write = next((text, write) for text, write in BASES if lesson.prefer in text)
    preferred = load_on(write(tmp_path / "prefer", text))
    assert code not in {item.code for item in preferred.diagnostics}
    avoided = load_on(write(tmp_path / "avoid", text.replace(lesson.prefer, lesson.avoid, 1)))
    assert code in {item.code for item in avoided.diagnostics}, [item.code for item in avoided.diagnostics]


def pages() -> str:
    """``docs/lessons.md``: for each code what to avoid, what to prefer, and why."""
    lines = ["# What to write instead", "", "One part for each finding of `ordinance check`; the codes are listed in",
             "[errors.md](errors.md). This page is made from the code (`make docs`)."]  # fmt: skip
    for code, entry in CATALOGUE.items():
        lesson = LESSONS[code]
        lines += ["", f"## {code}", "", f"{entry.title[0].upper()}{entry.title[1:]}."]
        lines += ["", *_part("Avoid", lesson.avoid, lesson), "", *_part("Prefer", lesson.prefer, lesson)]
        lines += ["", f"**Rationale.** {lesson.rationale} {entry.help}"]
    return "\n".join(lines) + "\n"


def _part(name: str, said: str, lesson: Lesson) -> list[str]:
    if not lesson.shown:
        return [f"**{name}.** {said}"]
    fragment = "".join(char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in said)
    return [f"**{name}**", "", "```", *fragment.strip("\n").split("\n"), "```"]


def test_the_pages_are_those_of_the_catalogue() -> None:
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        PAGE.write_text(pages(), "utf-8")
    assert PAGE.read_text("utf-8") == pages()
