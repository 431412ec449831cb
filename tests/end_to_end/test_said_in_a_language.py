"""A notice because of the language in which an answer turns out to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.authoring.comparison import diff
from ordinance.loading.load import Loaded
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.redact.ends import End
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.packs import TODAY, load_on
from support.strategies import cuttings

PACK = """jurisdiction XL 1.0.0 under charter baseline 1
title "Lland"
law act {
  title "Languages Act" article "section 1" reaches place within XL, not unknown in force from 2024-01-01
  source "https://law.example/act" seen 2026-01-01
}
notice german { en "In German ({law})." de "Auf Deutsch ({law})." }
pattern code "ZN-[0-9]{4}" { example matches "ZN-1234" example skips "y" }
section 1 "Languages" {
  say 1.1 german {
    when answer has any of pattern code, language is de at every answer under act telling german
    example fires answer "Das ist eine Frage, die wir heute nicht beantworten, weil sie neu ist."
    example fires answer "It is ZN-1234."
    example quiet answer "This is a question that we do not answer today, because it is new."
  }
  say 1.2 tried {
    when answer language is et at every answer under act telling german on trial until 2090-01-01
    example fires answer "See on küsimus, millele me täna ei vasta, sest see on meie jaoks uus."
    example quiet answer "This is a question that we do not answer today, because it is new."
  }
}
"""
GERMAN = "Das ist eine Frage, die wir heute nicht beantworten, weil sie neu ist."
ENGLISH = "This is a question that we do not answer today, because it is new."
ESTONIAN = "See on küsimus, millele me täna ei vasta, sest see on meie jaoks uus."


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    pack = tmp_path_factory.mktemp("spoken") / "XL.ord"
    pack.write_text(PACK, "utf-8")
    return load_on(pack)


def said(loaded: Loaded, *pieces: str, end: End = End.OWN, whole: bool = False, locale: str = "en") -> Outcome:
    session = Session(loaded.plan, situate(loaded.plan, jurisdiction="XL", turn=2, on=TODAY), locale, whole=whole)
    stream = session.stream()
    for piece in pieces:
        stream.feed(piece)
    stream.close(end)
    return session.outcome()


@pytest.mark.semantics(38)
def test_its_pack_has_no_error(loaded: Loaded) -> None:
    assert [item for item in loaded.diagnostics if item.severity == "error"] == []


@pytest.mark.semantics(38)
@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (GERMAN, True), (ENGLISH, False), (ESTONIAN, False), ("", False), ("Ja.", False), ("ZN-1234", True),
        (f"{GERMAN}\n\n{ENGLISH}", False), (f"`{GERMAN}`", False), (f"{ENGLISH} It says: “{GERMAN}”", False),
    ],
)  # fmt: skip
def test_it_speaks_where_the_words_show_the_language_and_no_other(text: str, spoken: bool, loaded: Loaded) -> None:
    for whole in (True, False):
        for locale in ("en", "de"):
            outcome = said(loaded, text, whole=whole, locale=locale)
            assert ("XL/german" in outcome.rules) is spoken
            assert (outcome.verdict is Verdict.DISCLOSE) is spoken


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(38)
@given(
    data=st.data(),
    text=st.sampled_from([GERMAN, f"{ENGLISH} {GERMAN}", f"{GERMAN} Ja, das ist so.", "ZN-1234"]),
)
def test_it_is_the_same_for_every_cutting(data: st.DataObject, loaded: Loaded, text: str) -> None:
    end = data.draw(st.sampled_from([End.OWN, End.CUT]))
    assert said(loaded, *data.draw(cuttings(text)), end=end) == said(loaded, text, end=end)


@pytest.mark.semantics(38)
def test_a_trial_is_recorded(loaded: Loaded) -> None:
    outcome = said(loaded, ESTONIAN)
    assert (outcome.trials, outcome.notices) == (("XL/tried",), ())


@pytest.mark.semantics(38)
def test_metadata_says_nothing_of_how_to_speak_because_of_it(loaded: Loaded) -> None:
    session = Session(loaded.plan, situate(loaded.plan, jurisdiction="XL", turn=2, on=TODAY), "fo")
    stream = session.stream()
    stream.feed(GERMAN)
    stream.close()
    assert "adapters" not in session.record()


def test_another_language_is_another_rule(loaded: Loaded, tmp_path: Path) -> None:
    pack = tmp_path / "XL.ord"
    pack.write_text(PACK.replace("language is de at", "language is et at").replace(GERMAN, ESTONIAN), "utf-8")
    more = load_on(pack)
    assert loaded.policy is not None
    assert more.policy is not None
    found = [each.what for each in diff(loaded.policy, more.policy).changes]
    assert any("language" in each for each in found), found
