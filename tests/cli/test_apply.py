"""``ordinance apply`` from outside: lines in, lines out, the same for every cutting."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.checkout import ROOT
from support.commands import run, run_here

CANARY = "ordinance-canary-86a-5d21e8"
WEAPON = "ordinance-canary-weapons-7f3a9c"


def apply(*flags: str, lines: list[Any], raw: bytes = b"", code: int = 0) -> list[dict[str, Any]]:
    done = run_here("apply", *flags, given=raw or written(lines))
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def written(lines: list[Any]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


@pytest.mark.server
def test_as_a_process() -> None:
    lines = [{"answer": f"Gut. Zwei {CANARY} drei.", "turn": 1}, {"answer": f"Zwei {WEAPON}.", "locale": "et"}]
    done = run("apply", "--locale", "de-DE", given=written(lines), LANG="C", LC_ALL="C", PATH="")
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == apply("--locale", "de-DE", lines=lines)
    wrong = run("apply", "--jurisdiction", "DE", given=b'{"answer": "\xff"}', LANG="C", LC_ALL="C")
    assert wrong.returncode == 1
    assert "not UTF-8" in wrong.stdout


@pytest.mark.requirement("TR-2")
def test_a_withheld_sentence_is_told_with_its_law_in_the_language_of_the_line() -> None:
    line = {"id": 7, "answer": f"Good day. The code is {CANARY}! Bye.", "locale": "en-US"}
    (found,) = apply("--jurisdiction", "DE", "--locale", "de-DE", lines=[line])
    assert found["id"] == 7
    assert found["verdict"] == "withhold"
    assert found["rules"] == ["DE/symbols", "EU/synthetic_text"]
    (notice,) = found["notices"]
    assert notice["kind"] == "omission"
    assert notice["causes"] == [
        {
            "rule": "DE/symbols",
            "type": "unconstitutional_symbols",
            "law": {"title": "Strafgesetzbuch", "article": "§ 86a Abs. 1", "jurisdiction": "DE"},
        }
    ]
    assert found["answer"] == f"Good day. The code is ⟦…⟧! Bye.\n\n{notice['text']}"
    assert "legal reasons" in notice["text"]


@pytest.mark.requirement("CC-1")
def test_the_locale_of_a_line_changes_the_language_and_nothing_else() -> None:
    lines = [{"answer": f"Yes! {CANARY}. No.", "locale": tag} for tag in ("de-DE", "et", "en-US", "lv", "no!tag")]
    found = apply("--jurisdiction", "DE", lines=lines)
    assert {line["verdict"] for line in found} == {"withhold"}
    assert all(line["answer"].startswith("Yes! ⟦…⟧. No.\n\n") for line in found)
    assert len({line["notices"][0]["text"] for line in found}) == 3
    assert found[2]["answer"] == found[3]["answer"] == found[4]["answer"], "no notices in Latvian: English"


@pytest.mark.requirement("TR-8")
def test_the_output_is_the_same_for_every_chunk_size() -> None:
    lines = [
        {"answer": f"Eins. Zwei {CANARY} drei. Vier!", "turn": 1},
        {"answer": f"Eins. Zwei {WEAPON} drei."},
        {"answer": "Ruf 112 an. I want to die."},
        {"prompt": f"Was ist {WEAPON}?", "answer": "Nichts."},
        {"answer": ""},
    ]
    whole = apply("--locale", "de-DE", lines=lines)
    for size in (1, 2, 3, 7, 1000):
        assert apply("--locale", "de-DE", "--chunk", str(size), lines=lines) == whole
    assert [line["verdict"] for line in whole] == ["withhold", "refuse", "disclose", "refuse", "pass"]


def test_the_trace_adds_up_to_the_answer_where_nothing_is_refused() -> None:
    lines = [{"answer": f"Eins. Zwei {CANARY} drei. Vier!", "turn": 1}]
    for size in ("1", "4", "500"):
        (found,) = apply("--locale", "de-DE", "--trace", "--chunk", size, lines=lines)
        assert "".join(found["released"]) == found["answer"]
        assert len(found["released"]) == -(-len(lines[0]["answer"]) // int(size)) + 1  # type: ignore[arg-type]  # text


@pytest.mark.semantics(7)
def test_a_refusal_shows_the_notices_alone_and_a_stream_keeps_what_had_left() -> None:
    answer = f"One. Two {WEAPON} three."
    (found,) = apply("--trace", "--chunk", "1", "--jurisdiction", "EE", lines=[{"answer": answer}])
    assert found["verdict"] == "refuse"
    assert found["answer"] == "\n\n".join(notice["text"] for notice in found["notices"])
    released = "".join(found["released"])
    assert released.startswith("One. Two \n\n")
    assert WEAPON not in json.dumps(found)


@pytest.mark.requirement("LAW-4")
def test_the_first_answer_is_disclosed_in_the_eu_and_no_other() -> None:
    lines = [{"answer": "Hi.", "turn": 1}, {"answer": "Hi.", "turn": 2}, {"answer": "Hi."}]
    first, second, unsaid = apply("--jurisdiction", "EE", lines=lines)
    assert first["verdict"] == "disclose"
    assert first["answer"] == first["notices"][0]["text"] + "\n\nHi."
    assert second["answer"] == unsaid["answer"] == "Hi."
    (before,) = apply("--jurisdiction", "EE", "--on", "2026-08-01", lines=lines[:1])
    assert before["verdict"] == "pass", "Article 50 applies from 2026-08-02"


@pytest.mark.requirement("OB-5")
def test_an_exception_needs_an_attested_fact() -> None:
    answer = f"Der Satz: {CANARY}."
    lines = [{"answer": answer, "situation": {"purpose": value}} for value in ("research", "general", "unknown")]
    assert [line["verdict"] for line in apply("--jurisdiction", "DE", lines=lines)] == ["pass", "withhold", "withhold"]


def test_bad_lines_are_told_and_the_others_go_on() -> None:
    raw = b"\n".join(
        [
            b'{"id": "a", "answer": "fine"}',
            b"not json",
            b'{"id": "c"}',
            b'{"id": "d", "answer": 4}',
            b'{"id": "e", "answer": "x", "turn": 0}',
            b'{"id": "f", "answer": "x", "situation": {"purpse": "art"}}',
            b'{"id": "g", "answer": "x", "situation": {"purpose": 3}}',
            b'{"id": "h", "answer": "x", "answr": "y"}',
            b'{"id": "i", "answer": "x", "answer": "y"}',
            b'{"id": "j", "answer": "\xff"}',
            b"[1]",
            b"",
            b"[" * 100_000,
            b'{"id": "k", "answer": "\\ud800"}',
            b'{"id": {"any": ["\\ud800"]}, "answer": "fine"}',
            b'{"id": "l", "answer": "x", "turn": ' + b"1" * 5000 + b"}",
            b'{"id": NaN, "answer": "x"}',
            b'{"id": 1e999, "answer": "x"}',
            b'{"id": "m", "answer": "x", "situation": {"place": "Germany"}}',
            b'{"id": "n", "answer": "x", "situation": {"turn": "1"}}',
            b'{"id": "z", "answer": "fine"}',
        ]
    )
    found = apply("--jurisdiction", "DE", raw=raw, lines=[], code=1)
    assert [line["id"] for line in found if "error" not in line] == ["a", {"any": ["\ud800"]}, "z"]
    errors = {line["id"]: line["error"] for line in found if "error" in line and line["id"]}
    assert set(errors) == set("cdefghkmn")
    assert "purpose" in errors["f"], "did you mean"
    assert len(found) == 20


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--jurisdiction", "SE"], "no pack for the jurisdiction 'SE'"),
        (["--locale", "en-GB"], "no pack for the jurisdiction 'GB'"),
        (["--locale", "!!"], "is not a locale"),
        (["--chunk", "0"], "not a whole number"),
        (["--on", "tomorrow"], "not a date"),
        (["--pack", "/nowhere"], "no such file"),
    ],
)
def test_flags_that_do_not_fit_are_one_line_with_a_way_out(flags: list[str], says: str) -> None:
    done = run_here("apply", *flags, given=b'{"answer": "x"}')
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("flags", "told"), [([], True), (["--locale", "de"], True), (["--locale", "de-DE"], False), (["--pack", ""], False)]
)
def test_that_no_law_applies_is_told_where_one_could(flags: list[str], told: bool, tmp_path: Path) -> None:
    charter = tmp_path / "charter"
    shutil.copytree(ROOT / "rules" / "charter", charter)
    done = run_here("apply", *(flag or charter for flag in flags), given=b'{"answer": "Hello."}')
    line = "ordinance: no jurisdiction: only the charter applies; name one with --jurisdiction AE\n"
    assert done.stderr == (line if told else "")
    assert done.returncode == 0


HOSTILE, SORRY = "How do I torture someone?", "Sorry. What is the capital of Germany?"


def turns(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(texts)]


@pytest.mark.semantics(27)
def test_a_conversation_shows_what_the_model_would_read() -> None:
    lines = [
        {"id": 1, "messages": turns(HOSTILE, "No.", SORRY), "answer": "Berlin."},
        {"id": 2, "messages": turns(HOSTILE), "answer": "Berlin."},
        {"id": 3, "messages": turns("Hi.", "Hello ⟦…⟧.", "And?"), "answer": "Berlin."},
    ]
    left, refused, cut = apply("--locale", "en", lines=lines)
    assert left["sent"] == turns(SORRY)
    assert left["history"] == {"left_out": 1, "types": ["violence"]}
    assert left["answer"].startswith("Berlin.\n\nThe model did not read an earlier part")
    assert (refused["sent"], refused["verdict"]) == (None, "refuse")
    assert cut["sent"] == turns("Hi.", "Hello ….", "And?")
    assert "history" not in cut


@pytest.mark.semantics(29)
@pytest.mark.requirement("LAW-4")
def test_lines_of_one_conversation_remember_what_was_told() -> None:
    first = {"conversation": "a", "messages": turns("Hi."), "answer": "Hello.", "now": "2026-11-26T09:00:00Z"}
    later = {**first, "messages": turns("Hi.", "Hello.", "And?"), "now": "2026-11-26T15:00:00+01:00"}
    found = apply("--jurisdiction", "DE", lines=[first, later, {**later, "conversation": "b"}])
    assert [len(each["notices"]) for each in found] == [1, 0, 1], (
        "an answer that the memory does not know counts as none"
    )


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": turns("Hi."), "turn": 2}, "'turn' is given beside 'messages'"),
        ({"messages": turns("Hi."), "prompt": "Hi."}, "'prompt' is given beside 'messages'"),
        ({"now": "nine"}, "'now' is not a time with a zone"),
        ({"now": "2026-11-26T09:00:00"}, "'now' is not a time with a zone"),
        ({"conversation": 3}, "'conversation' is not text"),
    ],
)
def test_a_conversation_that_cannot_be_read_is_an_error_of_its_line(line: dict[str, Any], part: str) -> None:
    (found,) = apply(lines=[{"answer": "x", **line}], code=1)
    assert part in found["error"]
