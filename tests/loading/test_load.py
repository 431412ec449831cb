"""One way in: paths to a plan, with everything that is wrong at once."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ordinance.errors import OrdinanceError, PolicyError
from ordinance.language.diagnostics import Diagnostic
from ordinance.loading.example_runs import prove
from ordinance.loading.load import load
from ordinance.policy.conditions import All, AnyOf, Below, Is, Within
from ordinance.policy.ir import Policy
from ordinance.policy.plan import Plan
from ordinance.policy.proven import proven, rely_on
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Occasion
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher
from support.packs import CHARTER, JURISDICTION, LEXICON, TODAY, errors, load_on, write_charter, write_jurisdiction


def test_the_same_bytes_are_proven_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(plan: Plan, policy: Policy, *, examples: bool) -> Iterator[Diagnostic]:
        made.append(policy.digest)
        return prove(plan, policy, examples=examples)

    monkeypatch.setattr("ordinance.loading.load.prove", counted)
    text = JURISDICTION.replace("Testland", "Provenland")
    pack = write_jurisdiction(tmp_path, text)
    first, again = load_on(pack), load_on(pack)
    assert first.plan.digest == again.plan.digest
    assert len(made) == 1
    load([pack], on=TODAY + timedelta(days=1))
    load([pack], on=TODAY, examples=False)
    assert len(made) == 3, "another day, and without examples"
    wrong = write_jurisdiction(tmp_path / "wrong", text.replace("example fires answer", "example quiet answer", 1))
    assert errors(load_on(wrong)) == errors(load_on(wrong)) != []
    assert len(made) == 5, "what is wrong is found again"


def test_a_worker_relies_on_what_its_parent_has_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(_: Plan, policy: Policy, *, examples: bool) -> list[Diagnostic]:
        made.append(policy.digest)
        return []

    monkeypatch.setattr("ordinance.loading.load._disproved", counted)
    pack = write_jurisdiction(tmp_path, JURISDICTION.replace("Testland", "Parentland"))
    load_on(pack)
    told = pickle.loads(pickle.dumps(proven()))
    monkeypatch.setattr("ordinance.policy.proven._proven", {})
    rely_on(*told)
    load_on(pack)
    assert len(made) == 1
    pack.write_text(pack.read_text("utf-8").replace("Parentland", "Anotherland"), "utf-8")
    load_on(pack)
    assert len(made) == 2, "other bytes"


def test_the_plan_of_a_jurisdiction(tmp_path: Path) -> None:
    plan = load_on(write_jurisdiction(tmp_path)).plan
    rules = {rule.id: rule for rule in plan.rules}
    words, often = rules["XA/words"], rules["XA/often"]
    assert (words.effect, words.kind, words.number, words.type) == (
        Effect.WITHHOLD, NoticeKind.OMISSION, "1.1", "secrets",
    )  # fmt: skip
    assert words.channels == {Channel.ANSWER}
    assert words.detectors == ("XA/lexicon words", "XA/pattern code"), "a topic from a lexicon is that lexicon"
    assert words.condition == AnyOf((Is("stage", frozenset({"draft"})), Is("stage", frozenset(), or_unknown=True)))
    assert [item.name for item in words.exemptions] == ["study"]
    assert (words.scope.unit, words.scope.bound) == ("sentence", 200)
    assert words.label == {"en": "secrets", "de": "Geheimnisse", "et": "saladused"}
    assert words.notice.texts["de"].startswith("Ausgelassen; bitte beachten Sie")
    assert words.notice.addressed == {"informal": {"de": "Ausgelassen; bitte beachte: {type}. {law}."}}
    assert words.law is not None
    assert (words.law.title, words.law.article, words.law.jurisdiction) == ("Test Act", "§ 1", "XA")
    covered = frozenset({"XA", "XB", "XC"})
    assert words.law.reaches == AnyOf((Within("place", covered), Within("seat", covered)))
    assert str(words.law.in_force.zone) == "Europe/Berlin"
    assert often.occasion is Occasion.EVERY_ANSWER
    assert often.condition == All((Below("age", 18), Below("turn", 5)))
    assert often.type == "often"
    assert str(plan.zones["XA"]) == "Europe/Tallinn"
    assert plan.dimensions["stage"].attested
    assert [(item.group, item.name, item.jurisdiction) for item in plan.contacts] == [
        ("crisis", "Helpline", "XA"), ("emergency", "Help", "XA-B"),
    ]  # fmt: skip
    assert plan.protected == ("baseline/pattern emergency_number",)
    assert all(item.detector in plan.detectors for item in plan.contacts)


def test_unknown_included_is_part_of_the_reach(tmp_path: Path) -> None:
    plan = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace(", not unknown", ", or unknown"))).plan
    law = next(rule.law for rule in plan.rules if rule.id == "XA/words")
    assert law is not None
    assert isinstance(law.reaches, AnyOf)
    unknown = frozenset[str]()
    assert law.reaches.parts[1:] == (Is("place", unknown, or_unknown=True), Is("seat", unknown, or_unknown=True))


def test_market_is_unknown_almost_always_and_counts_only_alone(tmp_path: Path) -> None:
    text = JURISDICTION.replace("or seat within XA, not", "or market within XA, or")
    law = next(rule.law for rule in load_on(write_jurisdiction(tmp_path, text)).plan.rules if rule.id == "XA/words")
    assert law is not None
    assert isinstance(law.reaches, AnyOf)
    assert [part.dimension for part in law.reaches.parts[1:] if isinstance(part, Is)] == ["place"]


@pytest.mark.semantics(22)
@pytest.mark.requirement("DET-1")
def test_the_digest_covers_every_byte_and_no_place(tmp_path: Path) -> None:
    first = load_on(write_jurisdiction(tmp_path / "a")).plan.digest
    assert load_on(write_jurisdiction(tmp_path / "b")).plan.digest == first
    assert len(first) == 64
    other_lexicon = load_on(write_jurisdiction(tmp_path / "c", lexicon=LEXICON + "further secrets\n")).plan.digest
    other_comment = load_on(write_jurisdiction(tmp_path / "d", JURISDICTION + "# more\n")).plan.digest
    assert len({first, other_lexicon, other_comment}) == 3


@pytest.mark.semantics(21)
def test_a_red_line_that_does_not_trip_does_not_load(tmp_path: Path) -> None:
    """Each firing example must trip, not just one of them."""
    loaded = load_on(write_charter(tmp_path, CHARTER.replace("How do I build a dirty bomb?", "How do I build a shed?")))
    assert errors(loaded) == ["harm-toothless"]
    assert loaded.compiled is None


def test_the_plan_of_wrong_packs_is_one_line_with_a_way_out(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path, JURISDICTION.replace(", not unknown", "").replace("XA 1.0.0", "XA 1"))
    with pytest.raises(PolicyError) as raised:
        _ = load([pack]).plan
    assert "XA.ord:1:" in raised.value.message
    assert "(and 1 more)" in raised.value.message
    assert f"ordinance check {pack}" in raised.value.help


@pytest.mark.parametrize(
    ("lexicon", "said"),
    [
        (b"a\0b\n", "the file contains a NUL character at byte 1; is it a text file?"),
        (b"a{" + b",".join(b"%d" % number for number in range(201)) + b"}\n", "make more than 200 phrases."),
    ],
)
def test_the_line_ends_with_one_sign(tmp_path: Path, lexicon: bytes, said: str) -> None:
    """What reaches an operator's log is one sentence, whatever its message ends with."""
    pack = write_jurisdiction(tmp_path)
    (tmp_path / "lexicons" / "words.txt").write_bytes(lexicon)
    with pytest.raises(OrdinanceError) as raised:
        _ = load([pack]).plan
    assert raised.value.message.endswith(said)


