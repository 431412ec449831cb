"""Which answers are counted: a rule's effect and its law belong together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ordinance.record.bar_chart import MOST, bar_chart
from ordinance.record.selection import LEFT_OUT, Selection, count

ANSWERS: list[dict[str, Any]] = [
    {"key": "desk", "rules": ["DE/symbols", "EU/machine"], "effects": {"DE/symbols": "withhold", "EU/machine": "say"},
     "laws": {"DE/symbols": ["§ 86a Abs. 1 Strafgesetzbuch"], "EU/machine": ["Art. 50(1) AI Act"]}},
    {"key": "school", "rules": ["EU/machine"], "effects": {"EU/machine": "say"}, "laws": {"EU/machine": ["AI Act"]}},
    {"key": "desk", "rules": ["DE/other"], "effects": {"DE/other": "withhold"}, "laws": {"DE/other": ["§ 86 StGB"]}},
    {"key": "desk", "event": "begin"},
    {"key": "desk", "rules": []},
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    lines = [
        json.dumps({"v": 1, "time": f"2026-11-2{day}T10:00:00.000+00:00", "event": "end", "verdict": "pass", **each})
        for day, each in enumerate(ANSWERS)
    ]
    (tmp_path / "log").write_text("\n".join([*lines, '{"v":1,"ti']) + "\n", "utf-8")
    return tmp_path / "log"


@pytest.mark.parametrize(
    ("selection", "by", "expected"),
    [
        (Selection(), ("key",), {("desk",): 3, ("school",): 1}),
        (Selection(laws=("§ 86a",), effects=LEFT_OUT), ("key",), {("desk",): 1}),
        (Selection(laws=("§ 86",)), ("law",), {("§ 86 StGB",): 1}),
        (Selection(laws=("art. 50(1)",), effects=LEFT_OUT), ("key",), {}),
        (Selection(), ("rule",), {("DE/symbols",): 1, ("EU/machine",): 2, ("DE/other",): 1, ("",): 1}),
        (Selection(rules=("EU/machine",)), ("rule", "key"), {("EU/machine", "desk"): 1, ("EU/machine", "school"): 1}),
        (
            Selection(keys=("desk",), rules=("DE/symbols", "EU/machine")),
            ("law", "effect"),
            {
                ("§ 86a Abs. 1 Strafgesetzbuch", "withhold"): 1,
                ("Art. 50(1) AI Act", "say"): 1,
            },
        ),
        (Selection(keys=("school",), verdicts=("pass",)), ("day",), {("2026-11-21",): 1}),
        (Selection(jurisdictions=("DE",)), ("day",), {}),
    ],
)
def test_answers_are_counted_by_what_one_rule_did(
    path: Path, selection: Selection, by: tuple[str, ...], expected: dict[tuple[str, ...], int]
) -> None:
    assert dict(count([path], selection, by)[1]) == expected


def test_a_chart_says_in_words_what_it_shows_and_does_not_grow_without_end() -> None:
    drawn = bar_chart("A & B", "3 answers", [("<desk>", 2), ("school", 1)])
    assert "&lt;desk&gt;: 2; school: 1" in drawn
    assert "A &amp; B" in drawn
    assert "prefers-color-scheme:dark" in drawn
    many = bar_chart("", "", [(str(n), 1) for n in range(500)])
    assert many.count('class="bar"') == MOST
    assert "441 more: 441" in many
    assert 'class="bar"' not in bar_chart("", "", [])
