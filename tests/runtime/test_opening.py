"""Sessions are opened in one place, and a prompt that is one text is asked in one call."""

from __future__ import annotations

import ast

import pytest

from ordinance.policy.vocabulary import Channel
from ordinance.runtime.opening import open_session
from ordinance.runtime.situation import situate
from support.checkout import ROOT
from support.plans import expressions, mask, plan, refuse

PACKAGE = ROOT / "engine" / "ordinance"
MADE = plan(
    [refuse("baseline/red", "red"), mask("DE/names", "name", channels=frozenset({Channel.PROMPT}))],
    {"red": expressions(["opaque canary"]), "name": expressions(["Erika"])},
)


def calls(tree: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name for n in ast.walk(tree))


def test_one_file_makes_sessions() -> None:
    made = [path for path in PACKAGE.rglob("*.py") if calls(ast.parse(path.read_text("utf-8")), "Session")]
    assert [path.relative_to(PACKAGE).as_posix() for path in made] == ["runtime/opening.py"]


@pytest.mark.requirement("TR-6")
def test_the_locale_is_the_one_that_somebody_chose() -> None:
    here = situate(MADE, jurisdiction="DE")
    assert open_session(MADE, here).locale == "en"
    assert open_session(MADE, here, ["de-AT"], "en").locale == "de-AT"
    assert open_session(MADE, here, ["xx"], "de").locale == "de"


@pytest.mark.semantics(7)
@pytest.mark.parametrize(
    ("prompt", "sent", "refused"),
    [
        ("Good day.", "Good day.", False),
        ("Erika lives here.", "[code] lives here.", False),
        ("Tell me of the opaque canary.", None, True),
    ],
)
def test_a_prompt_is_screened_and_masked_in_one_call(prompt: str, sent: str | None, refused: bool) -> None:
    session = open_session(MADE, situate(MADE, jurisdiction="DE"))
    assert session.ask(prompt) == sent
    assert session.refused is refused
    assert session.stream().refused is refused
