"""``ordinance apply``: govern answers from JSON lines with the server's own session. No model is needed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from ordinance.cli.arguments import add_day, locale_tag, positive, region_of, tell_charter_alone
from ordinance.errors import OrdinanceError
from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.runtime.opening import open_session
from ordinance.runtime.session import Session, notices_as_json
from ordinance.runtime.situation import Situation, situate

_EXAMPLE = """\
input: one JSON object per line, with these keys:
  "answer"     the model's answer (required)
  "prompt"     the question; if it crosses a red line, the request is refused and the answer is ignored
  "turn"       1 for the first answer of a conversation (default: 2)
  "situation"  facts that you attest, such as {"purpose": "education"}
  "locale"     the language of notices, such as et-EE; it never decides which law applies
  "id"         returned unchanged

examples:
  echo '{"answer": "Hello.", "turn": 1}' | ordinance apply --locale de-DE
  ordinance apply --pack rules/jurisdictions/DE --jurisdiction DE --chunk 1 --trace <answers.jsonl

Each output line is what a client would see. For a line that cannot be used, the output is {"id", "error"}; the other
lines are still processed, and the exit code is 1.
"""

_KEYS = frozenset({"id", "prompt", "answer", "turn", "situation", "locale"})


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
        "--pack", nargs="+", action="extend", type=Path, default=[], metavar="PATH",
        help="packs or folders of packs (default: every shipped pack except house packs)",
    )  # fmt: skip
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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read lines until the input ends. Return 0, or 1 if a line could not be used."""
    jurisdiction = arguments.jurisdiction
    if jurisdiction is None and arguments.locale:
        jurisdiction = region_of(arguments.locale)
    plan = load(arguments.pack, on=arguments.on).plan
    governor = LineGovernor(plan, jurisdiction, arguments.locale, arguments.on, arguments.chunk, arguments.trace)
    governor.situation({}, 2)  # a jurisdiction without a pack is an error before any line is read
    if jurisdiction is None:
        tell_charter_alone(plan)
    return governor.work(sys.stdin.buffer)


class LineError(OrdinanceError):
    """A line of the input cannot be used."""

    code = "line"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input, with every default filled in."""

    answer: str
    prompt: str | None = None
    turn: int = 2
    situation: Mapping[str, str] = field(default_factory=dict)
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class LineGovernor:
    """The policy and the flags under which lines are worked on."""

    plan: Plan
    jurisdiction: str | None
    locale: str | None
    on: date | None
    chunk: int | None
    trace: bool

    def work(self, lines: BinaryIO) -> int:
        """Answer every line. Return 0, or 1 if a line could not be used."""
        failed = 0
        for raw in lines:
            if not raw.strip():
                continue
            found: dict[str, Any] = {}
            try:
                given = _parse(raw)
                if "id" in given:
                    found["id"] = given["id"]
                found |= self.answer(_read(given))
            except OrdinanceError as error:
                failed = 1
                found = {"id": found.get("id"), "error": str(error)}
            sys.stdout.buffer.write(_json_line(found))
            sys.stdout.buffer.flush()
        return failed

    def situation(self, attested: Mapping[str, str], turn: int) -> Situation:
        """Return the situation of one line. Raises ``SituationError``."""
        return situate(self.plan, jurisdiction=self.jurisdiction, attested=attested, turn=turn, on=self.on)

    def answer(self, line: Line) -> dict[str, Any]:
        """Return what a client would see of ``line``; with ``trace`` also what a stream would release."""
        session, pieces = self._govern(line, whole=True)
        outcome = session.outcome()
        found: dict[str, Any] = {
            "answer": pieces[-1],
            "verdict": outcome.verdict.word,
            "notices": notices_as_json(outcome.notices),
            "rules": list(outcome.rules),
        }
        if self.trace:
            found["released"] = self._govern(line, whole=False)[1]
        return found

    def _govern(self, line: Line, *, whole: bool) -> tuple[Session, list[str]]:
        wanted = [line.locale] if line.locale else []
        situation = self.situation(line.situation, line.turn)
        session = open_session(self.plan, situation, wanted, self.locale, whole=whole)
        if line.prompt is not None:
            session.ask(line.prompt)
        stream = session.stream()
        released = [stream.feed(piece) for piece in _pieces(line.answer, self.chunk)]
        return session, [*released, stream.close()]


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


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        given = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(given, allow_nan=False)  # a number too large to be one would come back as no JSON
    except UnicodeDecodeError:
        raise LineError("the line is not UTF-8.", help="Save the file as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise LineError(
            f"the line is not JSON: {error.msg} at column {error.colno}.", help="Write one JSON object per line."
        ) from None
    except ValueError:
        raise LineError("the line contains a number that is too large.", help="Write it as text.") from None
    except RecursionError:
        raise LineError("the line is nested too deeply.", help="Write one flat object per line.") from None
    if not isinstance(given, dict):
        raise LineError("the line is not a JSON object.", help='Write {"answer": "…"}.')
    return given


def _no_number(name: str) -> None:
    raise LineError(f"'{name}' is not JSON.", help="Write a number, or null.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise LineError(f"'{twice}' is given twice.", help="Keep one.")
    return found


def _read(given: dict[str, Any]) -> Line:
    unknown = sorted(given.keys() - _KEYS)
    if unknown:
        raise LineError(f"unknown key '{unknown[0]}'.", help=f"Known keys: {', '.join(sorted(_KEYS))}.")
    for name in ("answer", "prompt", "locale"):
        _check_text(name, given.get(name), needed=name == "answer")
    turn = given.get("turn", 2)
    if not isinstance(turn, int) or isinstance(turn, bool) or turn < 1:
        raise LineError("'turn' must be a whole number of at least 1.", help="Leave it out for turn 2.")
    situation = given.get("situation", {})
    if not isinstance(situation, dict):
        raise LineError("'situation' must be an object.", help='Write {"purpose": "education"}.')
    return Line(given["answer"], given.get("prompt"), turn, situation, given.get("locale"))


def _check_text(name: str, value: Any, *, needed: bool) -> None:
    if value is None and not needed:
        return
    if not isinstance(value, str):
        raise LineError(f"'{name}' is {'missing or ' if needed else ''}not text.", help=f'Write "{name}": "…".')
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise LineError(f"'{name}' contains an unpaired surrogate.", help="Write whole Unicode characters.")
