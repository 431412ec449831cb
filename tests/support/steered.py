"""A model with a script that obeys what a request says of its end, as vLLM does: `max_tokens`, `stop`,
`stop_token_ids`, `min_tokens`, `ignore_eos`, `logit_bias`, `allowed_token_ids`, `bad_words`, a budget for its thoughts,
and what it is to go on from. It answers by all four APIs, whole and in events, over HTTP in chunks.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from support.blocks import Block, framed, upstream_events
from support.serving import DONE, Script, Wire, event

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
#: The token with which a model ends, and the one that it says where it may not.
END, MORE = 0, 1
#: Where a token is said.
THOUGHT, CONTENT, CALL = "reasoning", "content", "call"


@dataclass(frozen=True)
class Token:
    """A token of the script. Two scripts with the same ids are told apart by no request that names ids."""

    id: int
    text: str
    part: str = CONTENT


@dataclass(frozen=True)
class Spoken:
    """What a model said. ``finish`` and ``stop`` are vLLM's ``finish_reason`` and ``stop_reason``; ``cut`` counts the
    characters that a stop took from the end. ``spelt``: log probabilities are of all tokens, as vLLM's, and not of the
    content's alone."""

    tokens: tuple[Token, ...]
    finish: str
    stop: int | str | None = None
    cut: int = 0
    spelt: bool = True

    @property
    def reaction(self) -> tuple[Any, ...]:
        """How the model reacted to what the request says, without what it said."""
        return [each.id for each in self.tokens], self.finish, self.stop, self.cut

    def shown(self) -> list[Token]:
        """The tokens, with the text that is left of each."""
        left = self.cut
        found: list[Token] = []
        for token in reversed(self.tokens):
            gone = min(left, len(token.text))
            left -= gone
            found.insert(0, replace(token, text=token.text[: len(token.text) - gone]))
        return found

    def parts(self) -> list[tuple[str, list[str]]]:
        """What was said, in parts, each in pieces. A token without a text begins no part."""
        found: list[tuple[str, list[str]]] = []
        for token in self.shown():
            if token.text:
                if not found or found[-1][0] != token.part:
                    found.append((token.part, []))
                found[-1][1].append(token.text)
        return found


def letters(text: str, part: str = CONTENT) -> tuple[Token, ...]:
    """A script of one token for each character."""
    return tuple(Token(ord(char) + 10, char, part) for char in text)


def speak(script: tuple[Token, ...], path: str, body: dict[str, Any]) -> Spoken:
    """What a model with this script says to this request."""
    said: list[Token] = []
    limit = _limit(path, body)
    least = body.get("min_tokens") or 0
    for token in _coming(script, path, body):
        if token.id == END and len(said) >= least:
            return Spoken((*said,), "stop")
        said.append(token)
        stopped = _stopped(said, body) if len(said) > least else None
        if stopped:
            return stopped
        if len(said) >= limit:
            return Spoken((*said,), "length")
    raise AssertionError("a script has no end")


def _coming(script: tuple[Token, ...], path: str, body: dict[str, Any]) -> Iterator[Token]:
    """The tokens as they would come, each where the request lets it; the end is one that always may."""
    budget = body.get("thinking_token_budget", (body.get("thinking") or {}).get("budget_tokens"))
    thoughts = [token for token in script if token.part == THOUGHT][:budget]
    rest = [token for token in script if token.part != THOUGHT]
    begun = _begun(path, body)
    for at in range(len(rest), 0, -1):
        if begun.endswith("".join(token.text for token in rest[:at])):
            thoughts, rest = [], rest[at:]
            break
    for token in thoughts + rest:
        yield token if _may_come(token, body) else Token(END, "")
    while True:
        yield Token(MORE if body.get("ignore_eos") else END, " x" if body.get("ignore_eos") else "")


def _may_come(token: Token, body: dict[str, Any]) -> bool:
    bias, allowed = body.get("logit_bias") or {}, body.get("allowed_token_ids")
    if bias.get(str(token.id), 0) < -50 or bias.get(str(END), 0) > 50:
        return False
    return (allowed is None or token.id in allowed) and token.text not in (body.get("bad_words") or ())


def _stopped(said: list[Token], body: dict[str, Any]) -> Spoken | None:
    shown = body.get("include_stop_str_in_output")
    token = said[-1]
    if token.id in (body.get("stop_token_ids") or ()):
        return Spoken((*said,), "stop", token.id, 0 if shown else len(token.text))
    text = "".join(each.text for each in said)
    stops = body.get("stop") or body.get("stop_sequences") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        at = text.find(stop, max(0, len(text) - len(token.text) - len(stop) + 1))
        if stop and at >= 0:
            return Spoken((*said,), "stop", stop, len(text) - at - (len(stop) if shown else 0))
    return None


