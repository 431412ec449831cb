"""A whole answer that was not spoken as a pack wants it is asked for once more, and never twice. Over real HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.instructions.composition import instruction
from support.asking import PATHS, body, post
from support.asking import whole as read
from support.manners import house, plan_of
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, Wire, send_and_wait
from support.steered import CALL, CHAT, COMPLETIONS, Spoken, Token, letters, script, whole
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.requirement("OB-1"), pytest.mark.semantics(46)]

SLOTS = {"language": "de", "address": "formal"}
HOUSE = house(*(f"{slot} {value}" for slot, value in SLOTS.items()), "on miss ask once more")
OPENING = "Die Bücherei ist von neun bis achtzehn Uhr für alle offen, und die Rückgabe ist auch in der Nacht möglich. "
POLITE = OPENING + "Bitte bringen Sie Ihren Ausweis mit, wenn Sie zum ersten Mal in das Haus kommen."
FAMILIAR = OPENING + "Bring bitte deinen Ausweis mit, wenn du zum ersten Mal in das Haus kommst."
ENGLISH = "The library is open from nine to six, and you can also return the books at night if you want to do that."
#: Of another length than all others, so that tokens show which answers are counted.
SHORT = "42"
MODELS = {"object": "list", "data": [{"id": "m", "object": "model"}]}
Open = Callable[..., RunningGateway]


def one_after_the_other(*answers: Any) -> Any:
    """Answer with each of ``answers``, a text or a script, one after the other."""
    left = list(answers)

    async def answer(wire: Wire) -> None:
        if wire.asked.path == "/v1/models":
            await wire.json(MODELS)
            return
        said = left.pop(0)
        await (said if callable(said) else script(*letters(said)))(wire)

    return answer


@pytest.fixture
def opened(open_gateway: OpenGateway, tmp_path: Path) -> Open:
    """A gateway for a house, as an operator without a jurisdiction."""

    def start(pack: str = HOUSE, **settings: Any) -> RunningGateway:
        given = {"jurisdiction": None, "audit": str(tmp_path / "record"), **settings}
        return open_gateway(plan_of(tmp_path, pack), **given)

    return start


def asked(upstream: ScriptedUpstream) -> list[Any]:
    return [each.json for each in upstream.asked if each.path != "/v1/models"]


def ask(gateway: RunningGateway, path: str = CHAT, key: str = "", **fields: Any) -> Any:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx2.Client(base_url=gateway.address, headers=headers, timeout=PATIENCE, trust_env=False) as client:
        return post(client, path, body(path, **fields))


def record(folder: Path) -> Any:
    until(lambda: (folder / "record").exists() and (folder / "record").read_text("utf-8").endswith("\n"))
    return json.loads((folder / "record").read_text("utf-8").splitlines()[-1])


TURNS = [path for path in PATHS if path != COMPLETIONS]


@pytest.mark.parametrize("path", TURNS)
def test_the_better_answer_is_released_and_that_is_told(
    path: str, opened: Open, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    gateway = opened()
    upstream.script = one_after_the_other(FAMILIAR, POLITE)
    seen = ask(gateway, path)
    assert seen.text == POLITE
    assert seen.ordinance["asked_again"] == {"released": "second"}
    assert [each["state"] for each in seen.ordinance["adapters"]] == ["kept", "kept"]
    first, second = asked(upstream)
    again = instruction(SLOTS, alone={"address"})
    assert "„Sie“" in again
    assert "auf Deutsch" not in again, "what was kept is not said again"
    before, after = json.dumps(first, ensure_ascii=False), json.dumps(second, ensure_ascii=False)
    assert (before.count(again.split(".")[0]), after.count(again.split(".")[0])) == (1, 2)
    assert {name: value for name, value in first.items() if second[name] != value}.keys() <= {
        "messages", "system", "instructions"
    }  # fmt: skip
    told = record(tmp_path)
    assert (told["asked_again"], told["verdict"]) == ({"released": "second"}, "pass")


@pytest.mark.parametrize(
    ("first", "second", "released"),
    [
        (FAMILIAR, FAMILIAR, "first"),
        (FAMILIAR, ENGLISH, "first"),  # another miss is no better
        (ENGLISH, FAMILIAR, "first"),  # one miss for another: the first
        (FAMILIAR, SHORT, "first"),  # nobody can tell, so nothing is mended
        (ENGLISH, POLITE, "second"),
    ],
)
def test_it_is_asked_for_once_and_never_twice(
    first: str, second: str, released: str, opened: Open, upstream: ScriptedUpstream
) -> None:
    upstream.script = one_after_the_other(first, second)
    seen = ask(opened())
    assert seen.text == {"first": first, "second": second}[released]
    assert seen.ordinance["asked_again"] == {"released": released}
    assert len(asked(upstream)) == 2


def test_the_tokens_of_both_count(opened: Open, upstream: ScriptedUpstream) -> None:
    upstream.script = one_after_the_other(FAMILIAR, POLITE)
    reply = httpx2.post(opened().address + CHAT, json=body(CHAT), timeout=PATIENCE, trust_env=False).json()
    completion = len(FAMILIAR) + len(POLITE)
    assert reply["usage"] == {
        "prompt_tokens": 6, "completion_tokens": completion, "total_tokens": 6 + completion
    }  # fmt: skip


NOT_ASKED: dict[str, tuple[str, dict[str, Any], Any]] = {
    "kept": (CHAT, {}, POLITE),
    "nobody can tell": (CHAT, {}, SHORT),
    "a stream": (CHAT, {"stream": True}, FAMILIAR),
    "a completion has no place for an instruction": (COMPLETIONS, {}, FAMILIAR),
    "tools are offered": (CHAT, {"tools": [{"type": "function", "function": {"name": "note"}}]}, FAMILIAR),
    "cut at a limit": (CHAT, {"limit": len(FAMILIAR) - 3}, FAMILIAR),
}


@pytest.mark.parametrize("why", NOT_ASKED)
def test_it_is_not_asked_for_again(why: str, opened: Open, upstream: ScriptedUpstream) -> None:
    path, fields, said = NOT_ASKED[why]
    upstream.script = one_after_the_other(said, POLITE)
    seen = ask(opened(), path, **fields)
    assert "asked_again" not in seen.ordinance
    assert len(asked(upstream)) == 1


def test_several_choices_are_not_asked_for_again(opened: Open, upstream: ScriptedUpstream) -> None:
    upstream.script = one_after_the_other(FAMILIAR)
    reply = httpx2.post(opened().address + CHAT, json=body(CHAT, n=2), timeout=PATIENCE, trust_env=False).json()
    assert [each["state"] for each in reply["ordinance"]["adapters"]] == ["kept", "missed"]
    assert "asked_again" not in reply["ordinance"]


def test_without_a_packs_word_it_is_told_and_no_more(opened: Open, upstream: ScriptedUpstream) -> None:
    upstream.script = one_after_the_other(FAMILIAR)
    seen = ask(opened(HOUSE.replace("on miss ask once more", "")))
    assert [each["state"] for each in seen.ordinance["adapters"]] == ["kept", "missed"]


def test_a_client_cannot_ask_for_it(opened: Open, upstream: ScriptedUpstream) -> None:
    """A slot that the request sets is not the pack's, whatever pack there is."""
    upstream.script = one_after_the_other(FAMILIAR)
    headers = {"x-ordinance-speak": "address=formal, units=us"}
    gateway = opened(house("language de", "on miss ask once more"))
    reply = httpx2.post(gateway.address + CHAT, json=body(CHAT), headers=headers, timeout=PATIENCE, trust_env=False)
    told = reply.json()["ordinance"]
    assert {each["slot"]: each["state"] for each in told["adapters"]}["address"] == "missed"
    assert "asked_again" not in told


