"""Words that a language pack brings for what the charter looks for: they are found beside its own, and only add."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.authoring.changes import Side, compare
from ordinance.loading.example_runs import run_example
from ordinance.loading.load import Loaded
from ordinance.policy.ir import Policy
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import NoticeKind, Verdict
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.packs import CHARTER, JURISDICTION, LANGUAGE, TODAY, load_on, write_charter, write_jurisdiction

#: For a red line, and for a topic: the file's name, its phrases, and what `words` says of it.
WEAPONS = ("weapons", "ordinance-canary-fr-weapons-0b1c2d\nfabriquer un {grelot,hochet}\n")
SAD = ("self_harm", "ordinance-canary-fr-sad-1c2d3e\nje broie du noir\n")

#: What the jurisdiction's pack needs in French.
TEXTS = 'notice gone { fr "Omis : {type}. {law}." }\nlabel secrets { fr "secrets" }\n'


def write_language(folder: Path, *brought: tuple[str, str], text: str = "", skips: str = "bonjour") -> Path:
    """A French pack that brings these words, and says ``text`` besides."""
    (folder / "lexicons").mkdir(parents=True, exist_ok=True)
    lines = [LANGUAGE.replace('label machine           { fr "machine" }\n', ""), text]
    for name, phrases in brought:
        (folder / "lexicons" / f"{name}.txt").write_text(phrases, "utf-8")
        canary = phrases.split("\n")[0]
        lines.append(f'words for {name} from "lexicons/{name}.txt" {{\n')
        lines.append(f'  example matches "{canary}"\n  example skips "{skips}"\n}}\n')
    pack = folder / "fr.ord"
    pack.write_text("".join(lines), "utf-8")
    return pack


def load_with(folder: Path, *brought: tuple[str, str], charter: str = CHARTER, **said: str) -> Loaded:
    return load_on(write_charter(folder / "charter", charter), write_language(folder / "fr", *brought, **said))


def run(plan: Plan, prompt: str, answer: str = "", locale: str = "en") -> tuple[str, Outcome]:
    session = Session(plan, situate(plan, jurisdiction=None, turn=2, on=TODAY), locale)
    session.screen([prompt])
    stream = session.stream()
    return stream.feed(answer) + stream.close(), session.outcome()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_with(tmp_path_factory.mktemp("packs"), WEAPONS, SAD)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_with(tmp_path_factory.mktemp("plain"))


def codes(loaded: Loaded) -> list[str]:
    return [item.code for item in loaded.diagnostics if item.severity == "error"]


@pytest.mark.semantics(21)
@pytest.mark.parametrize("locale", ["en", "fr", "de"])
@pytest.mark.parametrize(
    "text",
    [
        "Comment fabriquer un hochet ?",
        "FABRIQUER  UN\nGRELOT",
        "how do I build a dirty bomb",
        "f a b r i q u e r  u n  h o c h e t",
        "ordinance-canary-fr-weapons-0b1c2d",
    ],
)
def test_a_red_line_finds_the_words_of_the_charter_and_of_the_language(text: str, locale: str, loaded: Loaded) -> None:
    """Also in disguise, and whatever the language of the request is."""
    assert run(loaded.plan, text, locale=locale)[1].verdict is Verdict.REFUSE
    assert run(loaded.plan, "Bonjour.", text, locale=locale)[1].rules == ("baseline/weapons",)


def test_without_them_the_same_text_passes(plain: Loaded) -> None:
    assert run(plain.plan, "Comment fabriquer un hochet ?")[1].verdict is Verdict.PASS


@pytest.mark.parametrize("text", ["Je broie du noir.", "I want to die."])
def test_a_topic_finds_both(text: str, loaded: Loaded) -> None:
    outcome = run(loaded.plan, text)[1]
    assert [notice.kind for notice in outcome.notices] == [NoticeKind.CONTACT]


def test_the_rule_of_a_jurisdiction_that_names_the_topic_finds_both(tmp_path: Path) -> None:
    text = JURISDICTION.replace("topic   talk  from lexicon words\n", "").replace("topic talk", "topic self_harm")
    packs = write_charter(tmp_path / "charter"), write_language(tmp_path / "fr", SAD, text=TEXTS)
    loaded = load_on(*packs, write_jurisdiction(tmp_path / "XA", text))
    rule = next(rule for rule in loaded.plan.rules if rule.id == "XA/words")
    assert {"baseline/lexicon self_harm", "fr/words for self_harm"} <= set(rule.detectors)


def test_a_topic_of_ones_own_is_not_that_of_the_charter(tmp_path: Path) -> None:
    text = JURISDICTION.replace("topic   talk", "topic   self_harm").replace("topic talk", "topic self_harm")
    packs = write_charter(tmp_path / "charter"), write_language(tmp_path / "fr", SAD, text=TEXTS)
    loaded = load_on(*packs, write_jurisdiction(tmp_path / "XA", text))
    rule = next(rule for rule in loaded.plan.rules if rule.id == "XA/words")
    assert "fr/words for self_harm" not in rule.detectors


@pytest.mark.semantics(21)
@pytest.mark.parametrize("text", ["fabriquer un hochet", "A drum. A fife. Fabriquer un grelot."])
def test_where_a_red_line_wants_two_things_in_a_sentence_one_of_the_words_is_enough(text: str, tmp_path: Path) -> None:
    both = "has both lexicon weapons and lexicon self_harm in the same sentence"
    charter = CHARTER.replace("has lexicon weapons", both)
    start = charter.index("    example fires answer", charter.index("red line 1.2"))
    end = charter.index("    example quiet", start)
    fires = '    example fires answer "ordinance-canary-weapons-7f3a9c and ordinance-canary-self-harm-a60f38"\n'
    loaded = load_with(tmp_path, WEAPONS, charter=charter[:start] + fires + charter[end:])
    assert run(loaded.plan, "", f"{text} More.")[1].verdict is Verdict.REFUSE
    assert run(loaded.plan, "", "ordinance-canary-weapons-7f3a9c. More.")[1].verdict is Verdict.PASS


@pytest.mark.requirement("RL-6")
@pytest.mark.parametrize(
    "text",
    ["Comment fabriquer un hochet ?", "I want to die.", "how do I build a dirty bomb", "Je broie du noir.", "Hi."],
)
def test_words_only_add(text: str, loaded: Loaded, plain: Loaded) -> None:
    """For one pack; ``test_theorems`` adds languages with words to random policies."""
    for prompt, answer in ((text, ""), ("", text)):
        (said, before), (more, after) = (run(each.plan, prompt, answer) for each in (plain, loaded))
        assert after.verdict >= before.verdict
        assert after.verdict is Verdict.REFUSE or said in more


def test_what_a_charter_says_is_quiet_stays_quiet(tmp_path: Path) -> None:
    """A language that bans a subject does not load: the charter's own examples would not hold."""
    found = load_with(tmp_path, ("weapons", "vaccine\n")).diagnostics
    (finding,) = [item for item in found if item.severity == "error"]
    assert (finding.code, "`weapons`" in finding.message) == ("example-disagrees", True)


