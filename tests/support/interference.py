"""Two models that differ only in what must not leave, and requests that set whatever a request can set.

What must not leave of a text is worked out here by brute force (``support.oracle``), from the text that was said and
the kind of its end as the request and the model made it: nothing of the engine is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.runtime.redact.ends import LEAST
from support.asking import PATHS, body
from support.oracle import Cut, Rule, cut_regions, matches, removed
from support.steered import CALL, CHAT, COMPLETIONS, CONTENT, THOUGHT, Spoken, Token

#: Phrases of each rule, in tokens: as many in each, the first the same, so that a request can go on from within.
SPAN = (("hidden", " quick", " fox"), ("hidden", " brown", " dog"), ("hidden", " sl", "y cat"))
SENTENCE = (("sealed", " le", "tter"), ("sealed", " bo", "xes"), ("sealed", " lips", " of Ann"))
PARAGRAPH = (("buried", " go", "ld"), ("buried", " sil", "ver"), ("buried", " coins", " of tin"))
RED = (("crimson", " li", "nes"), ("crimson", " ti", "des"), ("crimson", " paths", " south"))
CODE = (("77", "12", "34"), ("77", "99", "07"), ("77", "45", "61"))
KINDS = {"span": SPAN, "sentence": SENTENCE, "paragraph": PARAGRAPH, "red": RED, "code": CODE}
PATTERN = r"\b77[0-9]{4}\b"
PLAIN = (
    " the", " a", " cat", " is", " here", ".", ". ", "! ", ",", " sees", " 12", "\n\n", " hid", " seal", " forty", "é",
)  # fmt: skip


def _phrases(kind: str) -> tuple[str, ...]:
    return tuple("".join(tokens) for tokens in KINDS[kind])


RULES = {
    "span": Rule(_phrases("span")),
    "sentence": Rule(_phrases("sentence"), sentence=True, bound=400),
    "paragraph": Rule(_phrases("paragraph"), paragraph=True, bound=400),
    "red": Rule(_phrases("red"), refuses=True),
    "code": Rule((), (PATTERN,), mask="code"),
}
#: Fields with which this client steers; what it sets besides changes no end.
STEERING = {
    "stop", "stop_sequences", "stop_token_ids", "logit_bias", "allowed_token_ids", "bad_words", "min_tokens",
    "ignore_eos", "thinking_token_budget", "thinking", "presence_penalty", "structured_outputs",
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two scripts, and a request to both."""

    path: str
    one: tuple[Token, ...]
    other: tuple[Token, ...]
    asked: dict[str, Any]
    structured: bool
    spelt: bool  # log probabilities are of all tokens, and not of the content's alone

    @property
    def told(self) -> bool:
        """Whether the answers have log probabilities."""
        if self.path == RESPONSES.path:
            return "include" in self.asked
        return self.path in (CHAT, COMPLETIONS) and "logprobs" in self.asked

    @property
    def streaming(self) -> bool:
        return bool(self.asked.get("stream"))

    @property
    def begun(self) -> str:
        """What the request goes on from."""
        if self.path == COMPLETIONS:
            return str(self.asked["prompt"])
        last = self.asked["input" if self.path == RESPONSES.path else "messages"][-1]
        return str(last["content"]) if last["role"] == "assistant" else ""


# what must not leave


def shown(pair: Pair, spoken: Spoken) -> list[list[str]]:
    """Of each part that was said what may be shown: its characters, and an empty string for each run that may not.
    Nothing is behind what ends an answer."""
    steered = bool(STEERING & pair.asked.keys())
    own = spoken.finish == "stop" and spoken.stop is None and not steered
    in_blocks = pair.streaming and pair.path in (RESPONSES.path, MESSAGES.path)
    parts = [(part, "".join(pieces)) for part, pieces in spoken.parts()]
    if pair.path == MESSAGES.path and not pair.streaming:  # arguments that are no JSON are not there
        parts = [(part, text) for part, text in parts if part != CALL or text.endswith(FORM[1])]
    if pair.path == COMPLETIONS:
        echo = pair.begun if pair.asked.get("echo") else ""
        parts = [(CONTENT, echo + "".join(text for _, text in parts))]
    found: list[list[str]] = []
    for at, (part, text) in enumerate(parts):
        followed = in_blocks and at < len(parts) - 1
        part_shown, end = _shown(pair, part, text, own=own or (followed and not steered))
        if end == "refused" and not pair.streaming:
            return [[""]]  # nothing was sent before, and nothing is but the notice
        found.append(part_shown)
        if end and (end == "removed" or in_blocks or not pair.streaming):
            break  # a text that no block ends is refused when its last word is certain: what is said meanwhile leaves
    return found


