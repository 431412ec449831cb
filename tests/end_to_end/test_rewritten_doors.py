"""Rewritten answers at the doors that are no gateway: `apply`, whatever its pieces, and batches; and what forms may not
undo: masks, what an answer continues, what a conversation remembers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ordinance.batch import GovernedLLM
from ordinance.batch.desk import Desk
from ordinance.policy.plan import Plan
from ordinance.runtime.forms.rewritten_text import RewrittenText
from ordinance.runtime.redact.json_text import JsonText
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.settings.model import Settings
from support import manners
from support.batches import FakeLLM, outputs_module
from support.checkout import RULES
from support.commands import run_here
from support.oracle import MARKER

pytestmark = pytest.mark.semantics(40)

SLOTS = ("language de-CH", "spelling de-CH", "numbers de-CH", "rewrite spelling, numbers")
HOUSE = """\
house desk 1.0.0 under charter baseline 1
title "A desk"

bylaw rules {{
  title   "Rules"
  adopted by "the board" on 2026-01-01
}}
pattern account "CH[0-9]{{2}} ?[0-9]{{4}} ?[0-9]{{4}}" {{ example matches "CH93 0076 2011" example skips "x" }}
lexicon ours from "lexicons/ours.txt"
label  ours {{ de "Interna" en "internal matters" }}
notice gone {{ de "Ausgelassen: {{type}}. {{law}}." en "Left out: {{type}}. {{law}}." }}

speak {{
{lines}
}}

section 1 "Ours" {{
  limit 1.1 ours {{
    when answer has any of lexicon ours, pattern account
    scope span
    reason "They are ours."
    under rules
    telling gone about ours
    example fires answer "der kurze Weg"
    example quiet answer "ein Weg"
  }}
}}
"""


def written(folder: Path, *lines: str) -> Path:
    (folder / "lexicons").mkdir(exist_ok=True)
    (folder / "lexicons" / "ours.txt").write_text("der kurze Weg\n1'234.5 km\ngrosse Sache\n", "utf-8")
    pack = folder / "desk.ord"
    pack.write_text(HOUSE.format(lines="\n".join(lines)), "utf-8")
    return pack


def apply(pack: Path, *lines: dict[str, Any], chunk: int = 0) -> list[dict[str, Any]]:
    given = "".join(json.dumps(line) + "\n" for line in lines)
    chunks = ["--chunk", str(chunk)] if chunk else []
    packs = ["--pack", str(RULES / "charter"), str(RULES / "languages"), str(pack)]
    done = run_here("apply", *packs, "--locale", "de", *chunks, given=given)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


SAID = {
    "Die Straße misst 12.345,5 km.": "Die Strasse misst 12'345.5 km.",
    "Das Konto CH93 0076 2011 ist groß.": f"Das Konto {MARKER} ist gross.",
    "Hier ist der kurze Weg zur Straße.": f"Hier ist {MARKER} zur Strasse.",
    # what a form would make of it is what the house leaves out: the first reading finds ß as ss, and the number stays
    "Eine große Sache.": f"Eine {MARKER}.",
    "Es sind 1.234,5 km bis dort.": "Es sind 1.234,5 km bis dort.",
    'Er sagte "12.345,5 groß" und `groß`.': "Er sagte «12.345,5 groß» und `groß`.",
    'Nie [das]: ⟦„…”⟧ ⟦ "…" ⟧.': None,
}


@pytest.mark.parametrize("chunk", [0, 1, 3])
def test_apply_shows_it_whatever_its_pieces(tmp_path: Path, chunk: int) -> None:
    answers = apply(written(tmp_path, *SLOTS), *({"answer": text} for text in SAID), chunk=chunk)
    for found, (text, due) in zip(answers, SAID.items(), strict=True):
        if due is not None:
            assert found["answer"].partition("\n\n")[0] == due, text
    told = [
        {each["slot"]: (each["state"], each.get("left")) for each in found.get("adapters", [])} for found in answers
    ]
    assert told[0]["numbers"] == ("rewritten", None)
    assert told[4]["numbers"] == ("missed", True)


def test_without_a_line_that_asks_for_it_nothing_is_rewritten(tmp_path: Path) -> None:
    [found] = apply(written(tmp_path, *SLOTS[:-1]), {"answer": "Die Straße misst 12.345,5 km."})
    assert found["answer"] == "Die Straße misst 12.345,5 km."
    assert "rewritten" not in json.dumps(found)


def test_a_batch_is_rewritten_as_an_answer_of_the_server_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm.outputs", outputs_module())
    plan = manners.plan_of(tmp_path, manners.house(*SLOTS))
    llm = GovernedLLM(
        FakeLLM(lambda _: "Die Straße ist da."), Desk(plan, Settings.model_validate({"locale": "de"}), {})
    )
    for [output] in (llm.chat([{"role": "user", "content": "Hi."}]), llm.generate("Hi.")):
        assert output.outputs[0].text == "Die Strasse ist da."
        assert {"slot": "spelling", "value": "de-CH", "state": "rewritten"} in output.ordinance["adapters"]


def swiss(folder: Path) -> Plan:
    return manners.plan_of(folder, manners.house(*SLOTS))


@pytest.mark.semantics(10)
def test_an_answer_that_goes_on_from_a_text_is_rewritten_from_where_it_begins(tmp_path: Path) -> None:
    plan = swiss(tmp_path)
    for before, said, due in (
        ("Die Stra", "ße ist da.", "sse ist da."),
        ("Es sind 12.", "345,5 km.", "345,5 km."),
        ("```\n" + "x = 1\n\n" * 2000, "groß = 1\n```\ngroß", "groß = 1\n```\ngross"),
        ('Er sagte: "Die', ' Straße." Sie ist groß.', " Straße.» Sie ist gross."),
        ("Nichts davor.\n\n", "groß", "gross"),
    ):
        opened = Session(plan, situate(plan, jurisdiction=None), "de-CH")
        opened.continue_from([before], certain=True)
        stream = opened.stream()
        assert stream.feed(said) + stream.close() == due


@pytest.mark.semantics(28)
def test_the_digests_of_a_mark_are_of_what_has_left(tmp_path: Path) -> None:
    plan = swiss(tmp_path)
    one = Session(plan, situate(plan, jurisdiction=None), "de-CH", whole=True)
    one.keep_answers()
    stream = one.stream()
    stream.feed("Die Straße.")
    assert stream.close() == "Die Strasse."
    assert one.answers() == ["Die Strasse."], "what a conversation remembers is what people read"


def test_where_no_form_is_asked_for_a_text_is_read_by_the_redactor_alone(tmp_path: Path) -> None:
    for number, (lines, kind) in enumerate(
        ((SLOTS[:-1], Redactor), ((*SLOTS[:-1], "rewrite script"), Redactor), (SLOTS, RewrittenText))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        plan = manners.plan_of(folder, manners.house(*lines))
        opened = Session(plan, situate(plan, jurisdiction=None), "de-CH")
        assert type(opened.stream().content) is kind
        assert type(opened.stream().arguments()) is JsonText
