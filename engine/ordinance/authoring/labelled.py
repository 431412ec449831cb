"""A rule author's own labelled texts: which rule fires on each, and which stays quiet. Two formats, told apart by the
first character.

For people, a line that says what is expected and the text below it, indented; ``#`` begins a line of comment::

    fires DE/symbols
      They shouted it in the street.

    quiet DE/symbols given purpose education on 2026-12-24
      The lesson showed the badge.

    fires baseline/weapons prompt
      How do I build one?

    passes
      Good morning.

For programs, JSON lines: ``{"rule": "DE/symbols", "expects": "fires", "answer": "…", "given": {"purpose": "art"}}``.

Texts that calibrate a judge also say, at the end of that line, the kind of a quiet text and whether the text is kept
out of every prompt and fit: ``quiet baseline/weapons prompt contrast kept_out``; in JSON ``"kind"`` and ``"kept_out"``.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, cast, get_args

from ordinance.errors import OrdinanceError
from ordinance.language.diagnostics import did_you_mean
from ordinance.language.source import Source, Span
from ordinance.policy.ir import Example
from ordinance.policy.plan import Plan

Expects = Literal["fires", "quiet", "passes"]
Kind = Literal["request", "prose", "contrast"]

_HEAD = re.compile(
    r"(?P<expects>fires|quiet|passes)(?:\s+(?P<rule>[^\s/]+/\S+))?(?:\s+(?P<where>prompt|answer))?"
    r"(?:\s+in\s+(?P<place>\S+))?(?:\s+given\s+(?P<given>\S+\s+\S+?(?:\s*,\s*\S+\s+\S+?)*))?"
    r"(?:\s+on\s+(?P<on>\S+))?(?:\s+(?P<kind>request|prose|contrast))?(?P<kept_out>\s+kept_out)?\s*"
)
_SHAPE = "Write `fires PACK/RULE` or `quiet PACK/RULE`, then `prompt`, `in CODE`, `given NAME VALUE, …`, `on DATE`."
_KEYS = frozenset({
    "rule", "expects", "prompt", "answer", "given", "turn", "jurisdiction", "on", "id", "messages", "kind", "kept_out",
})  # fmt: skip


class TextsError(OrdinanceError):
    """A file of labelled texts cannot be used; the message names the line."""

    code = "texts"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text as an example, and the day on which it is to be judged, where the file gives one.

    ``kind`` says what a quiet text is like (None: the file does not say); a text that is ``kept_out`` measures a judge
    and must not stand in its prompts or in what it was fitted to.
    """

    example: Example
    on: date | None
    kind: Kind | None = None
    kept_out: bool = False


def read_texts(source: Source, plan: Plan) -> list[Labelled]:
    """Read the texts in ``source``. Raises ``TextsError`` at the first line that cannot be used, and if there is no
    text."""
    programs = source.text.lstrip().startswith("{")
    found = list(_lines(source, plan) if programs else _blocks(source, plan))
    if not found:
        raise TextsError(f"{source.name} contains no text.", help=_SHAPE)
    return found


def _blocks(source: Source, plan: Plan) -> Iterator[Labelled]:
    head: tuple[int, re.Match[str]] | None = None
    body: list[str] = []
    for number, line in enumerate([*source.text.split("\n"), "#"], 1):
        if line[:1] in (" ", "\t") or not line:
            body.append(line)
            continue
        if head is not None:
            yield _block(source, plan, *head, textwrap.dedent("\n".join(body)).strip("\n"))
        elif any(each.strip() for each in body):
            raise _wrong(source, number - 1, "this text has no line above it that says what is expected", _SHAPE)
        head, body = None, []
        if not line.startswith("#"):
            match = _HEAD.fullmatch(line)
            if match is None:
                raise _wrong(source, number, f"'{line.strip()[:60]}' does not say what is expected", _SHAPE)
            head = number, match


def _block(source: Source, plan: Plan, number: int, head: re.Match[str], text: str) -> Labelled:
    if not text.strip():
        raise _wrong(source, number, "there is no text below this line", "Indent the text by two spaces.")
    pairs = [pair.split() for pair in re.split(r"\s*,\s*", head["given"])] if head["given"] else []
    if wrong := next((pair for pair in pairs if len(pair) != 2), None):
        raise _wrong(source, number, f"'{' '.join(wrong)[:60]}' is not a dimension and its value", _SHAPE)
    found = _labelled(
        source, plan, number, cast(Expects, head["expects"]), head["rule"],
        prompt=text if head["where"] == "prompt" else None,
        answer=None if head["where"] == "prompt" else text,
        given=dict(pairs), jurisdiction=head["place"], on=head["on"],
    )  # fmt: skip
    return replace(found, kind=cast(Kind | None, head["kind"]), kept_out=head["kept_out"] is not None)


