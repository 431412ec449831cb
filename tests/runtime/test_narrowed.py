"""An example is run with the part of the policy that it meets, and that part answers as all of it does."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.loading.example_runs import run_example
from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_rules
from ordinance.policy.plan import Plan
from ordinance.runtime.narrowed import Narrowed
from ordinance.runtime.opening import open_session
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.redact.disclose import Notice
from ordinance.runtime.redact.own_words import own_words
from ordinance.runtime.redact.wordings import wordings_of
from ordinance.runtime.situation import situate
from support.packs import CHARTER, JURISDICTION, TODAY, load_on, write_charter, write_jurisdiction

#: A mask, so that placeholders may be forged; a rule that sees disguise, one that needs two things, one on prompts.
PACK = """\
jurisdiction XB 1.0.0 under charter baseline 1
law act {
  title "Act" article "§ 1" reaches place within XB, not unknown in force from 2020-01-01
  source "https://law.example/act" seen 2026-11-01
}
pattern customer "\\bKU-\\d{4}\\b" { example matches "KU-1234" example skips "KU-12" }
lexicon hidden from "lexicons/hidden.txt"
label number { en "customer number" de "Kundennummer" et "kliendinumber" }
label words  { en "words" de "Wörter" et "sõnad" }
section 1 "All" {
  mask 1.1 numbers {
    when prompt or answer has pattern customer
    as number
    under act
    told once
    example fires answer "It is KU-1234."
    example quiet answer "It is KU-12345."
  }
  withhold 1.2 hidden {
    when answer has lexicon hidden even disguised
    scope sentence at most 200
    under act
    telling omitted about words
    example fires answer "A green parrot."
    example quiet answer "A parrot."
  }
}
contact crisis line { title "Line" number "0800 555 777" hours always in XB seen 2026-11-01 }
"""

PIECES = (
    "secret words", "Secret", " words", "green parrot", "g r e e n p a r r o t", "Z3JlZW4gcGFycm90", "KU-1234", "KU-12",
    "[customer number]", "[Kundennummer]", "[…]", "⟦…⟧", "0800 555 777", "112", "ordinance-canary-violence-4b7e21",
    "ordinance-canary-self-harm-a60f38", "I want to die.", "Sieg Heil", ". ", " ", "\n\n", "x", "Good morning",
    "Left out for legal reasons. Type: words. Legal basis: Act § 1 (XB).",
)  # fmt: skip


def write_mask(folder: Path) -> None:
    (folder / "lexicons").mkdir(parents=True)
    (folder / "lexicons" / "hidden.txt").write_text("green parrot\n", "utf-8")
    (folder / "XB.ord").write_text(PACK, "utf-8")


@cache
def loaded() -> Loaded:
    folder = Path(mkdtemp())
    write_jurisdiction(folder / "XA")
    write_mask(folder / "XB")
    return load([*(shipped_rules() / each for each in ("charter", "jurisdictions", "languages")), folder], on=TODAY)


@cache
def narrowed() -> Narrowed:
    return Narrowed(loaded().plan)


def answered(plan: Plan, place: str | None, prompt: str, answer: str) -> tuple[str, Outcome, tuple[Notice, ...]]:
    session = open_session(plan, situate(plan, jurisdiction=place, turn=2, on=TODAY))
    asked = session.ask(prompt)
    stream = session.stream()
    said = stream.feed(answer) + stream.close()
    return f"{asked}\0{said}", session.outcome(), stream.notices


texts = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)


@given(place=st.sampled_from([None, "XA", "XB", "DE", "EE"]), prompt=texts, answer=texts)
@settings(max_examples=150, deadline=None)
def test_a_part_answers_as_the_whole_does(place: str | None, prompt: str, answer: str) -> None:
    """What leaves, the verdict, the rules and the notices, in every place and for every text."""
    whole = narrowed().plan
    assert answered(narrowed().part([prompt, answer]), place, prompt, answer) == answered(whole, place, prompt, answer)


def test_examples_come_out_alike_in_a_part_and_in_the_whole() -> None:
    plan = loaded().plan
    for example in loaded().examples:
        assert run_example(plan, example, narrowed=narrowed()) == run_example(plan, example)


def test_a_part_has_what_the_text_meets_and_no_more() -> None:
    plan = loaded().plan
    looking = {rule.id for rule in narrowed().part(["A green parrot and 112."]).rules if rule.detectors}
    assert looking == {"XB/hidden"}
    none = narrowed().part(["A horse."])
    assert not any(rule.detectors for rule in none.rules)
    assert [rule for rule in plan.rules if not rule.detectors] == list(none.rules)
    assert not any(contact.detector for contact in none.contacts)
    assert narrowed().part(["A horse."]) is none


def test_a_part_guards_every_notice_of_the_whole() -> None:
    """Also the notices of rules that it does not have: an example may say what another pack tells people."""
    plan = loaded().plan
    part = narrowed().part(["A horse."])
    assert wordings_of(part) is wordings_of(plan)
    assert own_words(part) is own_words(plan)


@pytest.mark.semantics(14)
@pytest.mark.requirement("RL-4")
def test_a_placeholder_that_only_one_place_writes_is_found_in_what_must_pass(tmp_path: Path) -> None:
    """A rule makes a difference by what it writes, too: where it masks, its placeholder in an answer is a forgery."""
    write_mask(tmp_path / "XB")
    write_jurisdiction(tmp_path / "XA", JURISDICTION)
    said = 'passes answer "Call 112 now, [customer number]."'
    write_charter(tmp_path / "root", CHARTER.replace('passes answer "Call 112 now."', said))
    found = [item.message for item in load_on(tmp_path).diagnostics if item.severity == "error"]
    assert any("in XB" in message for message in found)
