"""A rule that takes out more of ordinary, civic, medical or news prose than a bound is an error at a load."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.loading.breadth import KINDS, LANGUAGES, MOST_SENTENCES, prose, shares
from ordinance.loading.load import load
from ordinance.loading.packs import shipped_rules
from ordinance.loading.reading import acting
from ordinance.policy.plan import SPAN, Plan, Scope
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.redactor import Redactor
from support.bans import REASONABLE, Ban, found
from support.packs import TODAY
from support.plans import expressions, plan, withhold
from support.plugin_folders import allowed, finds, write_plugin

#: Packs that take a subject, a way of speaking or a language from people, and say no civic word that is guaranteed.
BROAD = {
    "medicine": Ban(["doctor", "hospital{,s}", "medicine{,s}", "pain", "patient"], scope="sentence at most 400"),
    "childbirth": Ban(["pregnant", "pregnancy", "condom{,s}", "breast", "birth", "baby"], scope="sentence at most 400"),
    "phrases of news": Ban(["was found", "were found", "was closed", "has been", "will be"]),
    "sickness in German": Ban(["Ärztin", "Arzt", "Operation", "Blut", "Herz"], scope="paragraph at most 900"),
    "days in Estonian": Ban(["esmaspäeval", "kolmapäeval", "neljapäeval"], scope="paragraph at most 9000"),
    "umlauts": Ban(pattern=r"\w{0,6}sch\w{0,6}"),
    "commas": Ban(pattern=",", scope="sentence at most 500"),
    "words of three letters and an e": Ban(pattern=r"\b[a-z]{3}e\b"),
}  # fmt: skip


@pytest.mark.requirement("OB-3")
@pytest.mark.parametrize("ban", BROAD.values(), ids=BROAD)
def test_what_takes_out_too_much_does_not_load(ban: Ban, tmp_path: Path) -> None:
    loaded = ban.load(tmp_path)
    assert loaded.compiled is None
    assert "breadth" in found(loaded), found(loaded)


def test_the_error_says_how_much_of_what(tmp_path: Path) -> None:
    (message,) = found(BROAD["medicine"].load(tmp_path))["breadth"]
    assert message == (
        "XA/words1 takes out 10.0 of 100 sentences and 11.0 of 100 characters of medical prose in English; at most 5 "
        'of 100 are allowed (section 1 "Words")'
    )


def test_many_narrow_rules_of_a_pack_are_measured_together(tmp_path: Path) -> None:
    words = "nurse surgeon tablets fever kidney{,s} lung{,s} wound vaccine{,s} infection{,s} illness treated skin"
    parts = [[word] for word in words.split()]
    messages = found(Ban(parts=parts).load(tmp_path))["breadth"]
    assert len(messages) == 1
    assert messages[0].startswith("the rules of XA together take out")


@pytest.mark.parametrize("ban", REASONABLE.values(), ids=REASONABLE)
def test_a_law_about_some_words_takes_out_next_to_nothing(ban: Ban, tmp_path: Path) -> None:
    loaded = ban.load(tmp_path)
    rules = [rule for rule in acting(loaded.plan) if rule.id.startswith("XA/")]
    assert all(share.sentences < MOST_SENTENCES / 3 for share in shares(loaded.plan, rules))


def test_what_ships_takes_out_nothing() -> None:
    rules = shipped_rules()
    loaded = load([rules / "jurisdictions", rules / "houses"], on=TODAY)
    assert [shares(loaded.plan, [rule]) for rule in acting(loaded.plan)] == [()] * len(acting(loaded.plan))


def test_the_prose_is_as_long_as_it_says() -> None:
    assert set(prose().sizes) == {(language, kind) for language in LANGUAGES for kind in KINDS}
    assert {sentences for sentences, _ in prose().sizes.values()} == {150}


@pytest.mark.parametrize("scope", [SPAN, Scope("sentence", 400), Scope("sentence", 30), Scope("paragraph", 2000)])
def test_it_counts_what_a_session_removes(scope: Scope) -> None:
    """What is taken out of the prose is what the engine takes out of it as an answer."""
    made = plan(
        [withhold("XA/words", "d", scope=scope)], {"d": expressions(["the", "bridge"], [r"[0-9]{1,3}", "[A-Z]a"])}
    )
    counted: dict[tuple[str, str], int] = {}
    for paragraph in prose().paragraphs:
        redactor = Redactor(activate(made, made.rules))
        left = "".join(redactor.feed(char) for char in paragraph.text) + redactor.close()
        cell = paragraph.language, paragraph.kind
        kept = left.replace("⟦…⟧", "")
        counted[cell] = counted.get(cell, 0) + len(paragraph.text) - len(kept)
    measured = {(each.language, each.kind): each.characters for each in shares(made, made.rules)}
    for cell, gone in counted.items():
        assert measured.get(cell, 0.0) == pytest.approx(100 * gone / prose().sizes[cell][1], abs=0.35)


@pytest.mark.server
def test_a_detector_of_a_plugin_is_measured_by_a_sample(tmp_path: Path) -> None:
    source = finds(
        "return [(0, 3)] if len(passage.text) > 45 and 'e' not in passage.text[:3] or 'zzqx' in passage.text else []"
    )
    plugin = allowed(write_plugin(tmp_path / "plugin", source))
    pack = Ban(when="answer has detector acme.word").write(tmp_path / "pack")
    assert "breadth" in found(load([pack], plugins=[plugin], on=TODAY))


def test_a_rule_that_removes_nothing_is_not_measured() -> None:
    made: Plan = plan([withhold("XA/words", "d", trial=True)], {"d": expressions(["the"])})
    assert not acting(made)
