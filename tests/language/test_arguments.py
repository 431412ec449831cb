"""What a pack gives to a plugin's detector, in parentheses."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.detection import Declaration
from ordinance.language import ast
from ordinance.language.format import format_source
from ordinance.language.parser import parse
from ordinance.language.source import Source
from ordinance.loading.packs import gather
from ordinance.policy.link.linker import link
from support.packs import JURISDICTION, write_jurisdiction

ASKED = 'detector acme.id ("EE", "PL")'


def source(text: str) -> Source:
    return Source(Path("XA.ord"), "XA.ord", text)


def uses(text: str) -> list[ast.Use]:
    pack = parse(source(text), "pack").pack
    assert pack is not None
    rules = [rule for section in pack.sections for rule in section.rules]
    return [use for rule in rules if isinstance(rule, ast.Withhold) for use in rule.when.uses]


def test_arguments_belong_to_the_use() -> None:
    text = JURISDICTION.replace("topic talk and", f"{ASKED} and")
    (use,) = [use for use in uses(text) if use.kind == "detector"]
    assert (use.name.text, [each.text for each in use.arguments]) == ("acme.id", ["EE", "PL"])
    assert all(not use.arguments for use in uses(JURISDICTION))


def test_a_use_with_other_arguments_is_another_detector(tmp_path: Path) -> None:
    text = JURISDICTION.replace("topic talk and", f"{ASKED}, detector acme.id and")
    text = text.replace("from lexicon words\n", 'from detector acme.id ("PL")\n', 1)
    policy = link(gather([write_jurisdiction(tmp_path, text)]).units, "")
    found = {each.key: each.declaration for each in policy.detectors if each.kind == "acme.id"}
    assert found == {
        ASKED: Declaration("acme.id", ("EE", "PL")),
        "detector acme.id": Declaration("acme.id"),
        'detector acme.id ("PL")': Declaration("acme.id", ("PL",)),
    }
    places = {each.key: [span.column for span in each.places] for each in policy.detectors}
    line = next(line for line in text.splitlines() if ASKED in line)
    assert places[ASKED] == [line.index('"EE"') + 1, line.index('"PL"') + 1]


def test_formatting_keeps_them() -> None:
    text = JURISDICTION.replace("topic talk and", 'detector acme.id("EE" , "PL") and')
    formatted = format_source(source(text), "pack")
    assert formatted is not None
    assert ASKED in formatted
    assert format_source(source(formatted), "pack") == formatted


@pytest.mark.parametrize("wrong", ["()", '("EE" "PL")', "(EE)", '("EE",)', '("EE"', "(5)"])
def test_what_are_no_arguments_is_a_finding_there(wrong: str) -> None:
    parsed = parse(source(JURISDICTION.replace("topic talk and", f"detector acme.id {wrong} and")), "pack")
    assert parsed.diagnostics
    first = parsed.diagnostics[0]
    line = JURISDICTION.splitlines()[first.line - 1]
    assert "topic talk" in line, first
    assert first.help