def test_an_answer_from_which_something_was_removed_is_not_asked_for_again(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """Nor is it released if it is the second: so what is told of asking says nothing of what was removed."""
    gateway = open_gateway(plan_of(tmp_path, HOUSE), jurisdiction=None)
    red = "ordinance-canary-weapons-7f3a9c"
    upstream.script = one_after_the_other(f"{FAMILIAR} {red}")
    seen = ask(gateway)
    assert (seen.ordinance["verdict"], "asked_again" in seen.ordinance, len(asked(upstream))) == ("refuse", False, 1)
    upstream.script = one_after_the_other(FAMILIAR, f"{POLITE} {red}")
    reply = httpx2.post(gateway.address + CHAT, json=body(CHAT), timeout=PATIENCE, trust_env=False).json()
    seen = read(CHAT, reply)
    assert (seen.text, seen.ordinance["verdict"]) == (FAMILIAR, "pass")
    assert seen.ordinance["asked_again"] == {"released": "first"}
    assert red not in json.dumps(reply)
    assert reply["usage"]["completion_tokens"] == len(FAMILIAR), "what nobody sees is not counted"


async def failing(wire: Wire) -> None:
    await wire.json({"error": {"message": "no"}}, status=500)


async def torn(wire: Wire) -> None:
    wire.break_off()


async def unreadable(wire: Wire) -> None:
    await wire.json({"choices": []})


@pytest.mark.parametrize(
    ("second", "problem"),
    [(failing, "upstream_failed"), (torn, "upstream_unreachable"), (unreadable, "upstream_malformed")],
)
def test_whatever_becomes_of_the_second_there_is_the_first(
    second: Any, problem: str, opened: Open, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = one_after_the_other(FAMILIAR, second)
    seen = ask(opened())
    assert seen.text == FAMILIAR
    assert seen.ordinance["asked_again"] == {"released": "first", "problem": problem}
    assert record(tmp_path)["status"] == 200


def test_a_call_in_the_second_answer_never_leaves(opened: Open, upstream: ScriptedUpstream) -> None:
    upstream.script = one_after_the_other(FAMILIAR, script(*letters(POLITE), *letters('{"a": 1}', CALL)))
    seen = ask(opened())
    assert (seen.text, seen.calls) == (FAMILIAR, "")


def test_the_second_question_counts_among_the_requests_of_a_key(opened: Open, upstream: ScriptedUpstream) -> None:
    key = "sk-limited"
    limits = {"requests_per_minute": 3}
    entry = {"name": "pupils", "sha256": hashlib.sha256(key.encode()).hexdigest(), "limits": limits}
    gateway = opened(keys=[entry])
    upstream.script = one_after_the_other(FAMILIAR, POLITE, FAMILIAR)
    assert ask(gateway, key=key).text == POLITE
    last = ask(gateway, key=key)
    assert (last.text, "asked_again" in last.ordinance) == (FAMILIAR, False), "there is no room for a fourth question"
    headers = {"authorization": f"Bearer {key}"}
    refused = httpx2.post(gateway.address + CHAT, json=body(CHAT), headers=headers, timeout=PATIENCE, trust_env=False)
    assert refused.status_code == 429
    assert len(asked(upstream)) == 3


BYLAW = """\
bylaw rules { title "Rules" adopted by "The house" on 2026-09-01 }
notice hello { de "Hier antwortet eine Maschine. {law}." en "A machine answers. {law}." }
"""
SAYS = """
section 1 "Hello" {
  say 1.1 hello {
    at first answer of conversation under rules telling hello
    example fires answer "x" given turn 1 example quiet answer "x" given turn 2
  }
}
"""


def test_notices_stand_beside_the_second_as_beside_the_first(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    telling = HOUSE.replace("speak {", f"{BYLAW}\nspeak {{") + SAYS
    gateway = open_gateway(plan_of(tmp_path, telling), jurisdiction=None)
    upstream.script = one_after_the_other(FAMILIAR, POLITE)
    seen = ask(gateway)
    assert seen.kinds == ["addition"]
    assert (POLITE in seen.text, FAMILIAR in seen.text, seen.text.count("A machine answers.")) == (True, False, 1)


def test_what_is_steered_is_read_as_any_answer() -> None:
    """The helper above counts one token a letter."""
    spoken = Spoken(tuple(Token(1, each) for each in SHORT), "stop")
    assert whole(CHAT, {}, [spoken])["usage"]["completion_tokens"] == len(SHORT)


def test_a_client_that_leaves_ends_the_second_question(
    opened: Open, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    gateway = opened()
    upstream.script = one_after_the_other(FAMILIAR, send_and_wait(kind="application/json"))
    with pytest.raises(httpx2.TimeoutException):
        httpx2.post(gateway.address + CHAT, json=body(CHAT), timeout=2, trust_env=False)
    assert upstream.asked[-1].gone.wait(PATIENCE)
    assert record(tmp_path)["status"] == 499


def test_the_time_that_the_server_has_ends_the_second_question(opened: Open, upstream: ScriptedUpstream) -> None:
    async def silent(wire: Wire) -> None:
        await asyncio.sleep(PATIENCE)

    gateway = opened(upstream={"url": upstream.url, "idle_seconds": 0.5})
    upstream.script = one_after_the_other(FAMILIAR, silent)
    seen = ask(gateway)
    assert (seen.text, seen.ordinance["asked_again"]["problem"]) == (FAMILIAR, "upstream_timeout")