def _limit(path: str, body: dict[str, Any]) -> int:
    names = ("max_output_tokens",) if path == RESPONSES.path else ("max_completion_tokens", "max_tokens")
    return next((body[name] for name in names if body.get(name) is not None), 1000)


def _begun(path: str, body: dict[str, Any]) -> str:
    """What the model is to go on from."""
    if path == COMPLETIONS:
        return str(body["prompt"])
    given = body["input"] if path == RESPONSES.path else body["messages"]
    last = given[-1] if isinstance(given, list) else {}
    content = last.get("content") if last.get("role") == "assistant" else ""
    return "".join(part["text"] for part in content) if isinstance(content, list) else content or ""


# by the four APIs


def whole(path: str, body: dict[str, Any], choices: list[Spoken]) -> dict[str, Any]:
    """The whole answer."""
    if path in (CHAT, COMPLETIONS):
        said = [_whole(path, body, index, spoken) for index, spoken in enumerate(choices)]
        return {**_top(path), "choices": said, "usage": _usage(choices)}
    events = _block_events(path, body, choices)
    if path == RESPONSES.path:
        response: dict[str, Any] = events[-1]["response"]
        return response
    message, last = events[0]["message"], events[-2]
    content = [_message_block(*part) for part in choices[0].parts()]
    return {**message, "content": content, **last["delta"], "usage": last["usage"]}


def events(path: str, body: dict[str, Any], choices: list[Spoken]) -> list[dict[str, Any]]:
    """The events of a stream, of one choice after the other where there are several."""
    if path not in (CHAT, COMPLETIONS):
        return _block_events(path, body, choices)
    found = [
        {**_top(path), "choices": [{"index": index, **choice}]}
        for index, spoken in enumerate(choices)
        for choice in _pieces(path, body, spoken)
    ]
    if (body.get("stream_options") or {}).get("include_usage"):
        found.append({**_top(path), "choices": [], "usage": _usage(choices)})
    return found


def script(*tokens: Token) -> Script:
    """Answer by this script, in chunks."""

    async def answer(wire: Wire) -> None:
        path, body = wire.asked.path, wire.asked.json
        choices = [speak(tokens, path, body)] * (body.get("n") or 1)
        if body.get("stream"):
            sent = events(path, body, choices)
            packets = [*map(event, sent), DONE] if path in (CHAT, COMPLETIONS) else [*map(framed, sent)]
            await wire.head()
            await wire.send(*packets)
        else:
            await wire.json(whole(path, body, choices))

    return answer


def _top(path: str) -> dict[str, Any]:
    kind, name = ("chat.completion", "chatcmpl-up") if path == CHAT else ("text_completion", "cmpl-up")
    return {"id": name, "object": kind, "created": 1700000000, "model": "m"}


def _usage(choices: list[Spoken]) -> dict[str, int]:
    said = sum(len(each.tokens) for each in choices)
    return {"prompt_tokens": 3, "completion_tokens": said, "total_tokens": 3 + said}


def _ending(spoken: Spoken) -> dict[str, Any]:
    called = spoken.finish == "stop" and any(token.part == CALL for token in spoken.tokens)
    return {"finish_reason": "tool_calls" if called else spoken.finish, "stop_reason": spoken.stop}


#: The words of a token and its number, as a list of log probabilities has them.
Entry = tuple[str, float]
#: A token, and its entry if the server gives one.
Numbered = tuple[Token, Entry | None]


def _numbered(spoken: Spoken) -> list[Numbered]:
    """A number depends on all that was said before, as a model's does. What a stop took is in the entry still."""
    said = ""
    found: list[Numbered] = []
    for token, whole in zip(spoken.shown(), spoken.tokens, strict=True):
        told = spoken.spelt or token.part == CONTENT
        found.append((token, (whole.text, -1.0 - zlib.crc32(said.encode()) % 1000 / 1000) if told else None))
        said += whole.text
    return found


def _beside(path: str, body: dict[str, Any], numbered: Sequence[Numbered]) -> dict[str, Any]:
    """What a request wants beside the text of these tokens."""
    found: dict[str, Any] = {"logprobs": None}
    entries = _entries(numbered)
    if body.get("logprobs") not in (None, False) and entries:
        found["logprobs"] = _logprobs(path, entries)
    if body.get("return_token_ids"):
        found["token_ids"] = [token.id for token, _ in numbered]
    return found


def _entries(numbered: Sequence[Numbered]) -> list[Entry]:
    """Those of several tokens; the token with which thoughts end stands nowhere else."""
    found: list[Entry] = []
    for at, (token, entry) in enumerate(numbered):
        if entry is not None:
            found.append(entry)
            if token.part == THOUGHT and [each.part for each, _ in numbered[at + 1 : at + 2]] == [CONTENT]:
                found.append(("</think>", -1.0))
    return found


