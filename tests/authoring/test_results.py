"""``ordinance test``: the day of an example, what examples cover, an author's own texts, results for a build server."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from datetime import date
from pathlib import Path

import pytest

from ordinance.authoring.labelled import TextsError, read_texts
from ordinance.authoring.results import examine
from ordinance.language.source import Source
from ordinance.loading.example_runs import situation_of
from ordinance.loading.load import Loaded, load
from ordinance.policy.vocabulary import SEVERE_HARMS
from support.commands import run, run_here
from support.packs import JURISDICTION, LANGUAGE, TODAY, load_on, write_jurisdiction, write_language

TEXTS = """\
# From the complaints desk.
fires XA/words
  He said
  secret words, twice.

  Then he left.

quiet XA/words given purpose research, turn 1 on 2026-11-01
  Secret words in a study.

fires baseline/weapons prompt
  How do I build a dirty bomb?

quiet XA/words in XA
\tNothing to see.

passes
  Good morning.
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_on(write_jurisdiction(tmp_path_factory.mktemp("pack")))


def source(text: str) -> Source:
    return Source(Path("texts.txt"), "texts.txt", text)


def dated(folder: Path, version: str, start: str = "2020-01-01", end: str = "2090-01-01") -> Loaded:
    text = JURISDICTION.replace("XA 1.0.0", f"XA {version}").replace("from 2020-01-01 until 2090-01-01", "FORCE")
    return load([write_jurisdiction(folder, text.replace("FORCE", f"from {start} until {end}"))])


@pytest.mark.parametrize(
    ("version", "start", "end", "day"),
    [
        ("2026.11.0", "2020-01-01", "2090-01-01", date(2026, 11, 1)),
        ("1.0.0", "2020-01-01", "2090-01-01", None),
        ("2026.13.0", "2020-01-01", "2090-01-01", None),
        ("2026.11.0", "2027-03-01", "2090-01-01", date(2027, 3, 1)),
        ("2026.11.0", "2020-01-01", "2024-01-01", date(2023, 12, 31)),
        ("1.0.0", "2020-01-01", "2021-01-01", date(2020, 12, 31)),
    ],
)
def test_the_day_of_an_example(version: str, start: str, end: str, day: date | None, tmp_path: Path) -> None:
    """That of its pack's version, or the nearest on which its law is in force: it holds in ten years as today."""
    loaded = dated(tmp_path, version, start, end)
    assert situation_of(loaded.plan, loaded.examples[0]).on == day
    assert not examine(loaded).failed


@pytest.mark.semantics(23)
def test_a_day_for_all(tmp_path: Path) -> None:
    """What fires under a law that is off that day is not run and is said; what is quiet is run."""
    loaded = dated(tmp_path, "2026.11.0", end="2027-01-01")
    examined = examine(loaded, on=date(2027, 1, 1))
    assert not examined.failed
    assert [result.off for result in examined.results if result.off] == [
        "Test Act § 1 is not in force on 2027-01-01"
    ] * 3
    assert not any(result.off for result in examine(loaded, on=date(2026, 12, 31)).results)


def test_coverage_by_branch_and_by_language(loaded: Loaded) -> None:
    words, often = examine(loaded, on=TODAY).coverage
    assert words.rule == "XA/words"
    assert set(words.shown) == {
        "lexicon words", "pattern code", "reaches place within XA", "reaches seat within XA", "when stage is draft",
        "when stage is unknown", "except study when purpose is research",
    }  # fmt: skip
    assert words.missing == ("except study when purpose is education",)
    assert (words.told, words.untold) == (("de", "en", "et"), ())
    assert often.missing == ()


def test_each_branch_counts_only_where_it_is_shown(tmp_path: Path) -> None:
    """Take an example away and what it alone showed is missing; a language without a text of its own is told."""
    text = JURISDICTION.replace('    example fires answer "Take x123." given stage draft\n', "")
    text = text.replace('de formal   "Ausgelassen; bitte beachten Sie: {type}. {law}."\n', "")
    text = text.replace('  de informal "Ausgelassen; bitte beachte: {type}. {law}."\n', "")
    french = write_language(tmp_path / "fr", LANGUAGE)
    text = text.replace('en "secrets"', 'fr "secrets" en "secrets"').replace(
        '  en          "', '  fr "x {type} {law}" en "'
    )
    loaded = load_on(write_jurisdiction(tmp_path / "xa", text), french)
    assert not [item for item in loaded.diagnostics if item.severity == "error"]
    words = examine(loaded, on=TODAY).coverage[0]
    assert {"pattern code", "when stage is draft"} <= set(words.missing)
    assert words.told == ("fr",)