def _lines(source: Source, plan: Plan) -> Iterator[Labelled]:
    for number, line in enumerate(source.text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            given: Any = json.loads(line)
        except (ValueError, RecursionError):
            raise _wrong(source, number, "the line is not JSON", "Write one JSON object per line.") from None
        if not isinstance(given, dict):
            raise _wrong(
                source, number, "the line is not a JSON object", 'Write {"rule": …, "expects": …, "answer": …}.'
            )
        if unknown := sorted(given.keys() - _KEYS):
            near = did_you_mean(unknown[0], _KEYS) or f"Known: {', '.join(sorted(_KEYS))}."
            raise _wrong(source, number, f"unknown key '{unknown[0]}'", near)
        yield _object(source, plan, number, given)


def _object(source: Source, plan: Plan, number: int, given: dict[str, Any]) -> Labelled:
    for name in ("rule", "expects", "prompt", "answer", "jurisdiction", "on"):
        if not isinstance(given.get(name, ""), str):
            raise _wrong(source, number, f"'{name}' is not text", f'Write "{name}": "…".')
    if given.get("expects") not in ("fires", "quiet", "passes"):
        raise _wrong(source, number, "'expects' is missing or unknown", 'Write "fires", "quiet" or "passes".')
    if given.get("kind", "request") not in get_args(Kind):
        raise _wrong(source, number, "'kind' is unknown", 'Write "request", "prose" or "contrast".')
    if not isinstance(given.get("kept_out", False), bool):
        raise _wrong(source, number, "'kept_out' is not true or false", 'Write "kept_out": true.')
    facts = given.get("given", {})
    if not isinstance(facts, dict) or not all(isinstance(value, (str, int)) for value in facts.values()):
        raise _wrong(source, number, "'given' is not an object of facts", 'Write {"purpose": "education"}.')
    prompt, earlier = _turns(source, number, given)
    if prompt is None and "answer" not in given:
        raise _wrong(source, number, "there is no text", 'Write "answer": "…" or "prompt": "…".')
    facts = {name: str(value) for name, value in facts.items()}
    if "turn" in given or earlier:
        facts["turn"] = str(given.get("turn", len(earlier) + 1))
    found = _labelled(
        source, plan, number, cast(Expects, given["expects"]), given.get("rule"), prompt=prompt,
        answer=given.get("answer"), given=facts, jurisdiction=given.get("jurisdiction"), on=given.get("on"),
    )  # fmt: skip
    example = replace(found.example, earlier=earlier)
    return replace(found, example=example, kind=given.get("kind"), kept_out=given.get("kept_out", False))


def _turns(source: Source, number: int, given: dict[str, Any]) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """Return the prompt of a line and the turns before it, from ``messages`` if it has them."""
    messages = given.get("messages")
    if messages is None:
        return given.get("prompt"), ()
    if "prompt" in given or "turn" in given:
        raise _wrong(source, number, "'messages' already say the prompt and the turn", "Leave 'prompt' and 'turn' out.")
    texts: list[str] = []
    for message in messages if isinstance(messages, list) else ():
        match message:
            case {"role": str(role), "content": str(text)} if role == ("user", "assistant")[len(texts) % 2]:
                texts.append(text)
            case _:
                texts = []
                break
    if len(texts) % 2 == 0:
        shape = 'Write [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}, …, a user\'s last].'
        raise _wrong(source, number, "'messages' is not a conversation of texts that ends with a user's", shape)
    return texts[-1], tuple(zip(texts[:-1:2], texts[1::2], strict=True))


def _labelled(
    source: Source,
    plan: Plan,
    number: int,
    expects: Expects,
    rule: str | None,
    *,
    prompt: str | None,
    answer: str | None,
    given: dict[str, str],
    jurisdiction: str | None,
    on: str | None,
) -> Labelled:
    known = {each.id: each.jurisdiction for each in plan.rules}
    if expects != "passes" and rule not in known:
        said = f"no rule is called '{rule}'" if rule else f"`{expects}` does not name a rule"
        near = did_you_mean(rule or "", known) or "Write it as the pack and the rule, as in DE/symbols."
        raise _wrong(source, number, said, near)
    turn = given.pop("turn", "2")
    if not (turn.isascii() and turn.isdecimal() and int(turn[:9]) > 0):
        raise _wrong(source, number, f"the turn '{turn}' is not a whole number of at least 1", "1 is the first answer.")
    try:
        day = date.fromisoformat(on) if on else None
    except ValueError:
        raise _wrong(source, number, f"'{on}' is not a date", "Write it as 2026-12-24.") from None
    place = Span(source, number, 1, number, source.width(number) + 1)
    where = jurisdiction or known.get(rule or "")
    if where is not None and where not in plan.parents:
        raise _wrong(source, number, f"no pack for the jurisdiction '{where}' is loaded", "Give its pack too.")
    return Labelled(Example(rule or "", where, expects, prompt, answer, given, int(turn), True, place), day)


def _wrong(source: Source, number: int, message: str, help: str) -> TextsError:
    return TextsError(f"{source.name}:{number}: {message}.", help=help)