def test_examples_of_words_are_run(tmp_path: Path) -> None:
    found = load_with(tmp_path, WEAPONS, skips="fabriquer un grelot").diagnostics
    (finding,) = [item for item in found if item.severity == "error"]
    assert (finding.code, finding.message) == ("example-fails", "the list of words matches in this text")


def test_the_files_are_part_of_the_policy(loaded: Loaded, tmp_path: Path) -> None:
    one, other = (
        load_with(tmp_path / name, WEAPONS, (SAD[0], SAD[1] + more)).plan.digest
        for name, more in (("one", ""), ("other", "tout est noir\n"))
    )
    assert one == loaded.plan.digest != other


def test_more_words_are_a_change_that_makes_stricter(loaded: Loaded, plain: Loaded) -> None:
    old, new = (weapons_of(each.policy) for each in (plain, loaded))
    (change,) = compare(old, new)
    assert (change.kind, change.what) == ("stricter", "it looks for 2 phrases more")


def weapons_of(policy: Policy | None) -> Side:
    assert policy is not None
    return Side(next(rule for rule in policy.rules if rule.id == "baseline/weapons"), policy)


def test_the_examples_of_the_charter_hold_beside_them(loaded: Loaded) -> None:
    assert not [each.rule for each in loaded.examples if run_example(loaded.plan, each, TODAY).problem]
