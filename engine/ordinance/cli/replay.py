"""``ordinance replay``: what another policy would have made of traffic that an operator keeps."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ordinance.authoring.register.document import Document, Section, Table, Text
from ordinance.authoring.register.html import to_html
from ordinance.authoring.replayed import Tally
from ordinance.cli.apply import LineGovernor
from ordinance.cli.arguments import add_config, add_day, add_shipped, allowed_by, beside, jurisdiction_of, locale_tag
from ordinance.cli.lines import parse, read
from ordinance.cli.progress import Counting
from ordinance.cli.terminal_table import table
from ordinance.errors import OrdinanceError, UnreadableError
from ordinance.loading.files import shown
from ordinance.policy.plan import Plan
from ordinance.runtime.compared.two_policies import Seen
from ordinance.trust.drafts import load_draft

_EPILOG = """\
example:
  ordinance replay traffic.jsonl --old rules --new next/rules --jurisdiction DE

FILE contains JSON lines as `ordinance apply` reads them (`-` for standard input). Each is governed twice, under the
packs of --old and those of --new; packs of --with are in both. The report counts lines and names rules; it contains
no text of a line.

  looser     people read words that were left out, or get fewer notices: one of these is enough
  stricter   more is left out or refused, or people get more notices
  different  as much is left out, with as many notices, by other rules

exit codes: 0 nothing became looser, 1 something did or a line cannot be used, 2 unreadable input or wrong usage.
"""
#: Lines that the text and the page name; JSON has all.
_MOST_SHOWN = 20


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "replay",
        help="show what another policy would have made of saved traffic",
        description="Govern saved traffic under two policies and show what became looser, stricter or different.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="JSON lines: answers, and what was asked")
    for side, what in (("old", "that decide now"), ("new", "that are to decide next")):
        parser.add_argument(
            f"--{side}", metavar="PATH", type=Path, nargs="+", required=True, help=f"packs or folders of packs {what}"
        )
    add_shipped(parser)
    parser.add_argument("--jurisdiction", metavar="CODE", help="attest this place and seat, such as DE")
    parser.add_argument(
        "--locale", type=locale_tag, metavar="TAG",
        help="default language of notices, such as de-DE; without --jurisdiction, its region is the jurisdiction",
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json", "html"), default="text", help="default: text")
    add_day(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Govern each line twice and print what differs. Returns 0, or 1 if a line became looser or cannot be used."""
    jurisdiction = jurisdiction_of(args)
    allowed = allowed_by(args)
    more = beside(args.old, args)
    plans = [
        load_draft(
            (*paths, *more), plugins=allowed.plugins, budget=allowed.budget, on=args.on, judge=allowed.judge
        ).plan
        for paths in (args.old, args.new)
    ]
    sides = [LineGovernor(plan, jurisdiction, args.locale, args.on) for plan in plans]
    for side in sides:
        side.situation({}, 2)  # a jurisdiction without a pack is an error before any line is read
    tally = _compared(args.file, *sides)
    if args.format == "json":
        print(json.dumps({"old": plans[0].digest, "new": plans[1].digest, **tally.as_json()}, ensure_ascii=False))
    elif args.format == "html":
        print(to_html(_document(tally, plans)), end="")
    else:
        print("\n".join(_text(tally)))
    return 1 if tally.kinds["looser"] or tally.unusable else 0


def _compared(file: Path, old: LineGovernor, new: LineGovernor) -> Tally:
    tally = Tally()
    with Counting("lines") as counting:
        for raw in _lines(file):
            counting.count()
            try:
                given = parse(raw)
                line = read(given)
                line = replace(line, now=line.now or datetime.now(UTC))  # both sides at the same moment
                before, after = (Seen.of(side.govern(line)) for side in (old, new))
            except OrdinanceError as error:
                tally.skip()
                print(f"ordinance: line {tally.lines} cannot be used: {error}", file=sys.stderr)
            else:
                tally.add(given.get("id"), before, after)
    return tally


def _lines(file: Path) -> Iterator[bytes]:
    """Yield the lines of ``file`` that are not empty. Raises ``UnreadableError``."""
    if str(file) == "-":
        yield from filter(bytes.strip, sys.stdin.buffer)
        return
    try:
        with file.open("rb") as stream:
            yield from filter(bytes.strip, stream)
    except OSError as error:
        raise UnreadableError(f"{shown(file)} cannot be read: {error.strerror}.", help="Check the path.") from None


def _text(tally: Tally) -> Iterator[str]:
    for each in tally.changes[:_MOST_SHOWN]:
        name = f"line {each.number}" + (f" ({json.dumps(each.id, ensure_ascii=True)})" if each.id is not None else "")
        how = each.how
        rules = [f"-{rule}" for rule in how.gone] + [f"+{rule}" for rule in how.added]
        yield f"{how.kind:<9}  {name}: {how.old.word} → {how.new.word}" + (f"  {' '.join(rules)}" if rules else "")
    if len(tally.changes) > _MOST_SHOWN:
        yield f"… and {len(tally.changes) - _MOST_SHOWN} more; --format json has all"
    if tally.rules:
        yield ""
        rows = [("rule", "old", "new"), *((rule, str(old), str(new)) for rule, old, new in _fired(tally))]
        yield from table(rows, sys.stdout, headed=True)
        yield ""
    yield ", ".join(f"{number} {what}" for what, number in _totals(tally))


def _totals(tally: Tally) -> list[tuple[str, int]]:
    kinds = [(kind, tally.kinds[kind]) for kind in ("looser", "stricter", "different")]
    return [("lines", tally.lines), *kinds, ("the same", tally.same), ("unusable", tally.unusable)]


def _fired(tally: Tally) -> list[tuple[str, int, int]]:
    """Return the rules that fired, those first whose number of lines changed most."""
    rows = [(rule, old, new) for rule, (old, new) in tally.rules.items()]
    return sorted(rows, key=lambda row: (-abs(row[1] - row[2]), row[0]))


def _document(tally: Tally, plans: list[Plan]) -> Document:
    old, new = (plan.digest for plan in plans)
    totals = tuple((Text(what), Text(str(number))) for what, number in _totals(tally))
    fired = tuple((Text(rule), Text(str(before)), Text(str(after))) for rule, before, after in _fired(tally))
    rows = [
        (f"line {each.number}", "" if each.id is None else str(each.id), how.kind, how.old.word, how.new.word,
         " ".join(how.gone), " ".join(how.added))
        for each in tally.changes[: 50 * _MOST_SHOWN]
        for how in (each.how,)
    ]  # fmt: skip
    changes = tuple(tuple(map(Text, row)) for row in rows)
    headings = ("line", "id", "became", "old", "new", "no longer fires", "fires now")
    return Document(
        "en",
        "What another policy would have made of this traffic",
        ("Each line was governed twice, under the old policy and under the new one. No text of a line is shown.",),
        f"Old: {old[:12]}. New: {new[:12]}. Made on {datetime.now(UTC).date().isoformat()}.",
        "Contents",
        "Skip to the result",
        (
            Section("totals", "In numbers", "How many lines were treated alike, and how many not.",
                    (Table("Lines", ("what", "lines"), totals),)),
            Section("fired", "By rule", "On how many lines each rule fired.",
                    (Table("Rules", ("rule", "old", "new"), fired),)),
            Section("changes", "Line by line", "The first lines that are treated differently; the JSON has all.",
                    (Table("Changes", headings, changes),)),
        ),
    )  # fmt: skip
