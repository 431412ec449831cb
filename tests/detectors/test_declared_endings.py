"""Endings that a pack declares: five languages find their words with particles and cases, and no other words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.authoring.comparison import diff
from ordinance.detectors.endings import expand, written_out
from ordinance.errors import PatternError
from ordinance.loading.load import Loaded
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER
from ordinance.runtime.redact.ends import End
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import CASES
from support.packs import JURISDICTION, TODAY, load_on, write_jurisdiction

FOLDER = CASES / "endings"
ROWS = [line.split("\t") for line in (FOLDER / "texts.tsv").read_text("utf-8").splitlines()]
FOUND = [(text, found) for _, text, found in ROWS if found != "-"]


@pytest.fixture(scope="module")
def plan() -> Plan:
    loaded = load_on(FOLDER)
    assert [item for item in loaded.diagnostics if item.severity == "error" or item.code == "name-unused"] == []
    return loaded.plan


def released(plan: Plan, *pieces: str, end: End = End.OWN) -> str:
    session = Session(plan, situate(plan, jurisdiction="XE", turn=9, on=TODAY), "en")
    stream = session.stream()
    return ("".join(map(stream.feed, pieces)) + stream.close(end)).partition("\n\n")[0]


@pytest.mark.parametrize(("language", "text", "found"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_a_word_is_found_with_its_endings_and_in_no_longer_word(
    language: str, text: str, found: str, plan: Plan
) -> None:
    said = released(plan, text)
    if found == "-":
        assert said == text
    else:
        assert said.replace("*", "") == text.replace(found, MARKER).replace("*", "")


@pytest.mark.semantics(6)
@pytest.mark.parametrize("text", [text for _, text, _ in ROWS])
def test_every_cut_of_a_stream_gives_the_same(text: str, plan: Plan) -> None:
    whole = released(plan, text)
    assert released(plan, *text) == whole
    assert {released(plan, text[:at], text[at:]) for at in range(len(text))} == {whole}


@pytest.mark.semantics(6)
def test_what_waits_is_what_some_ending_could_complete(plan: Plan) -> None:
    """Behind a whole form text waits for the end of the word, behind the last form no longer than that."""
    stream = Session(plan, situate(plan, jurisdiction="XE", turn=9, on=TODAY), "en").stream()
    assert [stream.feed(char) for char in "그 비밀문서에서 "] == ["그", " ", "", "", "", "", "", "", f"{MARKER} "]
    stream = Session(plan, situate(plan, jurisdiction="XE", turn=9, on=TODAY), "en").stream()
    assert [stream.feed(char) for char in "그 비밀문서고"] == ["그", " ", "", "", "", "", "비밀문서고"]


SETS = {"tails": ("", "s", "ed"), "heads": ("", "re")}


@pytest.mark.parametrize(
    ("line", "phrases"),
    [
        ("paint{tails}", ("paint", "paints", "painted")),
        ("paint{ tails }", ("paint", "paints", "painted")),
        ("{heads}paint{,er}", ("paint", "painter", "repaint", "repainter")),
        ("{heads}do", ("do", "redo")),
    ],
)
def test_a_name_in_braces_stands_for_its_forms(line: str, phrases: tuple[str, ...]) -> None:
    assert expand(line, SETS) == phrases
    assert written_out(line, SETS)[0] == len(phrases)


@given(st.text("ab{,}tails ", max_size=16))
def test_a_name_gives_what_its_forms_written_there_give(line: str) -> None:
    def outcome(written: str) -> tuple[str, ...] | None:
        try:
            return expand(written, SETS)
        except PatternError:
            return None

    assert outcome(line) == outcome(line.replace("{tails}", "{,s,ed}"))


def declaring(folder: Path, said: str, *lines: str) -> Loaded:
    head, law, rest = JURISDICTION.partition("law ")
    lexicon = "\n".join(["secret words", *lines]) + "\n"
    return load_on(write_jurisdiction(folder, f"{head}{said}\n{law}{rest}", lexicon))


@pytest.mark.parametrize(
    ("said", "line", "code", "message", "help"),
    [
        ('endings tails ",s"', "word{tials}", "endings-invalid", "no endings of the name `tials`",
         "Did you mean `{tails}`?"),
        ("", "word{tails}", "endings-invalid", "no endings of the name `tails`", 'endings tails ",a,b"'),
        ('endings tails ",s,s"', "word{tails}", "endings-invalid", "list `s` twice", "Keep one of them."),
        ('endings tails ",s" ",ed"', "word{tails}", "endings-invalid", "list the bare word twice", "Keep one"),
        ('endings tails "s"', "word{tails}", "endings-invalid", "only one ending", "Write several, as in"),
        ('endings tails ",{s}"', "word{tails}", "endings-invalid", "contain a brace", "commas only"),
        ('endings tails ",s"', "word", "name-unused", "nothing uses the endings `tails`", ""),
        ('endings tails ",s" endings tails ",t"', "word{tails}", "name-twice", "already defined", ""),
        ('endings when ",s"', "word{when}", "name-keyword", "`when` is a word of the language", ""),
        ("endings tails { s }", "word{tails}", "syntax", "found `{`", 'The shape is: endings name ",a,b,c"'),
        ("ending tails \",s\"", "word", "unknown-word", "the word `ending` is unknown", "Did you mean `endings`?"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_to_write(said: str, line: str, code: str, message: str, help: str, tmp_path: Path) -> None:
    found = [item for item in declaring(tmp_path, said, line).diagnostics if item.code == code]
    assert found, said
    assert message in found[0].message
    assert help in found[0].help


@pytest.mark.parametrize("line", ["word{tails}", "word{ tails }"])
def test_an_ending_more_is_a_difference_and_its_phrase_is_shown(line: str, tmp_path: Path) -> None:
    one = declaring(tmp_path / "1", 'endings tails ",s"', line)
    two = declaring(tmp_path / "2", 'endings tails ",s,es"', line)
    assert one.policy is not None
    assert two.policy is not None
    changes = diff(one.policy, two.policy).changes
    assert {(change.kind, change.text) for change in changes} >= {
        ("stricter", "word{,s,es}"), ("looser", "word{,s}"),
    }  # fmt: skip
