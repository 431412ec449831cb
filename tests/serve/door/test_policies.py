"""What a key says of whoever uses it: the houses that apply, the language of notices, whether a machine reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.errors import OrdinanceError, PolicyError, SituationError
from ordinance.serve.door.policies import Policies, common_plan, policies_of
from ordinance.settings.model import Settings
from support.desks import DESKS, key, two_desks
from support.serving import PATIENCE, LoopThread, OpenGateway, RunningGateway, ScriptedUpstream, say
from support.small_plan import MACHINE, OMITTED, RED_LINE, REFUSED, SENTENCE, small_plan

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(gateway: RunningGateway, name: str, headers: Mapping[str, str] | None = None, **fields: Any) -> httpx2.Response:
    return httpx2.post(
        f"{gateway.address}/v1/chat/completions",
        json=ASK | fields,
        headers={"authorization": f"Bearer {name}", **(headers or {})},
        timeout=PATIENCE,
        trust_env=False,
    )


def content(answer: httpx2.Response) -> str:
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return str(answer.json()["choices"][0]["message"]["content"] or "")
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    return "".join(c["delta"].get("content") or "" for one in events for c in one.get("choices", ()))


# Houses


def test_two_schools_on_one_gateway_do_not_hear_each_others_rules(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = say("Hello.")
    values = two_desks(
        tmp_path, pupil={"houses": ["school"]}, teacher={"houses": ["school"]}, clerk={"houses": ["ministry"]}, guest={}
    )
    policies = policies_of(Settings.model_validate(values))
    assert len(policies.by_houses) == 2, "each set is loaded once"
    gateway = open_gateway(policies, **values)
    told, digests = {}, {}
    for name in ("pupil", "teacher", "clerk", "guest"):
        answer = ask(gateway, name)
        told[name] = content(answer)
        digests[name] = answer.json()["ordinance"]["policy"]["digest"]
        assert answer.headers["x-ordinance-policy"].endswith(digests[name][:16])
    assert told == {
        "pupil": f"{DESKS['school']}\n\nHello.",
        "teacher": f"{DESKS['school']}\n\nHello.",
        "clerk": f"{DESKS['ministry']}\n\nHello.",
        "guest": "Hello.",
    }
    assert digests["pupil"] == digests["teacher"]
    assert len(set(digests.values())) == 3, "each policy has a digest of its own"


def test_a_house_that_is_not_there_is_told_with_the_key(tmp_path: Path) -> None:
    values = two_desks(tmp_path, pupil={"houses": ["scool"]})
    with pytest.raises(SituationError, match=r"the key 'pupil'.*no house pack is called `scool`"):
        policies_of(Settings.model_validate({**values, "packs": values["packs"][:1]}))


def test_houses_that_contradict_each_other_are_told_with_the_key(tmp_path: Path) -> None:
    values = two_desks(tmp_path, both={"houses": ["school", "ministry"]})
    with pytest.raises(OrdinanceError, match=r"the key 'both', with the houses `ministry`, `school`: .*address"):
        policies_of(Settings.model_validate(values))


def test_a_house_that_no_key_names_applies_to_everyone(tmp_path: Path) -> None:
    values = two_desks(tmp_path, pupil={"houses": ["school"]})
    policies = policies_of(Settings.model_validate({**values, "packs": values["packs"][:1]}))
    assert [pack.name for pack in policies.common.packs if pack.kind == "house"] == []
    alone = policies_of(Settings.model_validate({**values, "packs": values["packs"][:1], "keys": []}))
    assert [pack.name for pack in alone.common.packs if pack.kind == "house"] == ["school"]


def test_another_policy_than_the_one_that_is_expected_does_not_load(tmp_path: Path) -> None:
    values = two_desks(tmp_path, pupil={"houses": ["school"]}, clerk={"houses": ["ministry"]})
    digest = policies_of(Settings.model_validate(values)).common.digest
    assert policies_of(Settings.model_validate({**values, "expect": digest})).common.digest == digest
    other = Settings.model_validate({**values, "expect": "0" * 64})
    for load in (policies_of, common_plan):
        with pytest.raises(PolicyError, match=f"has the digest {digest}, but `expect` is 0000"):
            load(other)


def test_a_key_whose_houses_are_not_loaded_yet_waits_for_them(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, loop_thread: LoopThread, tmp_path: Path
) -> None:
    """New keys come into force before a policy is compiled, but not under a policy that is not theirs."""
    upstream.script = say("Hello.")
    values = two_desks(tmp_path, guest={})
    keys: dict[str, Any] = {"guest": {}, "pupil": {"houses": ["school"]}, "clerk": {"houses": ["ministry"]}}
    later = Settings.model_validate(two_desks(tmp_path, **keys))
    plan = small_plan()

    def load() -> Policies:
        assert ask(gateway, "pupil").status_code == 401, "not before its policy is there"
        return Policies(plan, policies_of(later).by_houses)

    gateway = open_gateway(plan, load=load, reread=lambda: later, **values)
    loop_thread.run(gateway.service.standing.renew())
    assert content(ask(gateway, "pupil")) == f"{DESKS['school']}\n\nHello."
    assert content(ask(gateway, "guest")) == "Hello."


# Language


def test_a_key_has_a_language_of_its_own(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = say("Hello.")
    gateway = open_gateway(locale="en", keys=[key("berlin", locale="de-DE"), key("london")])
    assert content(ask(gateway, "berlin")).startswith(MACHINE["de"])
    assert content(ask(gateway, "london")).startswith(MACHINE["en"])
    assert content(ask(gateway, "berlin", {"accept-language": "en"})).startswith(MACHINE["en"])


# Machines


@pytest.mark.requirement("TR-4")
def test_a_machine_finds_notices_in_metadata_and_headers_alone(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    upstream.script = say(f"A title. {SENTENCE}")
    gateway = open_gateway(keys=[key("titles", audience="machine"), key("people", audience="person")])
    told = [MACHINE["en"], OMITTED["en"]]
    whole = ask(gateway, "titles")
    assert content(whole) == "A title. Look at the ⟦…⟧ over there."
    assert [notice["text"] for notice in whole.json()["ordinance"]["notices"]] == told
    assert json.loads(whole.headers["x-ordinance-notices"]) == told
    stream = ask(gateway, "titles", stream=True)
    assert content(stream) == "A title. Look at the ⟦…⟧ over there."
    assert all(json.dumps(each, ensure_ascii=False) in stream.text for each in told)
    person = ask(gateway, "people")
    assert content(person) == f"{told[0]}\n\nA title. Look at the ⟦…⟧ over there.\n\n{told[1]}"
    assert "x-ordinance-notices" not in person.headers


def test_a_machine_is_refused_without_words(open_gateway: OpenGateway) -> None:
    gateway = open_gateway(keys=[key("titles", audience="machine")])
    for streaming in (False, True):
        answer = ask(gateway, "titles", messages=[{"role": "user", "content": RED_LINE}], stream=streaming)
        assert (answer.status_code, content(answer)) == (200, "")
        assert "content_filter" in answer.text
        assert REFUSED["en"] in answer.text


def test_a_client_cannot_take_notices_out_of_the_text(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    """Whether a machine reads an answer is what the operator says of a key, and no request."""
    upstream.script = say("Hello.")
    gateway = open_gateway(keys=[key("people")])
    for value in ("metadata", "header", "none", "machine", "false"):
        for name in ("x-ordinance-notices", "x-ordinance-audience"):
            assert content(ask(gateway, "people", {name: value})) == f"{MACHINE['en']}\n\nHello."
    assert content(ask(gateway, "people", metadata={"audience": "machine"})) == f"{MACHINE['en']}\n\nHello."


# Settings


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"audience": "robot"}, "audience"),
        ({"locale": "not a tag"}, "locale"),
        ({"houses": "school"}, "houses"),
    ],
)
def test_what_a_key_cannot_say(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=rf"keys\.0\.{place}"):
        Settings.model_validate({"keys": [key("a", **wrong)]})


def test_sets_of_houses_are_bounded() -> None:
    keys = [key(f"k{number}", houses=[f"h{number}"]) for number in range(33)]
    assert len(Settings.model_validate({"keys": keys[:32]}).keys) == 32
    with pytest.raises(ValueError, match="more than 32 different sets of houses"):
        Settings.model_validate({"keys": keys})