def _shown(pair: Pair, part: str, text: str, *, own: bool) -> tuple[list[str], str]:
    """What may be shown of one part, and how it ends the answer, if it does."""
    called = part == CALL
    formed = called or (pair.structured and part == CONTENT)
    lead = FORM[0] if formed else ""
    inner = text.removeprefix(lead)
    if formed and inner.endswith(FORM[1]):
        inner, own = inner.removesuffix(FORM[1]), not called and not STEERING & pair.asked.keys()
    readings = {"", "" if formed else pair.begun}
    red = min((at for reading in readings for at in _red(reading, inner)), default=None)
    gone = set[int]().union(*(_gone(reading, inner, own) for reading in readings))
    if called and red is not None and gone:  # which of them ends the answer depends on how far the text had come
        return list(text), ""
    if red is not None:
        gone |= set(range(red, len(inner)))
    if called and gone:  # a call is never edited
        left = [*lead, *inner[: min(gone)]] if pair.streaming else []
        return left, "refused" if red is not None else "removed"
    return [*lead, *_rendered(inner, gone)], "refused" if red is not None else ""


def _red(begun: str, text: str) -> list[int]:
    """Where the red line's matches begin that end in the text."""
    found = matches(begun + text, RULES["red"].phrases, ())
    return [max(start - len(begun), 0) for start, end in found if end > len(begun)]


def _gone(begun: str, text: str, own: bool) -> set[int]:
    whole = begun + text
    rules = [rule for rule in RULES.values() if not rule.refuses]
    found = removed(whole, rules)
    if not own:
        cut = Cut(list(_endings(whole)), LEAST)
        found |= _cut(whole, [*rules, RULES["red"]], cut)
    return {at - len(begun) for at in found if at >= len(begun)}


def _cut(text: str, rules: Sequence[Rule], cut: Cut) -> set[int]:
    return {at for start, _ in cut_regions(text, rules, cut) for at in range(start, len(text))}


def _endings(text: str) -> Iterable[str]:
    """What could complete a phrase that the text ends within, and what confirms that it is a whole word."""
    yield "."
    low = text.lower()
    for phrase in (each for kind in KINDS for each in _phrases(kind)):
        yield from (phrase[size:] + "." for size in range(1, len(phrase) + 1) if low.endswith(phrase[:size]))


def _rendered(text: str, gone: set[int]) -> list[str]:
    found: list[str] = []
    for at, char in enumerate(text):
        if at not in gone:
            found.append(char)
        elif at == 0 or at - 1 not in gone:
            found.append("")
    return found


# drawing

#: What stands round the words of a form, and of the arguments of a call.
FORM = ('{"a": "', '"}')


def draw(random: Random) -> Pair:
    """A pair; most of its requests steer."""
    path = random.choice(PATHS)
    structured = path != MESSAGES.path and random.random() < 0.1
    one, other = _scripts(random, path, structured)
    begun = "" if structured else _prefix(random, one, other, path)
    asked = body(path, begun=begun, **_fields(random, path, [*one, *other], structured))
    return Pair(path, one, other, asked, structured, random.random() < 0.8)


def _scripts(random: Random, path: str, structured: bool) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    parts = [CONTENT]
    if not structured and path != COMPLETIONS:
        parts = random.choice([[CONTENT], [CONTENT], [THOUGHT, CONTENT], [CONTENT, CALL], [THOUGHT, CONTENT, CALL]])
    one: list[tuple[str, str]] = []
    other: list[tuple[str, str]] = []
    for part in parts:
        formed = part == CALL or (structured and part == CONTENT)
        one.append((FORM[0], part)) if formed else None
        other.append((FORM[0], part)) if formed else None
        for _ in range(random.randint(1, 4)):
            plain = [random.choice(PLAIN).replace("\n", " " if formed else "\n") for _ in range(random.randint(0, 4))]
            kind = random.choice([*KINDS, "", "span", "sentence"])
            first, second = _secrets(random, kind)
            one += [(text, part) for text in [*plain, *first]]
            other += [(text, part) for text in [*plain, *second]]
        one.append((FORM[1], part)) if formed else None
        other.append((FORM[1], part)) if formed else None
    ids = [random.randrange(2, 40) for _ in one]
    known: dict[tuple[str, str], int] = {}
    numbers = [known.setdefault((a, b), number) for (a, _), (b, _), number in zip(one, other, ids, strict=True)]
    return tuple(Token(number, *each) for number, each in zip(numbers, one, strict=True)), tuple(
        Token(number, *each) for number, each in zip(numbers, other, strict=True)
    )


