"""A prompt is read once: what is remembered of it changes nothing that comes of it, and is no text."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.detection import Expressions, Passage, Pattern, Prepared
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.prompts import sent_on
from ordinance.runtime.exchanges import Asked
from ordinance.runtime.match.matcher import Match, Matcher
from ordinance.runtime.match.segments import DetectorError
from ordinance.runtime.memory import BLOCK, MOST_CLIENTS, SCREENED, UNMASKED, Memories, Memory
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.governing import read
from support.plans import expressions, mask, plan, refuse, sentences, withhold
from support.serving import PATIENCE, LoopThread, OpenGateway, ScriptedUpstream

PROMPT = frozenset({Channel.PROMPT})
PROVIDE: dict[str, Any] = {"effect": Effect.PROVIDE, "kind": NoticeKind.CONTACT, "contacts": "crisis"}


class Counting:
    """A detector of sentences that finds LOOK, fails at CRASH and for good at LOST, and knows what it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, sentence: str) -> Iterator[tuple[int, int]]:
        self.shown.append(sentence)
        if "CRASH" in sentence:
            raise ValueError
        if "LOST" in sentence:
            raise DetectorError("it is lost", lasting=True)
        at = sentence.find("LOOK")
        if at >= 0:
            yield at, at + 4


def even(passage: Passage) -> bool:
    return passage.text.isdigit() and int(passage.text) % 2 == 0


# the law


def policy(red: str, *, trial: bool) -> Plan:
    """Two of these are before and after a SIGHUP: another red line, and a rule that is on trial or not."""
    finds: dict[str, Prepared] = {
        "red": expressions((red,)),
        "sad": expressions(("so sad",)),
        "tried": expressions(("a try",)),
        "look": sentences(Counting()),
        "code": Expressions(patterns=(Pattern(r"\b77[0-9]{2}\b", accepts=even),)),
        "name": expressions(("ada b",)),
        "loud": sentences(Counting()),
    }
    rules = [
        refuse("baseline/red", "red"),
        refuse(
            "baseline/sad", "sad", effect=Effect.PROVIDE, kind=NoticeKind.CONTACT, contacts="crisis", disguised=True
        ),
        refuse("baseline/tried", "tried", trial=trial),
        refuse("baseline/look", "look", jurisdiction="EE"),
        mask("DE/codes", "code", channels=PROMPT),
        mask("DE/names", "name", channels=PROMPT),
        mask("DE/loud", "loud", channels=PROMPT, jurisdiction="EE"),
        withhold("DE/flags", "red"),
    ]
    return plan(rules, finds)


POLICIES = policy("red line", trial=True), policy("red wine", trial=False)

PIECES = (
    "red ", "line", "wine", " line.", "so ", "sad", "s-o-s-a-d", "a ", "try", "7701", "7702", "77", "02", " ada", " b",
    "LOOK", "CRASH", "LOST", "Good day. ", "\u200b", "\n", "é", "x" * 40, "\\u0072ed line", '"', "[code]",
)  # fmt: skip


