"""Answers that a rule marks, signed with a key of the tests: made by each protocol, as a client receives them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from ordinance.policy.plan import UNTOLD, Plan
from ordinance.policy.vocabulary import Effect
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.govern.whole import govern_whole
from ordinance.runtime.marking import Sign
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.trust.marks.signer import Signer
from support.blocks import Block, framed, upstream_events
from support.bundles import key, public, write_keys
from support.governing import OWN, read
from support.serving import chunk, completion, event
from support.small_plan import FORBIDDEN, small_plan

PROVIDER = "Office of Examples"
SIGNER = Signer(PROVIDER, "test-key", key("provider"))
PUBLIC = public("provider")
APIS: tuple[Api, ...] = (CHAT, COMPLETIONS, RESPONSES, MESSAGES)
#: What the model says: a region in the middle, characters of several bytes around it.
SAID = f"Grüße aus Köln. Look at the {FORBIDDEN} over there. 再见 🙂"
THOUGHT = "They want a greeting."


def marked(plan: Plan) -> Plan:
    """``plan`` with a German rule that marks each answer."""
    like = next(rule for rule in plan.rules if rule.id == "DE/machine")
    mark = replace(like, id="DE/mark", effect=Effect.MARK, type="machine_readable", notice=UNTOLD, occasion=None)
    return replace(plan, rules=(*plan.rules, mark))


@cache
def marked_plan() -> Plan:
    return marked(small_plan())


def put_keys(folder: Path) -> tuple[Path, Path]:
    """Write the provider's private and public key; return their files."""
    return write_keys(folder, "provider")


def opened(*, whole: bool, sign: Sign | None = SIGNER, plan: Plan | None = None) -> Session:
    plan = plan or marked_plan()
    session = Session(plan, situate(plan, jurisdiction="DE", turn=1), "en", whole=whole, sign=sign)
    assert session.marking is not None
    session.marking.request = "r1"
    return session


def upstream(api: Api, blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """The events in which an upstream says ``blocks``; the older protocols have no blocks."""
    blocks = list(blocks)
    if api in (RESPONSES, MESSAGES):
        return upstream_events(api, blocks)
    pieces = [(kind, piece) for kind, *_, found in blocks for piece in found]
    if api is CHAT:
        names = {"text": "content", "thinking": "reasoning", "refusal": "refusal"}
        return [*(chunk(**{names[kind]: piece}) for kind, piece in pieces), chunk(finish="stop")]
    top = {"id": "cmpl-up", "object": "text_completion", "created": 1700000000, "model": "m"}
    choices = [{"index": 0, "text": piece, "finish_reason": None} for _, piece in pieces]
    return [{**top, "choices": [each]} for each in [*choices, {"index": 0, "text": "", "finish_reason": "stop"}]]


def said(api: Api, text: str = SAID, size: int = 5) -> list[Block]:
    """What the model says: thoughts where the protocol has them, and ``text`` in pieces."""
    cut = [text[at : at + size] for at in range(0, len(text), size)]
    return [("text", cut)] if api is COMPLETIONS else [("thinking", [THOUGHT]), ("text", cut)]


def streamed(api: Api, blocks: Iterable[Block] | None = None, **more: Any) -> bytes:
    """A governed stream, as it is on the wire."""
    session = opened(whole=False, **more)
    request = read(api, stream=True)
    sent_on(api, request, session, system_is_ours=False)
    stream = GovernedStream(api, request, session, OWN)
    out = b""
    for each in upstream(api, said(api) if blocks is None else blocks):
        if stream.over:
            break
        out += stream.take(framed(each) if api in (RESPONSES, MESSAGES) else event(each))
    return out + stream.end()


def whole(api: Api, text: str = SAID, **more: Any) -> bytes:
    """A governed answer in one piece."""
    session = opened(whole=True, **more)
    request = read(api)
    sent_on(api, request, session, system_is_ours=False)
    answer = govern_whole(api, json.dumps(answer_of(api, text)).encode(), request, session).written(OWN)
    return json.dumps(answer, ensure_ascii=False).encode()


def answer_of(api: Api, text: str = SAID) -> dict[str, Any]:
    """An upstream's whole answer."""
    if api is CHAT:
        return completion(text, reasoning=THOUGHT)
    if api is COMPLETIONS:
        return {**completion(), "choices": [{"index": 0, "text": text, "finish_reason": "stop"}]}
    if api is RESPONSES:
        last: dict[str, Any] = upstream_events(api, said(api, text))[-1]["response"]
        return last
    parts = [{"type": "thinking", "thinking": THOUGHT, "signature": "up"}, {"type": "text", "text": text}]
    top = {"id": "msg_up", "type": "message", "role": "assistant", "model": "m", "content": parts}
    return {**top, "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 5}}


def without_additions(text: str, choice: Mapping[str, Any]) -> str:
    """The released text, as docs/marks.md defines it."""
    data, at, kept = text.encode(), 0, b""
    for start, end in choice["additions"]:
        kept += data[at:start]
        at = end
    kept += data[at:]
    assert sha256(kept).hexdigest() == choice["released"]
    return kept.decode()