def _logprobs(path: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """The other token at each place is none that a phrase has."""
    if path != COMPLETIONS:
        return {"content": _listed(entries)}
    texts, values = [text for text, _ in entries], [value for _, value in entries]
    top = [{text: value, "%": -2.0} for text, value in entries]
    return {"tokens": texts, "token_logprobs": values, "top_logprobs": top, "text_offset": []}


def _listed(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [
        _number(text, value) | {"top_logprobs": [_number(text, value), _number("%", -2.0)]} for text, value in entries
    ]


def _number(text: str, value: float) -> dict[str, Any]:
    return {"token": text, "logprob": value, "bytes": list(text.encode())}


def _whole(path: str, body: dict[str, Any], index: int, spoken: Spoken) -> dict[str, Any]:
    numbered = _echoed(path, body) + _numbered(spoken)
    beside = {"index": index, **_beside(path, body, numbered), **_ending(spoken)}
    said = {part: "".join(pieces) for part, pieces in spoken.parts()}
    if path == COMPLETIONS:
        return {**beside, "text": _echo(body) + "".join(said.values())}
    message: dict[str, Any] = {"role": "assistant", "content": said.get(CONTENT), "reasoning": said.get(THOUGHT)}
    if CALL in said:
        message["tool_calls"] = [_call(said[CALL])]
    return {**beside, "message": message}


def _echoed(path: str, body: dict[str, Any]) -> list[Numbered]:
    """A prompt that is told again has numbers too."""
    if path != COMPLETIONS or not _echo(body):
        return []
    return [(Token(-1, _echo(body)), (_echo(body), -1.0))]


def _echo(body: dict[str, Any]) -> str:
    return str(body["prompt"]) if body.get("echo") else ""


def _call(arguments: str, **place: int) -> dict[str, Any]:
    function = {"name": "note", "arguments": arguments}
    return {**place, "id": "call_1", "type": "function", "function": function}


def _pieces(path: str, body: dict[str, Any], spoken: Spoken) -> Iterator[dict[str, Any]]:
    """One event for each token, then the end."""
    begun = False
    for token, entry in _echoed(path, body) + _numbered(spoken):
        beside = {**_beside(path, body, [(token, entry)]), "finish_reason": None}
        if path == COMPLETIONS:
            yield {"text": token.text, **beside}
        elif token.part == CALL:
            piece = {"index": 0, "function": {"arguments": token.text}} if begun else _call(token.text, index=0)
            begun = True
            yield {"delta": {"tool_calls": [piece]}, **beside}
        else:
            yield {"delta": {token.part: token.text}, **beside}
    last: dict[str, Any] = {"text": ""} if path == COMPLETIONS else {"delta": {}}
    yield {**last, "logprobs": None, **_ending(spoken)}


def _block_events(path: str, body: dict[str, Any], choices: list[Spoken]) -> list[dict[str, Any]]:
    [spoken] = choices
    blocks: list[Block] = []
    for part, pieces in spoken.parts():
        blocks.append(("call", "note", pieces) if part == CALL else (_BLOCKS[part], pieces))
    told = _ending(spoken)
    counts = {"input_tokens": 3, "output_tokens": len(spoken.tokens), "total_tokens": 3 + len(spoken.tokens)}
    if path == RESPONSES.path:
        cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
        found = upstream_events(RESPONSES, blocks, usage=counts, **(cut if spoken.finish == "length" else {}))
        return _with_numbers(found, _numbered(spoken)) if body.get("include") else found
    reason, stop = _MESSAGES_REASONS[told["finish_reason"]], told["stop_reason"]
    if reason != "max_tokens" and isinstance(stop, str):
        return upstream_events(MESSAGES, blocks, stop_reason="stop_sequence", stop_sequence=stop)
    return upstream_events(MESSAGES, blocks, stop_reason=reason)


def _with_numbers(found: list[dict[str, Any]], numbered: list[Numbered]) -> list[dict[str, Any]]:
    """Those of content beside its pieces; in the whole answer, as vLLM does it, all of them beside the content."""
    told = iter([pair for pair in numbered if pair[0].part == CONTENT and pair[0].text])
    for each in found:
        if each["type"] == "response.output_text.delta":
            each["logprobs"] = _listed(_entries([next(told)]))
    for item in found[-1]["response"]["output"]:
        if item["type"] == "message":
            item["content"][0]["logprobs"] = _listed(_entries(numbered))
    return found


_BLOCKS = {THOUGHT: "thinking", CONTENT: "text"}
_MESSAGES_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def _message_block(part: str, pieces: list[str]) -> dict[str, Any]:
    text = "".join(pieces)
    if part != CALL:
        kind = _BLOCKS[part]
        return {"type": kind, kind: text}
    return {"type": "tool_use", "id": "call_1", "name": "note", "input": _json(text)}


def _json(text: str) -> Any:
    """The arguments of a call; a call that was cut has none that can be read."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {}
