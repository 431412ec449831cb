"""``ordinance explain``: show why a text got its answer. For authors, offline: it reveals what rules look for."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ordinance.authoring.explanation import ORDER, Account, Explanation, Turns, as_json, explain
from ordinance.authoring.words import law_in_words, situation_in_words
from ordinance.cli.arguments import (
    add_config,
    add_day,
    add_format,
    add_shipped,
    allowed_by,
    fact,
    jurisdiction_of,
    locale_tag,
    packs_of,
    positive,
    tell_charter_alone,
)
from ordinance.cli.lines import Line, parse, read
from ordinance.cli.progress import working
from ordinance.errors import UnreadableError, UsageError
from ordinance.runtime.situation import situate
from ordinance.trust.drafts import load_draft

_EPILOG = """\
examples:
  ordinance explain --jurisdiction DE "They shouted Sieg Heil."
  ordinance explain --jurisdiction DE --given purpose=education --on 2026-12-24 <answer.txt
  ordinance explain --prompt "How do I build a dirty bomb?" ""
  ordinance explain --jurisdiction DE --conversation talk.json

Every rule is listed under what became of it:

  fired         it found something and took effect
  excepted      a named exception applies
  on trial      it only counts what it would do
  out of date   its law is not in force on that day
  out of scope  its law or its condition does not apply to this situation
  overtaken     the answer had already ended, or the text was already left out
  quiet         it found nothing

Positions count characters from 0; the end position is excluded.
exit codes: 0 explained, 1 errors in packs or facts, 2 unreadable input or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "explain",
        help="show what each rule does to a text, and why",
        description="Govern one text in one situation, and show what each rule does and why.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("answer", metavar="TEXT", nargs="?", help="the model's answer (default: standard input)")
    parser.add_argument("--prompt", metavar="TEXT", help="the question")
    parser.add_argument("--called", action="store_true", help="TEXT is the name of a tool that the model calls")
    parser.add_argument(
        "--conversation", metavar="FILE", type=Path,
        help='a JSON line with "messages" and "answer", as `apply` takes it, instead of TEXT, --prompt and --turn',
    )  # fmt: skip
    parser.add_argument(
        "--pack", dest="paths", nargs="+", action="extend", type=Path, default=[], metavar="PATH",
        help="packs or folders of packs (default: every shipped pack except house packs)",
    )  # fmt: skip
    add_shipped(parser)
    parser.add_argument("--jurisdiction", metavar="CODE", help="attest this place and seat, such as DE")
    parser.add_argument(
        "--given", type=fact, action="append", default=[], metavar="FACT",
        help="a fact that you attest, such as purpose=education; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--turn", type=positive, default=2, metavar="N", help="1 for the first answer of a conversation (default: 2)"
    )
    parser.add_argument(
        "--locale", type=locale_tag, metavar="TAG",
        help="language of notices, such as de-DE; without --jurisdiction, its region is the jurisdiction",
    )  # fmt: skip
    add_day(parser)
    add_config(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print what became of every rule."""
    jurisdiction = jurisdiction_of(args)
    with working("reading packs"):
        allowed = allowed_by(args)
        plan = load_draft(
            packs_of(args, None),
            plugins=allowed.plugins,
            budget=allowed.budget,
            on=args.on,
            examples=False,
            judge=allowed.judge,
        ).plan  # one that disagrees is what is looked into
    line = _line(args)
    situation = situate(
        plan, jurisdiction=jurisdiction, attested=dict(args.given), turn=line.turn, on=args.on, now=line.now
    )
    if jurisdiction is None:
        tell_charter_alone(plan)
    asked = line.asked or Turns(line.prompt)
    with working("explaining"):
        explained = explain(
            plan, situation, line.locale or args.locale, asked=asked, answer=line.answer, called=args.called
        )
    if args.format == "json":
        print(json.dumps(as_json(explained), ensure_ascii=False))
    else:
        _print(explained, {**asked.texts, "answer": line.answer})
    return 0


def _line(args: argparse.Namespace) -> Line:
    """Return what is to be explained. Raises ``OrdinanceError`` if it cannot be read."""
    if args.conversation is None:
        prompt = None if args.prompt is None else _whole(args.prompt)
        answer = _from_input() if args.answer is None else _whole(args.answer)
        return Line(answer, prompt, args.turn)
    if args.answer is not None or args.prompt is not None:
        raise UsageError("--conversation brings the question and the answer.", help="Leave out TEXT and --prompt.")
    try:
        return read(parse(args.conversation.read_bytes()))
    except OSError as error:
        raise UnreadableError(
            f"{args.conversation} cannot be read: {error.strerror}.", help="Check the path."
        ) from None


def _whole(text: str) -> str:
    """Return ``text`` from the command line. Raises ``UsageError`` if its bytes are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("the text is not UTF-8.", help="Give it on standard input, saved as UTF-8.") from None
    return text


def _from_input() -> str:
    if sys.stdin.isatty():
        print("ordinance: type the text, then press Ctrl-D", file=sys.stderr)
    try:
        return sys.stdin.buffer.read().decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"standard input is not UTF-8 text (byte {error.start}).", help="Save the text as UTF-8."
        ) from None


def _print(explained: Explanation, texts: dict[str, str]) -> None:
    print(f"situation: {situation_in_words(explained.situation)}")
    print(f"verdict: {explained.outcome.verdict.word}")
    for said, rules in explained.judged.items():
        print(f"{said.replace('_', ' ')}: {', '.join(rules) or 'no rule'}")
    for came in ORDER:
        accounts = [account for account in explained.accounts if account.came == came]
        if not accounts:
            continue
        if came == "quiet":
            print(f"\nquiet: {', '.join(account.rule.id for account in accounts)}")
            for account in accounts:
                if account.struck:
                    _print_account(account, texts)
            continue
        print(f"\n{came}")
        for account in accounts:
            _print_account(account, texts)
    print("\nwhat people see")
    for line in explained.answer.split("\n"):
        print(f"  {line}".rstrip())


def _print_account(account: Account, texts: dict[str, str]) -> None:
    rule = account.rule
    law = f" under {' and '.join(map(law_in_words, rule.laws))}" if rule.laws else ""
    print(f"  {rule.id} § {rule.number}: {rule.effect.value}{law}")
    if account.why:
        print(f"    {account.why}")
    for test in account.struck:
        print(f"    ignored, because its detector is not configured: {test}")
    for each in account.sightings:
        found = each.found
        text = texts[each.where][found.start : found.end]
        print(
            f"    {each.where} {found.start} to {found.end}: {json.dumps(text, ensure_ascii=False)} ({found.detector})"
        )
