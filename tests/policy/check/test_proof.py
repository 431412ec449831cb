"""Every finding of the catalogue, from a pack that is right but for one thing; and what only ``check`` may make."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ordinance.detectors.registry import Registry
from ordinance.loading.load import load
from ordinance.loading.packs import gather
from ordinance.policy.check import proof as checking
from ordinance.policy.check.compile import compile
from ordinance.policy.check.proof import CheckedPolicy, check
from ordinance.policy.link.linker import link
from support.packs import (
    CHARTER,
    JURISDICTION,
    LANGUAGE,
    TODAY,
    errors,
    load_on,
    write_charter,
    write_jurisdiction,
    write_language,
)

WRITE = {"jurisdiction": write_jurisdiction, "charter": write_charter, "language": write_language}
TEXT = {"jurisdiction": JURISDICTION, "charter": CHARTER, "language": LANGUAGE}

J, C, L = "jurisdiction", "charter", "language"

#: kind of pack, what is replaced, by what, the code, a part of the message or of the advice
SPOILED = [
    # text
    (J, '"Testland"', "“Testland”", "typographic-quote", "“…”"),
    (J, "title   ", "title \u00a0", "odd-space", "U+00A0"),
    (J, "Test Act", "Test \u202eAct", "hidden-direction", "U+202E"),
    (J, 'de "Geheimnisse"', 'de "Gehеimnisse"', "mixed-scripts", "Latin and Cyrillic"),
    (J, "X[0-9]{3}", "X[0-9]+", "pattern-invalid", "no upper bound"),
    # syntax
    (J, "under   act\n    telling gone", "telling gone", "syntax", "`under`"),
    (J, "when    answer", "wehn    answer", "unknown-word", "Did you mean `when`?"),
    (J, '"Test Act"', '"Test Act', "unfinished-text", "no closing quote"),
    (J, "age below 18 and", "age below 18 or age below 12 and", "mixed-and-or", "which tests belong together"),
    (J, "withhold 1.1", "guarantee 1.1", "wrong-kind", "Only the charter gives guarantees"),
    (J, "withhold 1.1", "red line 1.1", "wrong-kind", "Only the charter has red lines"),
    (C, "label weapons", "speak { }\nlabel weapons", "wrong-kind", "A charter sets no style"),
    (L, "label machine", "law machine", "wrong-kind", "Only a jurisdiction's pack cites law"),
    (C, "refuse  telling", "except own when purpose is transform refuse telling", "red-line-purpose", "people's own"),
    (C, "refuse  telling", "except own when purpose is art and (purpose is one of art, transform) refuse telling",
     "red-line-purpose", "people's own"),
    (C, "refuse  telling", "except x under y when purpose is art refuse telling", "syntax", "`when`"),
    (J, "withhold 1.1", "mask 1.1", "syntax", "as label under telling"),
    (J, "withhold 1.1", "limit 1.1", "wrong-kind", "under its bylaw"),
    (J, "label secrets", "bylaw secrets", "wrong-kind", "cites law"),
    (J, "withhold 1.1", "permit 1.1", "unknown-word", "No rule permits"),
    (J, "scope   sentence at most 200", "scope span even disguised", "syntax", "`under`"),
    (J, "and (stage", "and answer has lexicon words and (stage", "syntax", "has both"),
    (J, "lexicon words, pattern", "lexicon words in the same sentence, pattern", "syntax", "withhold N.N"),
    # not yet
    (J, "any of lexicon words", "any of language is de", "language-test", "known only when it has left"),
    # names
    (J, "withhold 1.1 words", "withhold 1.1 some-words", "name-invalid", "`some_words`"),
    (J, "withhold 1.1 words", "withhold 1.1 wоrds", "name-invalid", "Latin and Cyrillic"),
    (J, "withhold 1.1 words", "withhold 1.1 слова_한국", "name-invalid", "Cyrillic and Hangul"),
    (J, "withhold 1.1 words", "withhold 1.1 mask", "name-keyword", "`mask`"),
    (J, "withhold 1.1 words", "withhold 1.1 when", "name-keyword", "`when`"),
    (J, "has any of lexicon words", "has any of lexicon wrods", "name-undefined", "Did you mean `words`?"),
    (J, "pattern code, ", "pattern cod, ", "name-undefined", "Did you mean `code`?"),
    (J, "topic talk and", "topic walk and", "name-undefined", "Did you mean `talk`?"),
    (J, "study under act", "study under axt", "name-undefined", "Did you mean `act`?"),
    (J, "telling gone about", "telling gon about", "name-undefined", "Did you mean `gone`?"),
    (J, "about secrets", "about secret", "name-undefined", "Did you mean `secrets`?"),
    (J, "when purpose is", "when purpos is", "name-undefined", "Did you mean `purpose`?"),
    (J, "  quote act", "  quote acct", "name-undefined", "Did you mean `act`?"),
    (J, "label secrets", 'label secrets { en "a" de "b" et "c" }\nlabel secrets', "name-twice", "line"),
    (J, 'en "secrets"', 'en "secrets" en "again"', "name-twice", "two texts in en"),
    (J, "dimension stage", "dimension place", "name-twice", "built in"),
    (J, "dimension stage", "dimension purpose", "name-twice", "the charter already declares"),
    (J, "say 1.2 often", "say 1.2 words", "name-twice", "the rule `words`"),
    (J, "one of draft, final", "one of draft, final, draft", "name-twice", "`draft` twice"),
    (L, "speak {", "speak { address formal }\nspeak {", "name-twice", "has two `speak`"),
    (J, "label secrets", 'label spare { en "a" de "b" et "c" }\nlabel secrets', "name-unused", "`spare`"),
    (J, "dimension stage", "dimension mood attested one of up, down\ndimension stage", "name-unused", "mood"),
    (J, "topic   talk", 'lexicon more from "lexicons/words.txt"\ntopic   talk', "name-unused", "`more`"),
    (C, "notice fault {", 'notice extra { en "x" }\nnotice fault {', "name-unused", "`extra`"),
    (J, "say 1.2", "say 1.1", "number-twice", "already used on line"),
    (J, "say 1.2", "say 2.2", "number-form", "Write 1.1, 1.2"),
    (J, "section 1 ", "section 1.0 ", "number-form", "Write 1, 2, 3"),
    # packs
    (J, "XA 1.0.0", "XA 1.0", "version-form", "`1.0`"),
    (J, "XA 1.0.0", "XA 2026.01.0", "version-form", "`2026.01.0`"),
    (J, "members XB", "members XBERG", "code-invalid", "`XBERG`"),
    (J, "place within XA or", "place within xa or", "code-invalid", "`xa`"),
    (L, "language fr 1.0.0", "language fr-fr 1.0.0", "tag-invalid", "`fr-fr`"),
    (J, 'en "secrets" de', 'en "secrets" français "secrets" de', "tag-invalid", "`français`"),
    (J, 'en "secrets" de', 'en "secrets" PL "sekrety" de', "tag-invalid", "`PL`"),
    (J, 'section 1 "Words" {', "", "syntax", "`quote` is outside a section"),
    (J, '"The words are not said."', '"The "words" are not said."', "syntax", "the plain quote before `words` ends"),
    (J, "Europe/Tallinn", "Europe/Tallin", "zone-invalid", "Europe/Tallin"),
    (J, "Europe/Berlin", "../etc/passwd", "zone-invalid", "no time zone"),
    (J, "baseline 1\n", "baseline 2\n", "charter-differs", "baseline 1 is loaded"),
    (J, "charter baseline 1\n", "charter other 1\n", "charter-missing", "`other`"),
    (J, "members XB", "within XZ\nmembers XB", "parent-missing", "XZ"),
    (J, "members XB", "within XA\nmembers XB", "parent-circle", "is within itself"),
    (J, "contact crisis", 'section 2 "Empty" {\n}\ncontact crisis', "section-empty", "section 2"),
    # charter
    (C, "red line 1.2 weapons", "red line 1.2 weapon", "harm-unknown", "Did you mean `weapons`?"),
    (C, "red line 1.2 weapons", "red line 1.2 weapon", "harm-missing", "`weapons`"),
    (C, "ordinance-canary-weapons-7f3a9c", "something else", "harm-toothless", "does not act"),
    (C, "prompt or answer has lexicon weapons", "prompt has lexicon weapons", "harm-toothless", "at the answer"),
    (C, "refuse  telling red_line", "refuse  telling fault", "red-line-notice", "gives the notice `fault`"),
    (C, "notice fault {", "notice faults {", "engine-notice", "`fault`"),
    (C, "notice cut {", "notice cuts {", "engine-notice", "the charter `baseline` has no notice `cut`"),
    (L, "notice fault ", "notice faults ", "engine-notice", "the language pack fr has no notice `fault`"),
    # telling
    (J, 'et          "Välja jäetud: {type}. {law}."\n', "", "notice-text", "no text in et"),
    (J, '"Left out: {type}. {law}."', '" "', "notice-text", "is empty"),
    (L, "notice omitted", "notice nothing { }\nnotice omitted", "notice-text", "no text at all"),
    (J, ' et "saladused"', "", "label-text", "no text in et"),
    (J, "Left out: {type}", "Left out: {matched}", "notice-variable", "`{matched}`"),
    (J, "Left out: {type}", "Left out: {typ}", "notice-variable", "Did you mean `type`?"),
    (J, "Left out: {type}", "Left out: {type", "notice-variable", "`{"),
    (J, '"saladused"', '"saladused {law}"', "notice-variable", "plain words"),
    (L, 'machine           { fr "', 'machine           { de "', "text-language", "a text in de"),
    (L, "speak { language fr", "speak { language de", "text-language", "cannot set the language de"),
    (J, "Left out: {type}. {law}.", "Left out: {type}.", "notice-silent", "{law} in en"),
    (J, "Ausgelassen; bitte beachte: {type}. ", "Ausgelassen; bitte beachte: ", "notice-silent", "{type} in de"),
    (L, "Pas de suite ici : {type}.", "Pas de suite ici.", "notice-silent", "in fr"),
    (C, "not answer that: {type}.", "not answer that.", "notice-silent", "`red_line` lacks {type} in en"),
    (J, "Left out: {type}", "⟦…⟧: {type}", "marker-sign", "sign"),
    (J, '"saladused"', '"saladused⟧"', "marker-sign", "sign"),
    (J, '"Helpline"', '"Helpline ⟦"', "marker-sign", "sign"),
    # law
    (J, "from 2020-01-01", "from 2020-02-30", "date-invalid", "2020-02-30"),
    (J, "until 2090-01-01", "until 2020-01-01", "dates-inverted", "ends before it begins"),
    (J, "https://law.example/act", "http://law.example/act", "source-invalid", "http://"),
    (J, ", not unknown", "", "reach-unknown", "`act`"),
    (J, 'article "§ 1"', 'article " "', "syntax", "the article"),
    # conditions
    (J, "is one of education", "is one of educaton", "value-unknown", "Did you mean `education`?"),
    (J, "seat within XA", "seat within ZZ", "value-unknown", "`ZZ`"),
    (J, "stage is draft or", "stage within XA or", "test-unfit", "not a place"),
    (J, "stage is draft or", "stage below 3 or", "test-unfit", "does not compare whole numbers"),
    (J, "stage is draft or", "age is 3 or", "syntax", "a name"),
    (J, "stage is draft or", "age is three or", "test-unfit", "is a number"),
    (J, "study under act when purpose", "study under act when language", "reads-claimed", "the exception"),
    (J, "study under act when purpose is", "study under act when turn below 3 and purpose is",
     "reads-claimed", "the exception"),
    (J, "stage is draft or", "turn below 3 or", "reads-claimed", "the rule depends on `turn`"),
    (J, "seat within XA,", "language is de,", "reads-claimed", "the law's reach"),
    (J, "stage attested", "stage claimed", "reads-claimed", "attested dimensions only"),
    (J, "when purpose is one of education, research", "when purpose is unknown", "reads-unknown", "unknown"),
    (J, "when    answer has any", "when    prompt or answer has any", "prompt-withheld", "`words`"),
    (J, "any of lexicon words, pattern code, topic talk", "topic talk", "topic-alone", "because of a topic alone"),
    (J, "at most 200", "at most 0", "bound-invalid", "0 characters"),
    (J, "at most 200", "at most 1.5", "bound-invalid", "1.5 characters"),
    (J, "at most 200", f"at most {'9' * 5000}", "bound-invalid", "out of range"),
    (J, "age below 18", f"age below {'9' * 5000}", "test-unfit", "does not compare whole numbers"),
    (J, "given age 40", f"given age {'9' * 5000}", "example-given", "nine digits"),
    (J, "turn 3", f"turn {'9' * 5000}", "example-given", "nine digits"),
    (J, "baseline 1\n", f"baseline {'9' * 5000}\n", "charter-differs", "9999"),
    # examples
    (C, 'example matches "Call 112 now."', "", "example-fires", "emergency_number"),
    (C, 'example skips   "The ticket costs 1120 kroons."', "", "example-quiet", "emergency_number"),
    (J, 'example fires answer "Hello." given age 12, turn 3', "", "example-fires", "`often`"),
    (J, 'example quiet answer "Hello." given age 40', "", "example-quiet", "`often`"),
    (C, 'passes answer "Call 112 now."\n    example passes', 'quiet answer "Call 112 now."\n    example quiet',
     "example-passes", "`emergency_help`"),
    (C, 'provide  contacts crisis when prompt or answer has topic self_harm', "", "example-kind", "provides nothing"),
    (J, 'example quiet answer "Hello."', 'example passes answer "Hello."', "example-kind", "examples of guarantees"),
    (J, 'example quiet answer "Hello."', 'example quiet prompt "Hello."', "example-kind", "acts on answers"),
    (C, 'example passes answer "Call', 'example passes prompt "Call', "example-kind", "no answer that could pass"),
    (J, "given stage draft", "given stage drafft", "example-given", "Did you mean `draft`?"),
    (J, "given stage draft", "given stag draft", "example-given", "Did you mean `stage`?"),
    (J, "given age 40", "given age forty", "example-given", "whole number"),
    (J, "given age 40", "given place nowhere", "example-given", "`nowhere`"),
    (J, 'example matches "see x123"', 'example matches "see x12"', "example-fails", "finds nothing"),
    (J, 'example skips   "see X12"', 'example skips   "see X123"', "example-fails", "matches in"),
    # contacts
    (J, '"+372 600 0000"', '"call 600 0000"', "contact-value", "telephone number"),
    (J, "https://help.example/now", "https://help.example/?a=b", "contact-value", "not a link"),
    (J, "contact crisis", "contact friends", "contact-group", "`friends`"),
    (J, "in     XA\n", "in     XB\n", "contact-place", "for XB"),
    (C, "provide  contacts crisis", "provide  contacts friends", "contact-group", "`friends`"),
    # detectors
    (J, "topic talk and", "detector acme.shouting and", "detector-missing", "acme.shouting"),
    (J, '"lexicons/words.txt"', '"lexicons/wrods.txt"', "lexicon-missing", "wrods.txt"),
    (J, '"lexicons/words.txt"', '"/etc/passwd"', "outside-folder", "/etc/passwd"),
    (J, '"lexicons/words.txt"', '"../b/words.txt"', "outside-folder", "../b"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "old", "new", "code", "said"), SPOILED)
@pytest.mark.requirement("RL-1")
@pytest.mark.requirement("LAW-1")
@pytest.mark.semantics(24)
def test_one_thing_wrong(kind: str, old: str, new: str, code: str, said: str, tmp_path: Path) -> None:
    assert old in TEXT[kind]
    loaded = load_on(WRITE[kind](tmp_path / "pack", TEXT[kind].replace(old, new, 1)))
    assert loaded.compiled is None
    found = [item for item in loaded.diagnostics if item.code == code]
    assert found, [(item.code, item.message) for item in loaded.diagnostics]
    assert any(said in f"{item.message} {item.help}" for item in found), found
    assert all(item.file.startswith(str(tmp_path)) for item in found)
    assert all(item.line > 0 and item.column > 0 and item.help for item in loaded.diagnostics)


@pytest.mark.parametrize("kind", ["jurisdiction", "charter", "language"])
def test_nothing_wrong(kind: str, tmp_path: Path) -> None:
    loaded = load_on(WRITE[kind](tmp_path / "pack"))
    assert not errors(loaded)
    assert loaded.compiled is not None
    assert loaded.exit_code == 0


def test_a_lexicon_hides_no_direction(tmp_path: Path) -> None:
    found = load_on(write_jurisdiction(tmp_path, lexicon="secret words\nsecret \u202eplans\n")).diagnostics
    assert [(item.code, Path(item.file).name, item.line) for item in found] == [("hidden-direction", "words.txt", 2)]


def test_phrases_that_fold_to_nothing_or_to_one(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path, lexicon="secret words\n\u0301\u200d\nSECRET  words\nSécret words\n")
    found = [(item.code, item.severity, item.line) for item in load_on(pack).diagnostics]
    assert ("phrase-empty", "error", 2) in found
    assert ("phrase-twice", "warning", 4) in found


@pytest.mark.semantics(23)
@pytest.mark.requirement("LAW-2")
@pytest.mark.parametrize(("on", "said"), [("2019-12-31", "not yet"), ("2020-01-01", ""), ("2089-12-31", ""),
                                          ("2090-01-01", "no longer")])  # fmt: skip
def test_dates_that_passed_are_warnings(on: str, said: str, tmp_path: Path) -> None:
    loaded = load([write_jurisdiction(tmp_path)], on=date.fromisoformat(on))
    off = [item.message for item in loaded.diagnostics if item.code == "law-off"]
    assert bool(off) is bool(said)
    assert all(said in message for message in off)
    assert loaded.exit_code == 0


def test_a_stale_fact_is_a_warning(tmp_path: Path) -> None:
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace("seen   2026-11-01", "seen   2024-11-01")))
    assert [item.code for item in loaded.diagnostics] == ["date-stale", "date-stale"][:1]
    assert loaded.exit_code == 0


def test_a_language_pack_that_holds_has_no_finding(tmp_path: Path) -> None:
    assert load_on(write_language(tmp_path)).diagnostics == ()


@pytest.mark.semantics(4)
def test_only_check_makes_a_checked_policy(tmp_path: Path) -> None:
    packs = gather([write_charter(tmp_path / "charter", CHARTER), write_jurisdiction(tmp_path / "XA")])
    policy = link(packs.units, "digest")
    with pytest.raises(TypeError, match="comes from"):
        CheckedPolicy(policy, {}, proof=object())
    with pytest.raises(TypeError, match="takes a CheckedPolicy"):
        compile(policy)  # type: ignore[arg-type]  # the mistake that this test is about
    checked = check(policy, Registry(), TODAY).checked
    assert checked is not None
    assert compile(checked).digest == "digest"
    assert not hasattr(checking, "__all__")


def test_a_policy_with_an_error_is_not_checked(tmp_path: Path) -> None:
    packs = gather([write_jurisdiction(tmp_path, JURISDICTION.replace(", not unknown", ""))])
    assert check(link(packs.units, ""), Registry(), TODAY).checked is None


def test_a_pack_may_not_take_a_red_line_s_word_from_text(tmp_path: Path) -> None:
    """Two faults in one file are both told, with the part that was understood."""
    text = JURISDICTION.replace("withhold 1.1", "red line 1.1").replace("Europe/Tallinn", "Mars/Olympus")
    assert errors(load_on(write_jurisdiction(tmp_path, text)))[:2] == ["zone-invalid", "wrong-kind"]


@pytest.mark.requirement("OB-3")
@pytest.mark.requirement("TR-2")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    under   act\n    telling gone", "    telling gone"),
        ("    telling gone about secrets\n", ""),
        (" about secrets", ""),
    ],
)
def test_an_omission_without_law_notice_or_label_does_not_load(old: str, new: str, tmp_path: Path) -> None:
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace(old, new, 1)))
    assert errors(loaded) == ["syntax"]
    assert loaded.compiled is None


@pytest.mark.semantics(12)
@pytest.mark.parametrize(
    "condition", ["not answer has lexicon words", "answer has lexicon words and not stage is draft"]
)
def test_there_is_no_negation(condition: str, tmp_path: Path) -> None:
    """A condition on the answer is a disjunction of detectors, and there is no `not` over text."""
    has = "answer has any of lexicon words, pattern code, topic talk and (stage is draft or stage is unknown)"
    assert has in JURISDICTION
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace(has, condition)))
    assert loaded.compiled is None
    assert errors(loaded)[0] in ("syntax", "unknown-word")


@pytest.mark.semantics(1)
@pytest.mark.requirement("CC-1")
@pytest.mark.parametrize(
    "word", ["law", "withhold", "say", "section", "lexicon", "pattern", "topic", "dimension", "contact"]
)
def test_a_language_pack_carries_no_law_and_no_omission(word: str, tmp_path: Path) -> None:
    loaded = load_on(write_language(tmp_path, LANGUAGE + f"{word} x {{ }}\n"))
    assert errors(loaded) == ["wrong-kind"]
