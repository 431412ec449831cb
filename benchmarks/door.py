"""What a door adds to an event of a stream, beside the limits: the same events, in one run, in microseconds.

The session's own cost (its automata) is measured by itself and taken off, for it is the same behind every door. Where
somebody chose the language, a way to speak is in force, and what leaves is looked at for it too: those rows say so.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from prose import prose

from ordinance.loading.load import load
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.said import Top
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate

#: Deltas as a tokenizer cuts them. No shipped rule of scope span begins with one of these, so nothing is held.
WORDS = (" the", " of", " morning", " river", " and", " a", " teacher", " walked", " over", ".", " It", " was", "\n")
_STRING = msgspec.json.Decoder(str).decode


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta
    index: int = 0
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    id: str
    choices: list[_Choice]


def events(count: int) -> tuple[list[str], list[bytes]]:
    """Texts of a few words, met a thousand times, and the events that carry them."""
    chance = random.Random(7)  # noqa: S311 - the same text every time
    texts = chance.choices(WORDS, k=count)
    return texts, carried(texts)


def novel(count: int) -> tuple[list[list[str]], list[list[bytes]]]:
    """Rounds of ``count`` texts, prose cut every four characters, none of which is met twice; and their events."""
    text = prose(10**9)
    cut = [text[at : at + 4] for at in range(0, len(text), 4)]
    rounds = [cut[at : at + count] for at in range(0, len(cut) - count, count)]
    return rounds, [carried(each) for each in rounds]


def carried(texts: list[str]) -> list[bytes]:
    """The events that carry ``texts`` as an inference server writes them."""
    start = (
        b'data: {"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1700000000,"model":"m",'
    )
    start += b'"choices":[{"index":0,"delta":{"content":'
    end = b'},"logprobs":null,"finish_reason":null,"token_ids":null}]}\n\n'
    return [start + msgspec.json.encode(text) + end for text in texts]


def each(function: Callable[[Any], object], given: Sequence[Any], rounds: int) -> tuple[float, float]:
    """Microseconds of processor time for one of ``given``: the median and the least of the rounds, each of which is
    short, so that the least is one in which nothing else ran."""
    return over(function, [given] * rounds)


def over(function: Callable[[Any], object], rounds: Sequence[Sequence[Any]]) -> tuple[float, float]:
    """The same where each round has events of its own."""
    times = taken(function, rounds)
    return statistics.median(times), min(times)


def anew(make: Callable[[], Callable[[Any], object]], rounds: Sequence[Sequence[Any]]) -> tuple[float, float]:
    """The same for texts that are never met again, each given to three policies that have met none: the median of all
    rounds, and the mean of the rounds, each at the least of the three, since each is another text."""
    times = [taken(make(), rounds) for _ in range(3)]
    return statistics.median([each for run in times for each in run]), statistics.fmean(
        map(min, zip(*times, strict=True))
    )


def taken(function: Callable[[Any], object], rounds: Sequence[Sequence[Any]]) -> list[float]:
    times = []
    for given in rounds:
        start = time.process_time()
        for one in given:
            function(one)
        times.append((time.process_time() - start) / len(given) * 1e6)
    return times


def session(*, looked_at: bool = False) -> Session:
    """The shipped policy of the charter and the EU, in which no rule holds a sentence. ``looked_at``: somebody chose
    English, so a language pack says how to speak, and what leaves is looked at."""
    plan = load().plan
    return Session(plan, situate(plan, jurisdiction="EU", turn=2), "en", speaks=looked_at)


def blocks(texts: list[str]) -> dict[Api, list[bytes]]:
    """The same texts as the two protocols carry them in which an answer is a sequence of blocks."""
    response = (
        b'event: response.output_text.delta\ndata: {"content_index":0,"delta":%s,"item_id":"msg_0123456789abcdef",'
        b'"logprobs":[],"output_index":0,"sequence_number":7,"type":"response.output_text.delta"}\n\n'
    )
    message = (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":%s},'
        b'"index":0}\n\n'
    )
    return {api: [form % msgspec.json.encode(text) for text in texts]
            for api, form in ((RESPONSES, response), (MESSAGES, message))}  # fmt: skip


def door(opened: Session, api: Api = CHAT) -> Callable[[bytes], bytes]:
    """All that happens to the bytes of an upstream between two sockets."""
    request = api.read_request(b'{"messages":[{"role":"user","content":"hi"}],"input":"hi","stream":true}')
    sent_on(api, request, opened, system_is_ours=False)
    return GovernedStream(api, request, opened, Top("x", 1, "m")).take


def content_only(sent: bytes) -> Callable[[bytes], object]:
    before = sent.index(b'"content":') + 10
    after = len(sent) - sent.index(b"}", before)
    prefix, suffix = sent[:before], sent[-after:]

    def decode(event: bytes) -> object:
        return _STRING(event[before:-after]) if event.startswith(prefix) and event.endswith(suffix) else None

    return decode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=400)
    given = parser.parse_args()
    texts, sent = events(given.events)
    typed, untyped = msgspec.json.Decoder(_Chunk), msgspec.json.Decoder()
    govern, alone = door(session()), session().stream()
    unchanged = sum(govern(event) == event for event in sent) / len(sent)
    measured: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {
        "pass-through (the limit)": (lambda event: event, sent),
        "decode only the content": (content_only(sent[0]), sent),
        "msgspec, typed, bytes unchanged": (lambda event: typed.decode(event[6:-2]), sent),
        "msgspec, decode and encode": (lambda event: msgspec.json.encode(untyped.decode(event[6:-2])), sent),
        "standard json, both ways": (lambda event: json.dumps(json.loads(event[6:-2])), sent),
        "the session alone": (alone.feed, texts),
        "door and session": (govern, sent),
        **{f"the same, {api.path}": (door(session(), api), given) for api, given in blocks(texts).items()},
        "looked at: the session alone": (session(looked_at=True).stream().feed, texts),
        "looked at: door and session": (door(session(looked_at=True)), sent),
    }
    costs = {name: each(function, of, given.rounds) for name, (function, of) in measured.items()}
    median, least = (
        whole - own for whole, own in zip(costs["door and session"], costs["the session alone"], strict=True)
    )
    costs["the door's own"] = median, least
    rounds, carrying = novel(given.events)
    costs["novel prose: the session alone"] = anew(lambda: session().stream().feed, rounds)
    costs["novel prose: door and session"] = anew(lambda: door(session()), carrying)
    costs["novel prose, looked at: both"] = anew(lambda: door(session(looked_at=True)), carrying)
    limit = costs["msgspec, typed, bytes unchanged"][1]
    print(
        f"{given.events} events, {unchanged:.0%} of them unchanged byte for byte; {given.rounds} rounds, microseconds"
    )
    print(f"{'':34} {'median':>8} {'least':>8} {'least, of typed':>16}")
    for name, (middle, low) in costs.items():
        print(f"{name:34} {middle:8.2f} {low:8.2f} {low / limit:15.2f}x")


if __name__ == "__main__":
    main()