def called(arguments: object) -> dict[str, Any]:
    return {"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps(arguments)}}


#: Each is found under one policy, in one place, or by a mask alone.
FOUND = "red line", "The red wine.", "so sad", "a try", "7702", "ada b", "Please LOOK.", "Please CRASH."
TEXTS = st.sampled_from(FOUND) | st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
CONTENTS = TEXTS | st.lists(TEXTS, max_size=3).map(lambda texts: [{"type": "text", "text": text} for text in texts])
ROLES = st.sampled_from(["user", "assistant", "system", "tool"])
SAID = st.builds(lambda role, content: {"role": role, "content": content}, ROLES, CONTENTS) | st.builds(
    lambda text: {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps({"a": text})}}
        ],
    },
    TEXTS,
)
Messages = list[dict[str, Any]]
EDITS: list[Callable[[Messages, Messages, int], Messages]] = [
    lambda said, new, at: said + new,
    lambda said, new, at: said[:at] + new + said[at + 1 :],
    lambda said, new, at: said[:at] + said[at + 1 :],
    lambda said, new, at: said[at:] + said[:at],
    lambda said, new, at: said,
    lambda said, new, at: new,
]


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a conversation that was edited before it, under what may be another policy or another key."""

    edit: Callable[[Messages, Messages, int], Messages]
    new: Messages
    at: int
    policy: int
    jurisdiction: str
    key: str
    salt: bytes
    ours: bool


TURNS = st.lists(
    st.builds(
        Turn,
        st.sampled_from(EDITS[:1] * 3 + EDITS[1:]),
        st.lists(SAID, min_size=1, max_size=3),
        st.integers(0, 5),
        st.integers(0, 1),
        st.sampled_from(["DE", "DE", "EE"]),
        st.sampled_from(["a", "a", "a", "b"]),
        st.sampled_from([b"", b"", b"", b"s"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def outcome(api: Api, said: Messages, turn: Turn, memory: Memory | None) -> tuple[object, ...]:
    """All that comes of what is asked."""
    of = POLICIES[turn.policy]
    situation = situate(of, jurisdiction=turn.jurisdiction)
    session = Session(of, situation, "en", memory=memory, salt=turn.salt)
    if api is COMPLETIONS:
        fields: dict[str, Any] = {"prompt": ["".join(map(str, said)), *(str(each["content"]) for each in said)]}
    else:
        fields = {"input" if api is RESPONSES else "messages": said}
    body = sent_on(api, read(api, **fields), session, system_is_ours=turn.ours)
    prompt = session.prompt
    stream = session.stream()
    answer = stream.feed("The red line.") + stream.close()
    return (
        body, prompt.found.rules, prompt.found.trials, {rule.id for rule in prompt.found.failed}, prompt.found.fault,
        prompt.found.masked,
        answer, session.outcome(), session.record(),
    )  # fmt: skip


#: A case asks the whole engine up to eighteen times.
LAW = settings(max_examples=settings().max_examples // 2)


APIS = st.sampled_from([CHAT, CHAT, MESSAGES, RESPONSES, COMPLETIONS])


@LAW
@given(APIS, TURNS, st.sampled_from([4, 1000, 1000]), st.sampled_from([BLOCK, 3, 7]))
def test_with_any_memory_the_same_comes_of_what_is_asked(api: Api, turns: list[Turn], most: int, block: int) -> None:
    memories = Memories(most, block)
    said: Messages = []
    for turn in turns:
        said = turn.edit(said, turn.new, turn.at % (len(said) or 1)) or turn.new
        asked = [each for each in said if "tool_calls" not in each] if api is RESPONSES else said
        for which in (turn, replace(turn, policy=1 - turn.policy), turn):
            if asked:
                known = outcome(api, asked, which, memories.of(turn.key))
                assert known == outcome(api, asked, which, None)


@given(st.lists(st.sampled_from(PIECES) | TEXTS, min_size=2, max_size=12), st.integers(1, 9), st.booleans())
def test_a_text_that_grows_is_read_on_to_the_same_end(pieces: list[str], block: int, cut: bool) -> None:
    memory, text = Memories(4000, block).of("key"), ""
    turn = Turn(EDITS[0], [], 0, 0, "DE", "a", b"", False)
    for piece in pieces:
        text = text[: len(text) // 2] + piece if cut and len(text) > 30 else text + piece
        said = [{"role": "user", "content": text}]
        assert outcome(CHAT, said, turn, memory) == outcome(CHAT, said, turn, None)


@given(TEXTS)
def test_what_masks_do_to_a_prompt_is_what_the_redactor_does(text: str) -> None:
    for jurisdiction in ("DE", "EE"):
        session = Session(POLICIES[0], situate(POLICIES[0], jurisdiction=jurisdiction), "en")
        masking = activate(POLICIES[0], session.activation.rules, part=Channel.PROMPT)
        redactor = Redactor(masking, placeholders=session.placeholders)
        assert session.mask(text) == redactor.feed(text) + redactor.close()
        assert session.prompt.found.masked == redactor.omitted


# what is looked at


def screened(of: Plan, memory: Memory | None, *texts: str, salt: bytes = b"", jurisdiction: str = "DE") -> Session:
    session = Session(of, situate(of, jurisdiction=jurisdiction), "en", memory=memory, salt=salt)
    session.screen(texts)
    for text in texts:
        session.mask(text)
    session.prompt.confirm(texts)
    return session


@pytest.fixture
def asked() -> Counting:
    return Counting()


@pytest.fixture
def watched(asked: Counting) -> Plan:
    return plan([refuse("baseline/look", "look")], {"look": sentences(asked)})


def test_a_text_that_was_clean_is_looked_at_once(watched: Plan, asked: Counting) -> None:
    memory = Memories().of("key")
    assert screened(watched, memory, "Good day.").prompt.unknown(Asked(["Good day.", "Well?"])) == 5
    screened(watched, memory, "Well?", "Good day.")
    assert asked.shown == ["Good day.", "Well?"]
    screened(watched, None, "Good day.")
    assert asked.shown == ["Good day.", "Well?", "Good day."]


def test_a_long_text_that_grows_is_read_on_from_its_last_block(monkeypatch: pytest.MonkeyPatch) -> None:
    of = plan([refuse("baseline/red", "red"), mask("DE/names", "name", channels=PROMPT)], POLICIES[0].detectors)
    met: list[str] = []
    feed = Matcher.feed

    def note(matcher: Matcher, char: str, at: int) -> list[Match]:
        met.append(char)
        return feed(matcher, char, at)

    monkeypatch.setattr(Matcher, "feed", note)
    memory, text = Memories().of("key"), "A word or two. " * 1000
    screened(of, memory, text)
    assert len(met) == 2 * len(text), "for the red line, and for the mask"
    met.clear()
    assert not screened(of, memory, text + "More.").prompt.refused
    assert len(met) == 2 * (len(text + "More.") - len(text) // BLOCK * BLOCK)
    head = "x" * (2 * BLOCK - 5) + " red"
    assert not screened(of, memory, head + " wine").prompt.refused
    assert screened(of, memory, head + " line").prompt.refused, "the phrase lies across the place"


def test_what_fires_or_fails_is_looked_at_each_time(watched: Plan, asked: Counting) -> None:
    memory = Memories().of("key")
    for _ in range(2):
        assert screened(watched, memory, "Please LOOK.").prompt.found.rules
        assert screened(watched, memory, "Please CRASH.").prompt.found.failed
    assert asked.shown == ["Please LOOK.", "Please CRASH."] * 2
    assert len(memory) == 0


def test_another_key_another_salt_and_another_policy_know_nothing(watched: Plan, asked: Counting) -> None:
    memories = Memories()
    screened(watched, memories.of("one"), "Good day.")
    for memory, salt, of in (
        (memories.of("two"), b"", watched),
        (memories.of("one"), b"salt", watched),
        (memories.of("one"), b"", replace(watched)),
        (Memories().of("one"), b"", watched),
    ):
        screened(of, memory, "Good day.", salt=salt)
    assert len(asked.shown) == 5
    assert memories.of("one") is memories.of("one")


def test_a_rule_of_another_situation_sees_what_was_clean_here(asked: Counting) -> None:
    of = plan([refuse("baseline/look", "look", jurisdiction="EE")], {"look": sentences(asked)})
    memory = Memories().of("key")
    assert not screened(of, memory, "Please LOOK.").prompt.refused
    assert screened(of, memory, "Please LOOK.", jurisdiction="EE").prompt.refused


def test_masks_look_once_too(asked: Counting) -> None:
    of = plan([mask("DE/loud", "loud", channels=PROMPT)], {"loud": sentences(asked)})
    memory = Memories().of("key")
    for _ in range(2):
        assert screened(of, memory, "Good day.").mask("Good day.") == "Good day."
    assert asked.shown == ["Good day."], "and what is sent on is known to be clean, since it did not change"
    for _ in range(2):
        assert screened(of, memory, "Please LOOK.").mask("Please LOOK.") == "Please [code]."
    assert asked.shown[1:].count("Please LOOK.") == len(asked.shown) - 1 > 2
    again = Session(of, situate(of, jurisdiction="DE"), "en", memory=memory).prompt
    assert again.unknown(Asked(["Please LOOK.", "Good day."])) == 12, "nothing but the mask finds something"


# memory


def test_the_texts_that_were_met_last_are_remembered() -> None:
    memory = Memories(most=3).of("key")
    for text in ("one", "two", "three"):
        memory.within(1, b"").note(text, SCREENED)
    assert memory.within(1, b"").facts("one") == SCREENED
    memory.within(1, b"").note("four", SCREENED)
    known = memory.within(1, b"")
    assert [known.facts(text) for text in ("one", "two", "three", "four")] == [SCREENED, 0, SCREENED, SCREENED]
    known.note("one", UNMASKED)
    assert memory.within(1, b"").facts("one") == SCREENED | UNMASKED
    assert (len(memory), memory.within(2, b"").facts("one")) == (3, 0)


def test_numbers_salts_and_texts_do_not_run_together() -> None:
    memory = Memories().of("key")
    memory.within(1, b"2 ab").note("c", SCREENED)
    for number, salt, text in ((1, b"2 a", "bc"), (12, b"ab", "c"), (1, b"2 abc", ""), (1, b"", "2 abc")):
        assert memory.within(number, salt).facts(text) == 0
    memory.within(1, b"").note("\ud800", SCREENED)
    assert memory.within(1, b"").facts("\ud800") == SCREENED


def test_no_client_pushes_out_what_another_said_and_all_together_are_bounded() -> None:
    memories = Memories(most=40)
    for text in map(str, range(100)):
        memories.of("busy").within(1, b"").note(text, SCREENED)
    assert len(memories.of("busy")) == 40
    for text in map(str, range(15)):
        memories.of("quiet").within(1, b"").note(text, SCREENED)
    for text in map(str, range(100)):
        memories.of("busy").within(1, b"").note(text, SCREENED)
    assert (len(memories.of("busy")), len(memories.of("quiet"))) == (20, 15)
    for client in map(str, range(MOST_CLIENTS)):
        memories.of(client)
    assert len(memories.of("busy")) == 0, "of so many clients, the first are forgotten"


def test_threads_may_use_one_memory() -> None:
    memory, faults = Memories(most=50).of("key"), []

    def use() -> None:
        try:
            for number in range(3000):
                known = memory.within(1, b"")
                known.note(str(number % 70), SCREENED)
                known.facts(str(number * 7 % 70))
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(memory) == 50


# behind the door

CANARY = "-".join(("zwieback", "canary", "asked"))  # as no line of this file has it


def reachable(start: object) -> Iterator[object]:
    """All that an object refers to, but for modules, classes and functions."""
    waiting, seen = [start], {id(start)}
    while waiting:
        found = waiting.pop()
        yield found
        for each in gc.get_referents(found):
            if id(each) not in seen and not isinstance(each, type | type(sys) | type(reachable)):
                seen.add(id(each))
                waiting.append(each)


@pytest.mark.server
def test_no_text_is_kept() -> None:
    memories, text = Memories(), " ".join(["Good", CANARY])
    of = plan([refuse("baseline/red", "red"), mask("DE/names", "name", channels=PROMPT)], POLICIES[0].detectors)
    screened(of, memories.of("key"), text)
    assert len(memories.of("key")) == 1
    known = [found for found in reachable(memories) if isinstance(found, str | bytes)]
    assert any(isinstance(found, bytes) and len(found) == 16 for found in known), "a digest of 128 bits"
    assert hashlib.blake2b(text.encode(), digest_size=16).digest() not in known, "and none that anybody can make"
    del text
    assert not [found for found in known if CANARY in str(found)]
    assert not [found for found in strings_of_the_heap(CANARY) if found is not CANARY]


def strings_of_the_heap(said: str) -> Iterator[str]:
    """The strings in the containers of this process that say it, but for the source of this file."""
    gc.collect()
    for container in gc.get_objects():
        if isinstance(container, dict | list | tuple | set):
            for each in [*container.values()] if isinstance(container, dict) else [*container]:
                if isinstance(each, str) and said in each and "def test_no_text_is_kept" not in each:
                    yield each


KEYS = [{"name": "same", "sha256": hashlib.sha256(key.encode()).hexdigest()} for key in ("one", "two")]


def chat(address: str, said: Messages, key: str = "", **more: Any) -> httpx2.Response:
    asked = {"model": "m", "messages": said, **more}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx2.post(
        f"{address}/v1/chat/completions", json=asked, headers=headers, trust_env=False, timeout=PATIENCE
    ).raise_for_status()


SAY = [{"role": "user", "content": "Good day to you."}]


@pytest.mark.parametrize(
    ("first", "then", "again"),
    [
        ({"key": "one"}, {"key": "one"}, False),
        ({"key": "one"}, {"key": "two"}, True),
        ({"key": "one"}, {"key": "one", "cache_salt": "mine"}, True),
        ({"key": "one", "cache_salt": "mine"}, {"key": "one", "cache_salt": "mine"}, False),
    ],
)
def test_a_hit_tells_no_client_what_another_said(
    open_gateway: OpenGateway,
    upstream: ScriptedUpstream,
    watched: Plan,
    asked: Counting,
    first: dict[str, Any],
    then: dict[str, Any],
    again: bool,
) -> None:
    address = open_gateway(watched, keys=KEYS).address
    chat(address, SAY, **first)
    shown = len(asked.shown)
    chat(address, SAY, **then)
    assert ("Good day to you." in asked.shown[shown:]) is again


def test_without_keys_those_who_show_the_same_credential_are_one_client(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, watched: Plan, asked: Counting
) -> None:
    address = open_gateway(watched).address
    for key, times in (("", 1), ("", 1), ("sk-1", 2), ("sk-2", 3), ("sk-1", 3)):
        chat(address, SAY, key)
        assert asked.shown.count("Good day to you.") == times


def test_after_a_new_policy_everything_is_looked_at_again(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, loop_thread: LoopThread, watched: Plan, asked: Counting
) -> None:
    gateway = open_gateway(watched, load=lambda: replace(watched, digest="f" * 64))
    for times in (1, 1, 2, 2):
        chat(gateway.address, SAY)
        assert asked.shown.count("Good day to you.") == times
        if times == 1 and gateway.service.plan is watched and len(upstream.asked) == 2:
            loop_thread.run(gateway.service.standing.renew())


@pytest.mark.parametrize(("length", "away"), [(4_000, False), (9_000, True)])
def test_much_that_is_new_is_looked_at_aside_and_what_is_known_where_it_came(
    open_gateway: OpenGateway,
    upstream: ScriptedUpstream,
    loop_thread: LoopThread,
    monkeypatch: pytest.MonkeyPatch,
    length: int,
    away: bool,
) -> None:
    where: list[bool] = []
    inside = Session.hear

    def hear(session: Session, asked: Asked) -> frozenset[int]:
        try:
            asyncio.get_running_loop()
            where.append(False)
        except RuntimeError:
            where.append(True)
        return inside(session, asked)

    monkeypatch.setattr(Session, "hear", hear)
    address = open_gateway(plan([refuse("baseline/red", "red")], {"red": expressions(("red line",))})).address
    said = [{"role": "user", "content": "word " * (length // 5)}]
    chat(address, said)
    chat(address, said)
    assert where == [away, False]
