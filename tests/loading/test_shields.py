"""A contact that would take from a rule what the rule looks for does not load, whatever the situation."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.detection import Declaration
from ordinance.detectors.registry import Registry
from support.packs import JURISDICTION, LEXICON, errors, load_on, write_jurisdiction
from support.plans import sentences
from support.statute import STATUTE, write_statute

NUMBER, LINK = "+372 600 0000", "https://help.example/now"


def shields(folder: Path, text: str, lexicon: str = LEXICON) -> list[str]:
    loaded = load_on(write_jurisdiction(folder, text, lexicon))
    assert (loaded.compiled is None) is bool(errors(loaded))
    return [item.message for item in loaded.diagnostics if item.code == "contact-shields"]


@pytest.mark.semantics(14)
@pytest.mark.parametrize(
    ("old", "value", "phrase"),
    [
        (NUMBER, "1488", "1488"),
        (NUMBER, "1488", "14 88"),
        (NUMBER, "0800 1488", "1488"),
        (NUMBER, "0800-1488", "08001488"),
        (NUMBER, "1488", "1-4-8-8"),
        (LINK, "https://a.at/ordinance-canary-86a-5d21e8", "ordinance-canary-86a-5d21e8"),
        (LINK, "https://secret.words", "secret.words"),
    ],
)
def test_a_contact_does_not_shield_what_a_rule_looks_for(old: str, value: str, phrase: str, tmp_path: Path) -> None:
    text = JURISDICTION.replace(old, value)
    name = "helpline" if old == NUMBER else "page"
    assert shields(tmp_path, text, f"{LEXICON}{phrase}\n") == [
        f"the contact `{name}` contains what the rule XA/words looks for"
    ]
    assert not shields(tmp_path / "without", text)


@pytest.mark.semantics(14)
def test_the_rules_of_all_packs_count_also_the_charter_s(tmp_path: Path) -> None:
    """Their canaries stand for what they look for; the situation that a rule is for does not matter."""
    text = JURISDICTION.replace(LINK, "https://a.at/ordinance-canary-weapons-7f3a9c")
    assert shields(tmp_path / "a", text) == ["the contact `page` contains what the rule baseline/weapons looks for"]
    other = (
        JURISDICTION.replace("XA", "XD").replace("dimension stage", "dimension phase").replace("stage is", "phase is")
    )
    other = other.replace("given stage", "given phase")
    write_jurisdiction(tmp_path / "b" / "one", other, LEXICON + "600 0000\n")
    write_jurisdiction(tmp_path / "b" / "two", JURISDICTION.replace(LINK, "https://a.at/x123"))
    found = [item.message for item in load_on(tmp_path / "b").diagnostics if item.code == "contact-shields"]
    assert "the contact `helpline` contains what the rule XD/words looks for" in found
    assert "the contact `page` contains what the rule XD/words looks for" in found


@pytest.mark.semantics(16)
@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('en          "Left out:', 'en          "Left out secret words:', "the notice `gone` (en)"),
        ('de informal "Aus', 'de informal "Secret Words aus', "the notice `gone` (de informal)"),
        ('en "secrets"', 'en "codes like X123"', "the label (en)"),
        ('title   "Test Act"', 'title   "Secret Words Act"', "the law's title"),
        ('article "§ 1"', 'article "X001"', "the law's article"),
    ],
)
def test_no_text_that_people_get_shows_what_a_rule_of_its_pack_leaves_out(
    old: str, new: str, what: str, tmp_path: Path
) -> None:
    assert old in JURISDICTION
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace(old, new)))
    assert loaded.compiled is None
    found = [item.message for item in loaded.diagnostics if item.code == "notice-reveals"]
    assert f'{what} of `words` contains what `words` leaves out (section 1 "Words")' in found


@pytest.mark.semantics(16)
@pytest.mark.parametrize(("old", "what"), [('"Helpline"', "title"), ('"10:00–24:00"', "hours")])
def test_no_contact_is_described_in_words_that_are_left_out(old: str, what: str, tmp_path: Path) -> None:
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace(old, '"secret words"')))
    found = [item.message for item in loaded.diagnostics if item.code == "notice-reveals"]
    assert found == [f"the {what} of the contact `helpline` contains what `words` leaves out"]


@pytest.mark.semantics(16)
def test_a_placeholder_does_not_show_what_it_stands_for(tmp_path: Path) -> None:
    text = STATUTE.replace('en "code" ', 'en "Z-1234"')
    found = [item.message for item in load_on(write_statute(tmp_path, text)).diagnostics if item.severity == "error"]
    assert 'the placeholder (en) of `codes` contains what `codes` leaves out (section 1 "Words")' in found


@pytest.mark.semantics(16)
def test_a_pack_may_name_what_the_law_of_another_leaves_out(tmp_path: Path) -> None:
    other = JURISDICTION.replace("XA", "XD").replace("stage", "phase").replace('en "secrets"', 'en "blue birds"')
    write_jurisdiction(tmp_path / "one", other)
    write_jurisdiction(tmp_path / "two", JURISDICTION, f"{LEXICON}blue birds\n")
    assert "notice-reveals" not in errors(load_on(tmp_path))


@pytest.mark.semantics(14)
def test_a_detector_that_sees_sentences_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provided = {Declaration("acme.six"): sentences(lambda sentence: [(0, 1)] if "600" in sentence else [])}
    monkeypatch.setattr("ordinance.loading.load._registry", lambda *_: Registry(provided))
    text = JURISDICTION.replace("lexicon words, pattern", "detector acme.six, lexicon words, pattern")
    assert shields(tmp_path, text) == ["the contact `helpline` contains what the rule XA/words looks for"]