def _secrets(random: Random, kind: str) -> tuple[list[str], list[str]]:
    """The tokens of two phrases of this kind; of a sentence also what stands beside the phrase. A blank before."""
    if not kind:
        return [], []
    first, second = random.sample(KINDS[kind], 2)
    if kind != "sentence" or random.random() < 0.5:
        return [" ", *first], [" ", *second]
    beside = random.sample([" boat", " stone", " of glass"], 2)
    return [". ", "Oh", beside[0], " ", *first, beside[1]], [". ", "Oh", beside[1], " ", *second, beside[0]]


def _prefix(random: Random, one: Sequence[Token], other: Sequence[Token], path: str) -> str:
    """Where the request may go on from: what both models say alike."""
    if random.random() < 0.6 or any(token.part != CONTENT for token in one):
        return ""
    shared = 0
    while shared < len(one) and one[shared].text == other[shared].text:
        shared += 1
    return "".join(token.text for token in one[: random.randint(0, shared)])


def _fields(random: Random, path: str, tokens: Sequence[Token], structured: bool) -> dict[str, Any]:
    texts = [token.text for token in tokens if token.text.strip()] or ["zz"]
    ids = sorted({token.id for token in tokens}) or [2]

    def stops() -> list[str]:
        found = (random.choice(texts) for _ in range(random.randint(1, 4)))
        return [each[: random.randint(1, len(each))] for each in found]

    likely: dict[str, Any] = {
        "stream": random.random() < 0.8, "limit": random.randint(1, len(tokens) // 2 + 2), "temperature": 0.5,
        "top_p": 0.9, "tools": _tools(path), "metadata": {"user_id": "u"}, "n": random.choice([1, 1, 2, 3]),
        "logprobs": 2 if path == COMPLETIONS else True, "include": ["message.output_text.logprobs"],
    }  # fmt: skip
    steering: dict[str, Any] = {
        "stop": stops(), "stop_token_ids": random.sample(ids, random.randint(1, len(ids))),
        "logit_bias": {str(random.choice([0, *ids])): random.choice([-100, 100])}, "ignore_eos": True,
        "allowed_token_ids": random.sample(ids, random.randint(len(ids) // 2, len(ids))), "bad_words": stops()[:1],
        "min_tokens": random.randint(0, 9), "thinking_token_budget": random.randint(1, 5), "presence_penalty": 0.5,
    }  # fmt: skip
    beside: dict[str, Any] = {
        "top_logprobs": 2, "return_token_ids": True, "seed": 7,
        "stream_options": {"include_usage": True}, "echo": True, "include_stop_str_in_output": True, "user": "me",
        "best_of": 3, "stream_interval": 2, "skip_special_tokens": False, "parallel_tool_calls": False, "top_k": 3,
        "reasoning_effort": "low", "nobody_knows": "it", "cache_salt": "salt", "include_reasoning": True,
    }  # fmt: skip
    found = {name: value for name, value in likely.items() if random.random() < 0.6}
    found |= {name: value for name, value in steering.items() if random.random() < 0.1}
    found |= {name: value for name, value in beside.items() if random.random() < 0.2}
    if found.get("ignore_eos"):
        found["limit"] = len(tokens) // 2 + 5
        if structured or any(token.part == CALL for token in tokens):
            del found["ignore_eos"]
    if structured and path == RESPONSES.path:
        found["text"] = {"format": {"type": "json_object"}}
    elif structured:
        found["response_format"] = {"type": "json_object"}
    if path not in (CHAT, COMPLETIONS):
        found.pop("n", None)
    if path == MESSAGES.path:
        for name in ("logit_bias", "stop_token_ids", "allowed_token_ids", "bad_words", "min_tokens", "ignore_eos"):
            found.pop(name, None)
        if found.pop("thinking_token_budget", None):
            found["thinking"] = {"type": "enabled", "budget_tokens": random.randint(1, 5)}
    if path == RESPONSES.path:
        for name in ("allowed_token_ids", "bad_words", "min_tokens", "thinking_token_budget"):
            found.pop(name, None)
    return found


def _tools(path: str) -> list[dict[str, Any]]:
    function = {"name": "note", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
    if path == RESPONSES.path:
        return [{"type": "function", **function}]
    if path == MESSAGES.path:
        return [{"name": "note", "input_schema": function["parameters"]}]
    return [{"type": "function", "function": function}]
