"""``ordinance objection``: count objections of people to what rules did."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ordinance.authoring import objections
from ordinance.authoring.objections import OUTCOMES, Objection, counted, objection
from ordinance.cli.arguments import add_format, day, positive
from ordinance.errors import UsageError
from ordinance.settings.sources import FILE_VARIABLE, load

_EPILOG = """\
examples:
  ordinance objection add --rule DE/symbols --outcome upheld --file objections.jsonl
  ordinance objection report --format json --file objections.jsonl
  ordinance print --objections objections.jsonl >register.html

Each line of the file is one objection: a day, a rule's id and an outcome; no text, and nothing about a person. A notice
says where people can object if its text contains {appeal} and its law or bylaw has an `appeal` (docs/language.md).
exit codes: 0 success, 2 unreadable input or wrong usage.
"""

#: Where a day begins first: so far ahead of UTC.
_FARTHEST_EAST = timedelta(hours=14)


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "objection",
        help="count objections to what rules did",
        description="Count the objections that people made to what rules did, by rule and outcome.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    adding = actions.add_parser("add", help="count one more", description="Append an objection to the file.")
    adding.add_argument("--rule", metavar="ID", required=True, help="the rule's id, as answers show it")
    adding.add_argument("--outcome", choices=OUTCOMES, required=True, help="what became of the objection")
    adding.add_argument("--count", type=positive, default=1, metavar="N", help="how many (default: 1)")
    adding.add_argument("--on", type=day, metavar="DATE", help="the day of the decision (default: today)")
    listing = actions.add_parser("list", help="list them, a line each", description="List the objections in the file.")
    reporting = actions.add_parser("report", help="count them by rule", description="Count by rule and outcome.")
    for action in (adding, listing, reporting):
        action.add_argument("--file", type=Path, metavar="FILE", help="the file (default: the setting `objections`)")
        action.add_argument("--config", type=Path, metavar="FILE", help=f"settings (default: ${FILE_VARIABLE})")
    for action in (listing, reporting):
        action.add_argument("--from", type=day, metavar="DATE", dest="first", help="from this day on")
        action.add_argument("--to", type=day, metavar="DATE", dest="last", help="up to this day, which counts too")
        add_format(action)


def run(args: argparse.Namespace) -> int:
    """Add, list or count. Raises ``OrdinanceError``."""
    file = _file(args)
    if args.action == "add":
        if args.on and args.on > (datetime.now(UTC) + _FARTHEST_EAST).date():
            raise UsageError(f"{args.on} is still to come.", help="Name the day of the decision with --on.")
        made = objection(args.on or datetime.now(UTC).date(), args.rule, args.outcome)
        objections.add(file, made, args.count)
        return 0
    found = [each for each in objections.read(file) if _is_within(each, args)]
    if args.action == "list":
        shown = [_as_json(each) for each in found]
        lines = [f"{each.day}  {each.rule}  {each.outcome}" for each in found]
    else:
        counts = counted(found)
        shown = [{"rule": each.rule, "total": each.total, **each.outcomes} for each in counts]
        lines = [
            f"{each.rule}: {each.total}, of which "
            + ", ".join(f"{count} {name}" for name, count in each.outcomes.items())
            for each in counts
        ]
    print(json.dumps({"objections": shown}, ensure_ascii=False) if args.format == "json" else "\n".join(lines))
    return 0


def _as_json(made: Objection) -> dict[str, object]:
    return {"day": str(made.day), "rule": made.rule, "outcome": made.outcome}


def _is_within(made: Objection, args: argparse.Namespace) -> bool:
    return (args.first is None or args.first <= made.day) and (args.last is None or made.day <= args.last)


def _file(args: argparse.Namespace) -> Path:
    if args.file is not None:
        return Path(args.file)
    named = load(file=args.config).objections
    if named is None:
        raise UsageError("no file is named.", help="Name it with --file, or `objections` in the settings.")
    return named