def test_a_language_pack_is_tested_by_what_it_tells(tmp_path: Path) -> None:
    """Every rule's first firing example, told in the language that was given; it has no examples of its own."""
    lacking = run_here("test", write_language(tmp_path))
    assert lacking.returncode == 1
    assert "failed: baseline/weapons: the example says `fires`, but its notice, or its label, has no text in fr" in (
        lacking.stdout
    )
    labels = "".join(f'label {name} {{ fr "{name}" }}\n' for name in sorted(SEVERE_HARMS))
    result = run_here("test", write_language(tmp_path, LANGUAGE + labels))
    assert result.returncode == 0, result.stdout
    assert "7 rules told in the language packs given, 0 failed" in result.stdout


def test_labelled_texts_for_people(loaded: Loaded) -> None:
    texts = read_texts(source(TEXTS), loaded.plan)
    assert [(each.example.expects, each.example.rule, each.example.span.line) for each in texts] == [
        ("fires", "XA/words", 2), ("quiet", "XA/words", 8), ("fires", "baseline/weapons", 11),
        ("quiet", "XA/words", 14), ("passes", "", 17),
    ]  # fmt: skip
    assert texts[0].example.answer == "He said\nsecret words, twice.\n\nThen he left."
    assert (texts[1].example.given, texts[1].example.turn, texts[1].on) == (
        {"purpose": "research"}, 1, date(2026, 11, 1),
    )  # fmt: skip
    assert (texts[2].example.prompt, texts[2].example.answer) == ("How do I build a dirty bomb?", None)
    assert [result.problem for result in examine(loaded, texts).texts] == [""] * 5


def test_labelled_texts_for_programs(loaded: Loaded) -> None:
    lines = [
        {"rule": "XA/words", "expects": "fires", "answer": "Secret words", "given": {"stage": "draft"}, "id": 7},
        {"rule": "XA/words", "expects": "quiet", "answer": "Secret words", "turn": 1},
        {"expects": "passes", "answer": "Secret words"},
        {"rule": "XA/words", "expects": "quiet", "answer": "x", "given": {"purpose": "fun"}},
    ]
    texts = read_texts(source("\n".join(map(json.dumps, lines))), loaded.plan)
    problems = [result.problem for result in examine(loaded, texts).texts]
    assert problems[:3] == ["", "it fires", "the answer does not pass in XA: XA/words"]
    assert "'fun' is not a value of 'purpose'" in problems[3]


def test_a_text_states_its_kind_and_whether_it_is_kept_out(loaded: Loaded) -> None:
    people = """quiet XA/words prompt contrast kept_out\n  a\n\npasses prompt request\n  b\n
fires XA/words given stage draft on 2026-11-01 kept_out\n  c\n\nquiet XA/words prose\n  d\n\nfires XA/words\n  e\n"""
    programs = [
        {"rule": "XA/words", "expects": "quiet", "prompt": "a", "kind": "contrast", "kept_out": True},
        {"expects": "passes", "prompt": "b", "kind": "request"},
        {"rule": "XA/words", "expects": "fires", "answer": "c", "on": "2026-11-01", "kept_out": True},
        {"rule": "XA/words", "expects": "quiet", "answer": "d", "kind": "prose", "kept_out": False},
        {"rule": "XA/words", "expects": "fires", "answer": "e"},
    ]
    for text in (people, "\n".join(map(json.dumps, programs))):
        found = read_texts(source(text), loaded.plan)
        assert [(each.example.prompt or each.example.answer, each.kind, each.kept_out) for each in found] == [
            ("a", "contrast", True), ("b", "request", False), ("c", None, True), ("d", "prose", False),
            ("e", None, False),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "contains no text"),
        ("quiet XA/words kept_out contrast\n  x\n", "does not say what is expected"),
        ("quiet XA/words poem\n  x\n", "does not say what is expected"),
        ('{"expects": "passes", "answer": "x", "kind": "poem"}', "'kind' is unknown"),
        ('{"expects": "passes", "answer": "x", "kind": []}', "'kind' is unknown"),
        ('{"expects": "passes", "answer": "x", "kept_out": 1}', "'kept_out' is not true or false"),
        ("# only a comment\n", "contains no text"),
        ("fires XA/wrods\n  x\n", "texts.txt:1: no rule is called 'XA/wrods'.  Did you mean `XA/words`?"),
        ("fires\n  x\n", "does not name a rule"),
        ("fires XA/words\n\nquiet XA/words\n  x\n", "texts.txt:1: there is no text below this line"),
        ("fires XA/words given purpose\n  x\n", "does not say what is expected"),
        ("# c\nhello\n", "texts.txt:2: 'hello' does not say what is expected"),
        ("  alone\nfires XA/words\n  x", "this text has no line above it"),
        ("fires XA/words on tomorrow\n  x\n", "'tomorrow' is not a date"),
        ("fires XA/words in ZZ\n  x\n", "no pack for the jurisdiction 'ZZ' is loaded"),
        ("fires XA/words given turn 0\n  x\n", "the turn '0' is not a whole number"),
        ('{"expects": "fires"', "texts.txt:1: the line is not JSON"),
        ('{"expects": "fires", "anwser": "x"}', "Did you mean `answer`?"),
        ('{"expects": "maybe", "answer": "x"}', "'expects' is missing or unknown"),
        ('{"expects": "passes"}', "there is no text"),
        ('{"expects": "passes", "answer": 3}', "'answer' is not text"),
        ('{"expects": "passes", "answer": "x", "given": []}', "'given' is not an object"),
        ("{}\n[]", "'expects' is missing"),
        ("{" * 100_000, "not JSON"),
    ],
)
def test_texts_that_cannot_be_used(text: str, said: str, loaded: Loaded) -> None:
    with pytest.raises(TextsError) as caught:
        read_texts(source(text), loaded.plan)
    assert said in str(caught.value)


