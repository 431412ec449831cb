"""A contact that would take from a rule what the rule looks for does not load, whatever the situation."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.detection import Declaration, DetectorKind, Segments
from ordinance.hookspecs import hookimpl
from ordinance.plugins import collect
from support.packs import JURISDICTION, LEXICON, errors, load_on, write_jurisdiction

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
        f"the contact `{name}` holds what the rule XA/words looks for"
    ]
    assert not shields(tmp_path / "without", text)


@pytest.mark.semantics(14)
def test_the_rules_of_all_packs_count_also_the_charter_s(tmp_path: Path) -> None:
    """Their canaries stand for what they look for; the situation that a rule is for does not matter."""
    text = JURISDICTION.replace(LINK, "https://a.at/ordinance-canary-weapons-7f3a9c")
    assert shields(tmp_path / "a", text) == ["the contact `page` holds what the rule baseline/weapons looks for"]
    other = (
        JURISDICTION.replace("XA", "XD").replace("dimension stage", "dimension phase").replace("stage is", "phase is")
    )
    other = other.replace("given stage", "given phase")
    write_jurisdiction(tmp_path / "b" / "one", other, LEXICON + "600 0000\n")
    write_jurisdiction(tmp_path / "b" / "two", JURISDICTION.replace(LINK, "https://a.at/x123"))
    found = [item.message for item in load_on(tmp_path / "b").diagnostics if item.code == "contact-shields"]
    assert "the contact `helpline` holds what the rule XD/words looks for" in found
    assert "the contact `page` holds what the rule XD/words looks for" in found


@pytest.mark.semantics(14)
def test_a_detector_that_sees_sentences_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plugin:
        @hookimpl
        def register_detectors(self) -> list[DetectorKind]:
            def prepare(_: Declaration) -> Segments:
                return Segments(lambda sentence: [(0, 1)] if "600" in sentence else [])

            return [DetectorKind("acme.six", prepare)]

    monkeypatch.setattr("ordinance.load.installed", lambda: collect([("acme 1.0", Plugin())]))
    text = JURISDICTION.replace("lexicon words, pattern", "detector acme.six, lexicon words, pattern")
    assert shields(tmp_path, text) == ["the contact `helpline` holds what the rule XA/words looks for"]


@pytest.mark.requirement("TR-3")
@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ('en "secrets"', 'en "the Secret Words"', "its label in en"),
        ('de "Geheimnisse"', 'de "X123"', "its label in de"),
        ('en          "Left out: {type}. {law}."', 'en "Left out: secret words. {type}. {law}."', "its notice in en"),
    ],
)
def test_what_is_told_of_a_rule_does_not_show_what_it_looks_for(old: str, new: str, shown: str, tmp_path: Path) -> None:
    assert old in JURISDICTION
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace(old, new)))
    (found,) = [item for item in loaded.diagnostics if item.code == "telling-shows"]
    assert found.severity == "warning"
    assert found.message.startswith(f"the rule `words` finds what it looks for in {shown}")
    assert loaded.compiled is not None
    assert not [item for item in load_on(write_jurisdiction(tmp_path / "plain")).diagnostics if item.code == found.code]
