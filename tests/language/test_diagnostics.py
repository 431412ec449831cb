"""What a person reads: each case in ``cases/errors`` gives exactly the text beside it.

``ORDINANCE_GOLDEN=write pytest tests/language/test_diagnostics.py`` writes them anew; read the difference before you
commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ordinance.errors import OrdinanceError
from ordinance.language.codes import CATALOGUE
from ordinance.language.diagnostics import diagnose, did_you_mean, in_order, render
from ordinance.language.source import Source, Span
from ordinance.trust.trouble import CODES, MARKS
from support.checkout import CASES, ROOT
from support.packs import load_on

FOLDER = CASES / "errors"


#: One pack each, or a folder of packs whose fault is that they stand together.
GOLDEN = sorted(path.name for path in FOLDER.iterdir() if path.suffix == ".ord" or any(path.glob("*.ord")))


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    shown = "\n".join(render(item) for item in load_on(Path(name)).diagnostics) + "\n"
    expected = (FOLDER / name).with_suffix(".txt")
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        expected.write_text(shown, "utf-8")
    assert shown == expected.read_text("utf-8")


def manual() -> str:
    """``docs/errors.md``, made from the catalogue and the exceptions."""
    lines = [
        "# Errors",
        "",
        "Every finding of `ordinance check` and every error of a command has a stable code; it is never renamed and",
        "never used for something else. This page is made from the code (`make docs`).",
        "",
        "Each finding has a page of its own: what it means, a sample that has it, what to write instead, and why.",
        "`ordinance lesson CODE` prints it, without a network. Samples are whole files, or parts of the packs in",
        "[errors/sample](errors/sample/). In a sample, `^` marks the place of the finding, `‹U+00A0›` stands for that",
        "character, and `‹1 to 300›` for as many lines, each with its number.",
        "",
        "## Findings in packs",
        "",
        "| code | what it means | what to do |",
        "|---|---|---|",
    ]
    for code, entry in CATALOGUE.items():
        marks = [mark for mark, holds in (("a warning", entry.severity == "warning"), ("exit code 2", entry.unreadable))
                 if holds]  # fmt: skip
        lines.append(
            f"| [`{code}`](errors/{code}.md) | {entry.title}{f' ({marks[0]})' if marks else ''} | {entry.help} |"
        )
    lines += ["", "## Errors of commands", "", "| code | exit code | what it means |", "|---|---|---|"]
    for kind in sorted(OrdinanceError.__subclasses__(), key=lambda kind: kind.code):
        if kind.__module__ == OrdinanceError.__module__:
            meaning = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
            lines.append(f"| `{kind.code}` | {kind.exit_code} | {meaning} |")
    lines += ["", "## Errors of bundles", "", "What can be wrong with a [signed policy](bundles.md), in `/ready`, on"]
    lines += [
        "standard error and in `ordinance bundle verify`.",
        "",
        "| code | what it means | what to do |",
        "|---|---|---|",
    ]
    for code, said in CODES.items():
        mark = " (exit code 2)" if said.unreadable else ""
        lines.append(f"| [`{code}`](errors/bundles/{code}.md) | {said.title}{mark} | {said.help} |")
    lines += ["", "## Errors of marks", "", "What `ordinance verify` finds in an answer ([marks.md](marks.md)).", ""]
    lines += ["| code | what it means | what to do |", "|---|---|---|"]
    for code, said in MARKS.items():
        mark = " (exit code 2)" if said.unreadable else ""
        lines.append(f"| [`{code}`](errors/marks/{code}.md) | {said.title}{mark} | {said.help} |")
    return "\n".join(lines) + "\n"


def test_the_manual_lists_every_code() -> None:
    page = ROOT / "docs" / "errors.md"
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        page.write_text(manual(), "utf-8")
    assert page.read_text("utf-8") == manual()


def source(text: str) -> Source:
    return Source(Path("x.ord"), "x.ord", text)


def test_the_caret_stands_under_the_place() -> None:
    at = Span(source("one two three\n"), 1, 5, 1, 8)
    place, line, caret, help = render(diagnose("syntax", at, "wrong")).split("\n")
    assert place == "x.ord:1:5: error[syntax]: wrong"
    assert line.index("two") == caret.index("^^^")
    assert help.startswith("  help: ")


def test_a_long_line_is_cut_round_the_place() -> None:
    text = "x" * 500 + "HERE" + "y" * 500
    shown = render(diagnose("syntax", Span(source(text), 1, 501, 1, 505), "wrong"))
    line, caret = shown.split("\n")[1:3]
    assert len(line) < 160
    assert line.index("HERE") == caret.index("^^^^")


def test_tabs_keep_the_caret_in_its_column() -> None:
    shown = render(diagnose("syntax", Span(source("\t\tbad"), 1, 3, 1, 6), "wrong"))
    assert "| \t\t^^^" in shown


def test_a_finding_in_a_section_names_its_heading() -> None:
    text = 'section 4 "On words" {\n  bad\n}\nlater\n'
    inside = diagnose("syntax", Span(source(text), 2, 3, 2, 6), "wrong")
    after = diagnose("syntax", Span(source(text), 4, 1, 4, 6), "wrong")
    assert inside.message == 'wrong (section 4 "On words")'
    assert after.message == "wrong"


def test_a_finding_in_a_rule_quotes_its_law() -> None:
    text = (
        'section 1 "Words" {\n  quote act "Nobody shall." "Never."\n  quote code "Everybody may."\n'
        "  withhold 1.1 words {\n    bad\n    under   code\n  }\n  say 1.2 more {\n    bad\n    under act\n  }\n}\n"
        'section 2 "More" {\n  withhold 2.1 x {\n    under act\n  }\n}\nlabel x {}\n'
    )
    laws = {line: diagnose("syntax", Span(source(text), line, 1, line, 2), "wrong").law for line in (3, 5, 9, 14, 17)}
    assert laws == {3: "", 5: 'code "Everybody may."', 9: 'act "Nobody shall."', 14: "", 17: ""}
    assert '\n  law: code "Everybody may."\n' in render(diagnose("syntax", Span(source(text), 5, 5, 5, 8), "wrong"))


def test_every_code_says_what_to_do() -> None:
    for code, entry in CATALOGUE.items():
        assert code == code.lower()
        assert " " not in code
        assert entry.title[0].islower() or entry.title[0] == "`"
        assert entry.help.endswith("."), code


def test_findings_come_in_order_and_once() -> None:
    text = source("a\nb\n")
    first = diagnose("odd-space", Span(text, 1, 1, 1, 2), "one")
    second = diagnose("odd-space", Span(text, 2, 1, 2, 2), "two")
    assert in_order([second, first, second]) == (first, second)


def test_what_is_missing_waits_until_the_syntax_holds() -> None:
    text = source("a\n")
    missing = diagnose("name-unused", Span(text, 1, 1, 1, 2), "unused")
    broken = diagnose("syntax", Span(text, 1, 1, 1, 2), "broken")
    assert in_order([missing]) == (missing,)
    assert in_order([missing, broken]) == (broken,)


def test_did_you_mean() -> None:
    assert did_you_mean("lable", ["label", "law"]) == "Did you mean `label`?"
    assert did_you_mean("zzz", ["label", "law"]) == ""


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    text = source("a \x1b[2J \u202e b\n")
    shown = render(diagnose("syntax", Span(text, 1, 3, 1, 4), "wrong \x1b[31m"))
    assert shown.split("\n")[0].endswith("wrong �[31m")
    assert shown.split("\n")[1].endswith("a �[2J � b")