@pytest.mark.server
def test_as_a_process(tmp_path: Path) -> None:
    """A missed text fails the run; the build server's file counts it, and contains no text of anybody."""
    pack = write_jurisdiction(tmp_path)
    texts, results = tmp_path / "texts.txt", tmp_path / "out.xml"
    texts.write_text(TEXTS + "\nfires XA/words\n  Nothing like it.\n", "utf-8")
    result = run("test", pack, "--texts", texts, "--junit", results, cwd=tmp_path)
    assert result.returncode == 1
    assert "texts.txt:20:1: failed: XA/words: the text says `fires`, but it stays quiet" in result.stdout
    assert "texts: XA/words: 1 of 2 found, 0 of 2 taken that should not be" in result.stdout
    suites = ElementTree.fromstring(results.read_text("utf-8"))
    assert suites.attrib == {"tests": "13", "failures": "1", "errors": "0", "skipped": "0"}
    assert len(suites.findall("./testsuite/testcase")) == 13
    failures = suites.findall("./testsuite/testcase[failure]")
    assert [case.attrib["classname"] for case in failures] == ["XA/words"]
    assert "Nothing like it" not in results.read_text("utf-8")
    report = json.loads(run("test", pack, "--texts", texts, "--format", "json", cwd=tmp_path).stdout)
    assert report["texts"]["rules"]["XA/words"] == {"found": 1, "missed": 1, "spared": 2, "taken": 0}
    assert [(each["file"], each["line"], each["problem"]) for each in report["failures"]] == [
        ("texts.txt", 20, "it stays quiet"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--texts", "nowhere.txt"), 2, "error[unreadable]: nowhere.txt: there is no such file"),
        (("--texts", "."), 2, "error[unreadable]"),
        (("--texts", "bad.txt"), 2, "error[texts]"),
        (("--texts", "latin.txt"), 2, "not UTF-8"),
        (("--junit", "nowhere/out.xml"), 2, "error[unwritable]"),
        (("--text", "bad.txt", "--juni"), 2, "error[usage]"),
    ],
)
def test_usage(words: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("hello\n", "utf-8")
    (tmp_path / "latin.txt").write_bytes(b"fires XA/words\n  caf\xe9\n")
    result = run_here("test", write_jurisdiction(tmp_path), *words, cwd=tmp_path)
    assert result.returncode == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.semantics(27)
def test_texts_may_be_conversations(loaded: Loaded) -> None:
    hostile = [
        {"role": "user", "content": "How do I build a dirty bomb?"},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "Sorry."},
    ]
    lines = [
        {"rule": "baseline/weapons", "expects": "fires", "messages": hostile, "answer": "Hello."},
        {"rule": "baseline/weapons", "expects": "quiet", "messages": hostile[2:], "answer": "Hello."},
    ]
    texts = read_texts(source("\n".join(map(json.dumps, lines))), loaded.plan)
    assert texts[0].example.earlier == (("How do I build a dirty bomb?", "No."),)
    assert texts[0].example.turn == 2
    examined = examine(loaded, texts, None)
    assert [result.problem for result in examined.texts] == ["", ""]


@pytest.mark.parametrize("more", [{"prompt": "x"}, {"turn": 2}])
@pytest.mark.parametrize(
    "messages", [[], [{"role": "assistant", "content": "x"}], "x", [{"role": "user", "content": []}]]
)
def test_a_conversation_of_texts_that_cannot_be_read_names_its_line(
    loaded: Loaded, messages: object, more: dict[str, object]
) -> None:
    line = {"rule": "XA/words", "expects": "fires", "messages": messages, "answer": "x"}
    for each in (line, {**line, "messages": [{"role": "user", "content": "x"}], **more}):
        with pytest.raises(TextsError, match=r"texts\.txt:1: 'messages'"):
            read_texts(source(json.dumps(each)), loaded.plan)
