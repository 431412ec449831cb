"""``ordinance diff``: each difference is named, and the situation that shows it does show it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ordinance.authoring.changes import Change
from ordinance.authoring.comparison import Difference, diff
from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_rules
from ordinance.policy.vocabulary import MARKER
from ordinance.runtime.session import Session
from ordinance.runtime.situation import rules_in_force
from support.commands import run, run_here
from support.packs import (
    CHARTER,
    JURISDICTION,
    LANGUAGE,
    LEXICON,
    TODAY,
    load_on,
    write_charter,
    write_jurisdiction,
    write_language,
)


def loaded(folder: Path, text: str = JURISDICTION, lexicon: str = LEXICON, *more: Path) -> Loaded:
    found = load([write_jurisdiction(folder, text, lexicon), *more], on=TODAY, examples=False)
    assert found.compiled is not None, [item.message for item in found.diagnostics]
    return found


def compared(old: Loaded, new: Loaded) -> Difference:
    assert old.policy is not None
    assert new.policy is not None
    return diff(old.policy, new.policy)


def test_what_is_the_same_has_no_difference(tmp_path: Path) -> None:
    one, two = loaded(tmp_path / "old"), loaded(tmp_path / "new")
    assert compared(one, two) == Difference((), ())


IN_FORCE, NOT_IN_FORCE = "it is in force where it was not", "it is no longer in force"

MOVES = [
    ("reaches place within XA or seat within XA", "reaches place within XA", "looser"),
    ("reaches place within XA or seat", "reaches place within XA or market within XA or seat", "stricter"),
    (", not unknown", ", or unknown", "stricter"),
    ("in force from 2020-01-01", "in force from 2021-01-01", "looser"),
    ("until 2090-01-01", "until 2095-01-01", "stricter"),
    ("stage is draft or stage is unknown", "stage is draft or stage is final", "both"),
    ("(stage is draft or stage is unknown)", "stage is draft", "looser"),
    ("purpose is one of education, research", "purpose is research", "stricter"),
    ("purpose is one of education, research", "purpose is one of education, research, art", "looser"),
    ("age below 18 and turn below 5", "age below 21 and turn below 5", "stricter"),
    ("age below 18 and turn below 5", "age below 18 and turn below 4", "looser"),
    ("members XB, XC", "members XB, XC, XD", "stricter"),
    ('zone    "Europe/Berlin"', 'zone    "Pacific/Auckland"', "both"),
]


@pytest.mark.parametrize(("old", "new", "kind"), MOVES)
def test_the_situation_shows_it(old: str, new: str, kind: str, tmp_path: Path) -> None:
    """Run on both plans: in the situation of a difference the rule is in force on one side only."""
    text = JURISDICTION.replace('    example fires answer "Take x123." given stage draft\n', "")
    text = text.replace('    example quiet answer "So: secret words." given stage final\n', "")
    one = loaded(tmp_path / "old", text)
    two = loaded(tmp_path / "new", text.replace(old, new).replace("XA 1.0.0", "XA 1.0.1"))
    found = [change for change in compared(one, two).changes if change.what in (IN_FORCE, NOT_IN_FORCE)]
    assert {change.kind for change in found} == ({"stricter", "looser"} if kind == "both" else {kind})
    if "zone" in old:
        return  # the day is one moment earlier or later, and a case names whole days
    for change in found:
        assert change.case is not None
        before = {rule.id for rule in rules_in_force(one.plan, change.case.situation(one.plan))}
        after = {rule.id for rule in rules_in_force(two.plan, change.case.situation(two.plan))}
        assert (change.rule in before) is (change.kind == "looser"), change
        assert (change.rule in after) is (change.kind == "stricter"), change


@pytest.mark.parametrize(
    ("old", "new", "kind", "what"),
    [
        ("scope   sentence at most 200", "scope   span", "looser", "its scope was sentence at most 200 and is span"),
        (
            "scope   sentence at most 200", "scope   sentence at most 300", "stricter",
            "its scope was sentence at most 200 and is sentence at most 300",
        ),
        ('"X[0-9]{3}" any case', '"X[0-9]{3,4}" any case', "different", "what its pattern looks for has changed"),
        ("lexicon words, pattern code, topic talk", "lexicon words, topic talk", "looser", "for 1 pattern less"),
        ('article "§ 1"', 'article "§ 2"', "different", "its law was Test Act § 1 (XA) and is Test Act § 2 (XA)"),
        ('"Left out: {type}. {law}."', '"Gone: {type}. {law}."', "different", "the text of its notice has changed"),
        ('en "secrets"', 'en "private matters"', "different", "the text of its label has changed"),
        ("at      every answer", "at      first answer of conversation", "different", "it spoke at every answer"),
        ('number "+372 600 0000"', 'number "+372 600 0001"', "different", "the contact helpline has changed"),
    ],
)  # fmt: skip
def test_each_kind_of_change(old: str, new: str, kind: str, what: str, tmp_path: Path) -> None:
    text = JURISDICTION.replace(old, new).replace("XA 1.0.0", "XA 1.0.1")
    if "pattern code, " in old:  # a pattern that no rule uses is an error
        text = text[: text.index("pattern code")] + text[text.index("law act {") :]
        text = text.replace('    example fires answer "Take x123." given stage draft\n', "")
    if "conversation" in new:
        text = text.replace("given age 12, turn 3", "given age 12, turn 1")
    difference = compared(loaded(tmp_path / "old"), loaded(tmp_path / "new", text))
    assert {change.kind for change in difference.changes if what in change.what} == {kind}
    assert difference.citations == ()


def test_where_a_rule_looks(tmp_path: Path) -> None:
    narrow = CHARTER.replace("crisis when prompt or answer has", "crisis when answer has").replace("1.0.0", "1.0.1", 1)
    one, two = load_on(write_charter(tmp_path / "old")), load_on(write_charter(tmp_path / "new", narrow))
    assert [(each.kind, each.rule, each.what) for each in compared(one, two).changes] == [
        ("looser", "baseline/emergency_help", "it no longer looks at the prompt"),
    ]
    assert [(each.kind, each.what) for each in compared(two, one).changes] == [
        ("stricter", "it looks at the prompt too"),
    ]


def test_phrases(tmp_path: Path) -> None:
    """A phrase more is stricter and a phrase less looser, with one that shows it: the sessions differ on it."""
    one = loaded(tmp_path / "old", lexicon="secret words\nold saying\n")
    two = loaded(tmp_path / "new", JURISDICTION.replace("1.0.0", "1.0.1", 1), "secret words\nnew saying\n")
    found = {change.kind: change for change in compared(one, two).changes}
    assert (found["stricter"].what, found["stricter"].text) == ("it looks for 1 phrase more", "new saying")
    assert (found["looser"].what, found["looser"].text) == ("it looks for 1 phrase less", "old saying")
    for change in found.values():
        assert answers(one, change) != answers(two, change)
        assert MARKER in answers(one if change.kind == "looser" else two, change)


def answers(side: Loaded, change: Change) -> str:
    assert change.case is not None
    session = Session(side.plan, change.case.situation(side.plan), "en", whole=True)
    stream = session.stream()
    return stream.feed(change.text) + stream.close()


def test_rules_that_come_and_go(tmp_path: Path) -> None:
    """Adding is stricter, removing looser; a number that is gone or cites another rule is told."""
    start, end = JURISDICTION.index("  say 1.2 often"), JURISDICTION.index("}\n\ncontact crisis")
    without = JURISDICTION[:start] + JURISDICTION[end:]
    one, two = loaded(tmp_path / "old"), loaded(tmp_path / "new", without.replace("1.0.0", "1.1.0", 1))
    gone = compared(one, two)
    assert [(change.kind, change.rule, change.what) for change in gone.changes] == [
        ("looser", "XA/often", "it is gone")
    ]
    assert [(each.kind, each.number) for each in gone.citations] == [("removed", "1.2")]
    new = compared(two, one)
    assert [(change.kind, change.rule, change.what) for change in new.changes] == [
        ("stricter", "XA/often", "it is new")
    ]
    case = new.changes[0].case
    assert case is not None
    assert "XA/often" in {rule.id for rule in rules_in_force(one.plan, case.situation(one.plan))}
    assert new.citations == ()


@pytest.mark.parametrize(
    ("replacements", "kinds"),
    [
        ([("withhold 1.1", "withhold 1.3")], {("renumbered", "1.1")}),
        ([("1.2 often", "1.2 ever")], {("reused", "1.2")}),
        ([("withhold 1.1", "withhold 1.9"), ("say 1.2", "say 1.1")], {("reused", "1.1"), ("renumbered", "1.2")}),
    ],
)
def test_citations(replacements: list[tuple[str, str]], kinds: set[tuple[str, str]], tmp_path: Path) -> None:
    text = JURISDICTION.replace("1.0.0", "1.1.0", 1)
    for old, new in replacements:
        text = text.replace(old, new)
    difference = compared(loaded(tmp_path / "old"), loaded(tmp_path / "new", text))
    assert {(each.kind, each.number) for each in difference.citations} == kinds


def test_a_version_must_change_with_its_content(tmp_path: Path) -> None:
    difference = compared(loaded(tmp_path / "old"), loaded(tmp_path / "new", JURISDICTION + "# more\n"))
    assert [(each.kind, each.pack) for each in difference.citations] == [("version", "XA")]
    assert difference.changes == ()


def test_a_way_of_speaking(tmp_path: Path) -> None:
    french = (
        write_language(tmp_path / "one"),
        write_language(tmp_path / "two", LANGUAGE.replace("informal }", "formal }")),
    )
    text = JURISDICTION.replace('en "secrets"', 'fr "x" en "secrets"').replace(
        '  en          "', '  fr "{type} {law}" en "'
    )
    one, two = (loaded(tmp_path / str(at), text, LEXICON, pack) for at, pack in enumerate(french))
    said = {change.what for change in compared(one, two).changes}
    assert {"the way of speaking fr has changed", "the way of speaking address has changed"} <= said


@pytest.mark.server
def test_as_processes(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        shutil.copytree(shipped_rules(), folder)
    same = run("diff", old, new)
    assert (same.returncode, same.stdout) == (0, "no difference\n")
    pack = new / "jurisdictions" / "DE" / "DE.ord"
    text = pack.read_text("utf-8")
    assert "education, research, reporting, art" in text
    pack.write_text(text.replace("education, research, reporting, art", "education, research, reporting"), "utf-8")
    result = run_here("diff", old, new)
    assert result.returncode == 1
    assert (
        "stricter\n  DE/symbols: it is in force where it was not\n    shown by: as an operator in DE, place DE, "
        in (result.stdout)
    )
    assert "purpose art" in result.stdout
    report = json.loads(run_here("diff", old, new, "--format", "json").stdout)
    assert report["changes"][0]["kind"] == "stricter"
    assert report["changes"][0]["situation"]["jurisdiction"] == "DE"
    assert report["changes"][0]["situation"]["given"]["purpose"] == "art"
    assert [each["kind"] for each in report["citations"]] == ["version"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nowhere", "XA.ord"), 2, "error[file-missing]"),
        (("XA.ord", "bad.ord"), 1, "error[unknown-word]"),
        (("XA.ord", "bytes.ord"), 2, "error[not-utf8]"),
        (("XA.ord",), 2, "required: NEW"),
        (("XA.ord", "XA.ord", "--frob"), 2, "has no flag '--frob'"),
    ],
)
def test_usage(words: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    write_jurisdiction(tmp_path)
    (tmp_path / "bad.ord").write_text("jurisdicton XB 1.0.0", "utf-8")
    (tmp_path / "bytes.ord").write_bytes(b"\xc3\x28")
    result = run_here("diff", *words, cwd=tmp_path)
    assert result.returncode == code
    assert said in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
