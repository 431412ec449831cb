"""``ordinance apply``: govern answers from JSON lines with the server's own session. No model is needed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from ordinance.cli.arguments import (
    add_config,
    add_day,
    add_shipped,
    allowed_by,
    jurisdiction_of,
    locale_tag,
    packs_of,
    positive,
    tell_charter_alone,
)
from ordinance.cli.lines import Line, parse, read
from ordinance.errors import OrdinanceError
from ordinance.policy.plan import Plan
from ordinance.runtime.opening import open_session
from ordinance.runtime.redact.disclose import notices_as_json
from ordinance.runtime.remembered import Remembered, Told
from ordinance.runtime.session import Session
from ordinance.runtime.situation import Situation, situate
from ordinance.trust.applied import applied

_EXAMPLE = """\
input: one JSON object per line, with these keys:
  "answer"     the model's answer (required)
  "prompt"     the question; if it crosses a red line, the request is refused and the answer is ignored
  "turn"       1 for the first answer of a conversation (default: 2)
  "messages"   instead of "prompt" and "turn": the conversation as in a chat completion
  "conversation"  lines with the same name share a memory of when each notice was given
  "now"        the time of the answer, such as 2026-11-26T09:00:00+01:00 (default: the real time)
  "situation"  facts that you attest, such as {"purpose": "education"}
  "locale"     the language of notices, such as et-EE; it never decides which law applies
  "id"         returned unchanged

examples:
  echo '{"answer": "Hello.", "turn": 1}' | ordinance apply --locale de-DE
  echo '{"messages": [{"role": "user", "content": "Hi."}], "answer": "Hello."}' | ordinance apply --locale de-DE
  ordinance apply --pack rules/jurisdictions/DE --jurisdiction DE --chunk 1 --trace <answers.jsonl

Each output line is what a client would see; with "messages" it also has "sent", the messages that the model would read,
null if the request is refused. For a line that cannot be used, the output is {"id", "error"}; the other
lines are still processed.
exit codes: 0 success, 1 a line cannot be used or the packs have errors, 2 unreadable input or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "apply",
        help="govern answers from JSON lines",
        description="Govern answers given as JSON lines on standard input, offline, exactly as the server would.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pack", dest="paths", nargs="+", action="extend", type=Path, default=[], metavar="PATH",
        help="packs or folders of packs (default: every shipped pack except house packs)",
    )  # fmt: skip
    add_shipped(parser)
    parser.add_argument("--jurisdiction", metavar="CODE", help="attest this place and seat, such as DE")
    parser.add_argument(
        "--locale", type=locale_tag, metavar="TAG",
        help="default language of notices, such as de-DE; without --jurisdiction, its region is the jurisdiction",
    )  # fmt: skip
    parser.add_argument(
        "--chunk", type=positive, metavar="N", help="feed N characters at a time; the output is the same"
    )
    parser.add_argument("--trace", action="store_true", help="also show what a stream would release, piece by piece")
    add_day(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read lines until the input ends. Return 0, or 1 if a line could not be used."""
    jurisdiction = jurisdiction_of(arguments)
    allowed = allowed_by(arguments)
    trust = allowed.settings.trust if allowed.settings is not None else None
    judges = allowed.settings.judges if allowed.settings is not None else ()
    paths = packs_of(arguments, allowed.settings if trust is not None else None)
    with applied(paths, trust, allowed.plugins, judges) as packs:
        plan = packs.load(budget=allowed.budget, on=arguments.on, judge=allowed.judge_of(packs.judges))
        packs.accept()
    governor = LineGovernor(plan, jurisdiction, arguments.locale, arguments.on, arguments.chunk, arguments.trace)
    governor.situation({}, 2)  # a jurisdiction without a pack is an error before any line is read
    if jurisdiction is None:
        tell_charter_alone(plan)
    return governor.work(sys.stdin.buffer)


@dataclass(frozen=True, slots=True)
class LineGovernor:
    """The policy and the flags under which lines are worked on."""

    plan: Plan
    jurisdiction: str | None
    locale: str | None
    on: date | None
    chunk: int | None = None
    trace: bool = False
    memories: dict[str, dict[str, Told]] = field(default_factory=dict)

    def work(self, lines: BinaryIO) -> int:
        """Answer every line. Return 0, or 1 if a line could not be used."""
        failed = 0
        for raw in lines:
            if not raw.strip():
                continue
            found: dict[str, Any] = {}
            try:
                given = parse(raw)
                if "id" in given:
                    found["id"] = given["id"]
                found |= self.answer(read(given))
            except OrdinanceError as error:
                failed = 1
                found = {"id": found.get("id"), "error": str(error)}
            sys.stdout.buffer.write(_json_line(found))
            sys.stdout.buffer.flush()
        return failed

    def situation(self, attested: Mapping[str, str], turn: int, now: datetime | None = None) -> Situation:
        """Return the situation of one line. Raises ``SituationError``."""
        return situate(self.plan, jurisdiction=self.jurisdiction, attested=attested, turn=turn, on=self.on, now=now)

    def answer(self, line: Line) -> dict[str, Any]:
        """Return what a client would see of ``line``; with ``trace`` also what a stream would release."""
        session, sent, pieces = self._govern(line, whole=True)
        self._note(line, session)
        outcome = session.outcome()
        found: dict[str, Any] = {
            "answer": pieces[-1],
            "verdict": outcome.verdict.word,
            "notices": notices_as_json(outcome.notices),
            "rules": list(outcome.rules),
            **session.judged(),
        }
        adapters = session.metadata().get("adapters", [])
        if any(each["state"] == "rewritten" or "left" in each for each in adapters):
            found["adapters"] = adapters
        if line.asked is not None:
            found |= {"sent": sent, **session.history()}
        if self.trace:
            found["released"] = self._govern(line, whole=False)[2]
        return found

    def govern(self, line: Line) -> Session:
        """Return the session in which ``line`` was governed, closed, with what people read of it (``answers``)."""
        session, _, _ = self._govern(line, whole=True)
        self._note(line, session)
        return session

    def _note(self, line: Line, session: Session) -> None:
        """Remember what the answer gave, for later lines of its conversation."""
        if line.conversation is not None:
            told = dict.fromkeys(session.given, Told(session.situation.now))
            self.memories.setdefault(line.conversation, {}).update(told)

    def _govern(self, line: Line, *, whole: bool) -> tuple[Session, list[Any] | None, list[str]]:
        wanted = [line.locale] if line.locale else []
        situation = self.situation(line.situation, line.turn, line.now)
        remembered = None
        if line.conversation is not None:
            remembered = Remembered(MappingProxyType(dict(self.memories.get(line.conversation, {}))))
        session = open_session(self.plan, situation, wanted, self.locale, whole=whole, remembered=remembered)
        sent = None
        if line.asked is not None:
            sent = line.asked.ask(session)
        elif line.prompt is not None:
            session.ask(line.prompt)
        stream = session.stream()
        released = [stream.feed(piece) for piece in _pieces(line.answer, self.chunk)]
        return session, sent, [*released, stream.close()]


def _json_line(found: dict[str, Any]) -> bytes:
    """Encode as UTF-8, whatever the terminal's locale; escape an id that contains an unpaired surrogate."""
    try:
        return json.dumps(found, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(found).encode() + b"\n"


def _pieces(text: str, size: int | None) -> Iterator[str]:
    if size is None:
        yield text
        return
    for start in range(0, len(text), size):
        yield text[start : start + size]