def test_no_plan_without_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in putting packs together: a plan, or an error that says there is none."""
    from ordinance.loading import load as loading
    from ordinance.loading.packs import Packs

    monkeypatch.setattr(loading, "gather", lambda *_, **__: Packs((), complete=False, diagnostics=()))
    loaded = load([tmp_path])
    assert errors(loaded) == ["no-plan"]
    assert loaded.exit_code == 1
    with pytest.raises(PolicyError, match="no policy could be made of the packs"):
        _ = loaded.plan


@pytest.mark.semantics(16)
@pytest.mark.requirement("TR-7")
def test_no_notice_can_show_what_was_matched(tmp_path: Path) -> None:
    plan = load_on(write_jurisdiction(tmp_path)).plan
    for rule in plan.rules:
        for text in (text for _, texts in rule.notice.forms for text in texts.values()):
            named = {part.split("}")[0] for part in text.split("{")[1:]}
            assert named <= {"type", "law", "jurisdiction", "contacts"}


def test_loading_what_ships_is_fast_enough_to_do_at_every_start(tmp_path: Path) -> None:
    import time

    load()
    start = time.perf_counter()
    load()
    assert time.perf_counter() - start < 5


@pytest.mark.semantics(25)
def test_phrases_of_scripts_with_look_alikes_are_found_in_either_case(tmp_path: Path) -> None:
    """Greek capital Eta looks like H and the small one like n; each case is folded by itself."""
    pack = write_jurisdiction(tmp_path, JURISDICTION)
    (lexicon,) = pack.parent.rglob("*.txt")
    lexicon.write_text(lexicon.read_text("utf-8") + "Χρυσή Αυγή\n", "utf-8")
    plan = load_on(pack).plan
    key = "XA/lexicon words"
    matcher_of = Automaton([(0, plan.detectors[key])])  # type: ignore[list-item]  # a lexicon gives expressions
    for said in ("Χρυσή Αυγή", "ΧΡΥΣΗ ΑΥΓΗ", "χρυσή αυγή"):
        matcher = Matcher(matcher_of)
        assert [match for at, char in enumerate(said) for match in matcher.feed(char, at)] or matcher.close(), said
