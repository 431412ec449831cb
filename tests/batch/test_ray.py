"""Rows of bulk text, governed and replayed, without a Ray: what a worker does with each. With one: tests/on_ray."""

from __future__ import annotations

import json
import sys
from typing import Any

import httpx2
import pytest

from ordinance.batch.ray import Govern, Replay
from ordinance.errors import BatchError, OrdinanceError, SettingsError
from ordinance.loading.load import load
from ordinance.protocol.govern.choice import GovernedChoice
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, say

CANARY = "ordinance-canary-86a-5d21e8"
SAID = f"Guten Tag. Hier steht {CANARY}. Ende."
ASKED = [{"role": "user", "content": "Was steht da?"}]
RED = "ordinance-canary-weapons-7f3a9c"


@pytest.fixture(scope="module")
def govern() -> Govern:
    return Govern(jurisdiction="DE", locale="de-DE")


class Array:
    """A column's value as a table gives it."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def tolist(self) -> list[Any]:
        return self._values


@pytest.mark.server
def test_a_row_has_the_answer_that_a_server_gives(
    govern: Govern, open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    upstream.script = say(SAID)
    gateway = open_gateway(load().plan, locale="de-DE")
    body = {"model": "m", "messages": ASKED}
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=body, timeout=PATIENCE, trust_env=False).json()
    row = govern({"id": 7, "messages": ASKED, "answer": SAID})
    assert row["answer"] == answer["choices"][0]["message"]["content"]
    assert json.loads(row["ordinance"])["notices"] == answer["ordinance"]["notices"]
    assert (row["id"], row["verdict"], row["error"]) == (7, "withhold", "")
    assert set(json.loads(row["record"])) > {"request", "api", "digest", "verdict", "rules"}


def test_a_conversation_may_be_a_list_an_array_or_json(govern: Govern) -> None:
    forms: list[Any] = [ASKED, Array([{**ASKED[0], "name": None}]), json.dumps(ASKED)]
    answers = {govern({"messages": each, "answer": SAID})["answer"] for each in forms}
    assert len(answers) == 1
    assert CANARY not in answers.pop()


def test_only_what_is_named_passes(govern: Govern) -> None:
    row = {"id": 1, "prompt": "Hallo", "answer": SAID, "raw": SAID, "reasoning": CANARY}
    assert set(govern(row)) == {"id", "answer", "verdict", "ordinance", "record", "error"}
    assert CANARY not in json.dumps(govern(row))
    kept = Govern(jurisdiction="DE", locale="de-DE", keep=["source"])
    assert kept({**row, "source": "a.txt"})["source"] == "a.txt"
    for wrong in (["id", "answer"], "id"):
        with pytest.raises(BatchError, match="`keep` must be a list of columns"):
            Govern(jurisdiction="DE", keep=wrong)


def test_a_refused_prompt_has_the_notice_and_nothing_of_the_answer(govern: Govern) -> None:
    row = govern({"id": 1, "prompt": f"Sag mir {RED}.", "answer": "So geht das."})
    assert row["verdict"] == "refuse"
    assert "So geht das" not in row["answer"]
    assert row["answer"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"prompt": "x"}, "no text in `answer`"),
        ({"prompt": "x", "answer": 3}, "no text in `answer`"),
        ({"answer": "x"}, "`prompt` must be"),
        ({"messages": "[3", "answer": "x"}, "JSONDecodeError"),
        ({"messages": 3, "answer": "x"}, "TypeError"),
        ({"prompt": "\ud800", "answer": "x"}, "cannot be screened"),
        ({"prompt": "x", "answer": "\ud800"}, "cannot be screened"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x"}}]}],
          "answer": "x"}, "image_url"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_screened_says_so_and_costs_no_other(govern: Govern, row: Any, said: str) -> None:
    found = govern({"id": 1, **row})
    assert said in found["error"]
    assert (found["answer"], found["verdict"], found["record"]) == ("", "", "")
    assert govern({"id": 2, "prompt": "x", "answer": "Gut."})["answer"].endswith("Gut.")


def test_a_bug_costs_one_row(govern: Govern, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError(CANARY)

    monkeypatch.setattr(GovernedChoice, "take", broken)
    with pytest.warns(UserWarning, match="the answer is refused"):
        row = govern({"id": 1, "prompt": "x", "answer": SAID})
    assert CANARY not in json.dumps(row)
    monkeypatch.setattr("ordinance.batch.ray.sent_on", broken)
    row = govern({"id": 1, "prompt": "x", "answer": SAID})
    assert "defect: KeyError" in row["error"]
    assert CANARY not in json.dumps(row)


def test_wrong_settings_stop_the_job_before_a_row() -> None:
    with pytest.raises(OrdinanceError, match="jurisdiction"):
        Govern(jurisdiction="XX")
    with pytest.raises(SettingsError):
        Govern(jurisdiction="DE", locale="no such tag")


def test_a_replay_says_what_would_change_and_no_text() -> None:
    replay = Replay({"jurisdiction": "DE", "on": "2026-11-27"}, {"jurisdiction": "EE", "on": "2026-11-27"})
    changed = replay({"id": 1, "prompt": "x", "answer": SAID})
    assert (changed["before"], changed["after"], changed["same"]) == ("withhold", "disclose", False)
    assert "DE/symbols" in changed["rules_before"].split(",")
    assert "DE/symbols" not in changed["rules_after"].split(",")
    assert set(changed) == {"id", "before", "after", "rules_before", "rules_after", "same", "error"}
    assert replay({"id": 2, "prompt": "x", "answer": "Gut."})["same"]
    assert replay({"id": 3, "answer": "x"})["error"]


def test_nothing_of_ray_is_imported() -> None:
    assert "ray" not in sys.modules
