"""``ordinance audit``: verify the record, count answers in it, draw them, or delete records."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ordinance.cli.arguments import add_format, places_of, positive, record_place
from ordinance.cli.printed import write_text
from ordinance.cli.terminal_table import table
from ordinance.errors import UsageError
from ordinance.policy.vocabulary import Effect, Verdict
from ordinance.record.bar_chart import bar_chart
from ordinance.record.deletion import Chosen
from ordinance.record.pruning import plan, prune
from ordinance.record.record_table import SCHEMA, RecordTable
from ordinance.record.selection import KINDS, LEFT_OUT, Selection, count, period, select
from ordinance.record.series import head_file, kept_in
from ordinance.record.verified_record import MOST, Found, Known, Verified, verify
from ordinance.settings.reporting import AuditSettings
from ordinance.settings.sources import load
from ordinance.trust.detached import Signer, either_key
from ordinance.trust.envelopes import key_id
from ordinance.trust.trouble import printable

_EPILOG = """\
examples:
  ordinance audit verify audit.jsonl --signed-by record.pub
  ordinance audit query audit.jsonl --law '§ 86a' --left-out --last 7d --by key
  ordinance audit report audit.jsonl --last 30d --by rule --out rules.svg
  ordinance audit prune --config ordinance.yaml --older-than 180d
  ordinance audit prune postgresql://pruner@db/records --config ordinance.yaml --older-than 180d
  ordinance audit schema | psql postgresql://owner@db/records

Name the files of a record that was rotated, the oldest first, or postgresql://USER@HOST/NAME; a password comes from
$PGPASSFILE or $PGPASSWORD. Without them: `audit.path` or `audit.store` of the settings.
Times are UTC. docs/record.md describes the record, and what its verification proves.
exit codes: 0 success, 1 the record is wrong, 2 it cannot be read, or wrong usage.
"""
_SCHEMA = """\
Print the SQL that makes the table for a record in PostgreSQL. Its owner runs it; the role that writes records needs
INSERT, and with a chain SELECT.
"""
_VERIFY = """\
Verify that nobody has changed, removed, added or moved a record since a checkpoint signed it. Records after the last
checkpoint are not signed yet. What happens by itself (a kill, a full disk, a clock that is set) is listed as a break.
"""
_QUERY = """\
Count the answers that the filters select, or list their records. The filters for rules, laws and effects must be met by
one rule together; several values of one filter are alternatives. Nothing is verified.
"""
_REPORT = "Draw the answers that the filters select as bars (SVG), by day or by what --by names. Nothing is verified."
_PRUNE = """\
Delete records by age, by API key, or both. Hashes remain in their place, with a signed statement that records were
deleted, so the record can still be verified. Nothing is deleted unless the key is that of the record's last checkpoint.
A deletion cannot be undone: --dry-run shows what would go. Servers may run meanwhile.
"""

#: What answers are counted as: a value for each of what they are counted by.
Kind = tuple[str, ...]

_EFFECTS = [effect.value for effect in Effect]
_VERDICTS = [verdict.word for verdict in Verdict]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "audit",
        help="verify the record, count answers in it, or delete from it",
        description="Verify the record of requests, count its answers, draw them as a chart, or delete records.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    verifying = actions.add_parser("verify", help="verify the record", description=_VERIFY)
    _add_files(verifying)
    verifying.add_argument(
        "--signed-by",
        type=Path,
        metavar="PEM",
        action="append",
        default=[],
        help="the public key of the checkpoints, or the private one; several times after a change of the key "
        "(default: `audit.key_file` of the settings)",
    )
    verifying.add_argument(
        "--least", type=positive, default=0, metavar="NUMBER", help="the record must reach this checkpoint"
    )
    verifying.add_argument(
        "--partial", action="store_true", help="the files are a part: neither beginning nor end is expected"
    )
    add_format(verifying)
    verifying.set_defaults(act=_verify)
    querying = actions.add_parser("query", help="count answers, or list them", description=_QUERY)
    _add_filters(querying)
    querying.add_argument("--list", action="store_true", help="write the records as JSON lines, and do not count")
    add_format(querying)
    querying.set_defaults(act=_query)
    reporting = actions.add_parser("report", help="draw answers as a chart", description=_REPORT)
    _add_filters(reporting)
    reporting.add_argument("--out", type=Path, metavar="SVG", required=True, help="the picture")
    reporting.add_argument("--title", default="", help="what is written above it (default: what is counted)")
    add_format(reporting)
    reporting.set_defaults(act=_report)
    pruning = actions.add_parser("prune", help="delete records", description=_PRUNE)
    _add_files(pruning)
    age = pruning.add_mutually_exclusive_group()
    age.add_argument("--before", type=_moment, metavar="TIME", help="delete records from before this time")
    age.add_argument(
        "--older-than", dest="before", type=_ago, metavar="PERIOD", help="delete records older than this, such as 180d"
    )
    pruning.add_argument("--key", metavar="NAME", help="delete records of the API key of this name")
    pruning.add_argument(
        "--sign-with",
        type=Path,
        metavar="PEM",
        help="the private key of the record's checkpoints (default: `audit.key_file` of the settings)",
    )
    pruning.add_argument("--dry-run", action="store_true", help="say how many records would go, and change nothing")
    add_format(pruning)
    pruning.set_defaults(act=_prune)
    schema = actions.add_parser("schema", help="print the SQL that makes the table", description=_SCHEMA)
    schema.set_defaults(act=_schema)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "places",
        metavar="FILE",
        type=record_place,
        nargs="*",
        help="the record's files, the oldest first, or the address of its database",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: $ORDINANCE_CONFIG)")


def _add_filters(parser: argparse.ArgumentParser) -> None:
    _add_files(parser)
    since = parser.add_mutually_exclusive_group()
    since.add_argument("--from", dest="since", type=_moment, metavar="TIME", help="from this day or time on")
    since.add_argument("--last", dest="since", type=_ago, metavar="PERIOD", help="of the last 7d, 12h or 30m")
    parser.add_argument("--to", dest="until", type=_moment, metavar="TIME", help="before this day or time")
    for flag, name, allowed, what in (
        ("--rule", "RULE", None, "by this rule, such as DE/symbols"),
        ("--law", "LAW", None, "by a rule under this law, such as '§ 86a' or Strafgesetzbuch"),
        ("--effect", "EFFECT", _EFFECTS, f"by a rule with this effect: {', '.join(_EFFECTS)}"),
        ("--key", "NAME", None, "of the API key of this name"),
        ("--jurisdiction", "PLACE", None, "under the law of this place"),
        ("--verdict", "VERDICT", _VERDICTS, f"with this verdict: {', '.join(_VERDICTS)}"),
    ):
        parser.add_argument(flag, metavar=name, action="append", default=[], choices=allowed, help=f"answers {what}")
    parser.add_argument("--left-out", action="store_true", help="answers that a rule left something out of, or refused")
    parser.add_argument("--by", type=_kinds, default=(), metavar="KIND,…", help=f"count by {', '.join(KINDS)}")


def run(args: argparse.Namespace) -> int:
    """Run the action and return the exit code."""
    return int(args.act(args))


def _verify(args: argparse.Namespace) -> int:
    audit = _audit(args, needed=not args.places or not args.signed_by)
    places = _places(args, audit)
    keys = args.signed_by or ([audit.key_file] if audit and audit.key_file else [])
    if not keys:
        raise UsageError("no key is named.", help="Name the public key of the checkpoints with --signed-by.")
    public = [either_key(each) for each in keys]
    head = () if args.partial else tuple(kept_in(places[-1]))
    known = Known({key_id(each): each for each in public}, args.least, head, args.partial)
    found = verify(places, known)
    notes = _notes(places[-1], known)
    if args.format == "json":
        print(json.dumps(_as_json(found, notes), ensure_ascii=False))
    else:
        print("\n".join(_as_text(found, notes)))
    return 1 if found.problems else 0


def _notes(place: Path | RecordTable, known: Known) -> Sequence[Found]:
    """Return what is no problem, but limits what the verification of a record that ends with ``place`` proves."""
    if known.head or known.partial or not isinstance(place, Path):
        return ()
    what = "it is missing or empty, so a cut at a checkpoint is not found: keep it beside the file, or give --least"
    return (Found("note-head", str(head_file(place)), what),)


def _as_json(found: Verified, notes: Sequence[Found]) -> dict[str, object]:
    return {
        "ok": not found.problems,
        "problems": [{"code": each.code, "where": each.where} for each in found.problems],
        "breaks": [{"code": each.code, "where": each.where} for each in found.breaks],
        "notes": [{"code": each.code, "where": each.where} for each in notes],
        "records": found.records,
        "deleted": found.deleted,
        "unsigned": found.unsigned,
        "checkpoint": found.last.number if found.last else 0,
    }


def _as_text(found: Verified, notes: Sequence[Found]) -> Sequence[str]:
    def shown(kind: str, several: Sequence[Found]) -> list[str]:
        more = [f"{kind}: there may be more; {MOST} are listed"] if len(several) == MOST else []
        return [printable(f"{kind}[{each.code}] {each.where}: {each.what}") for each in several] + more

    signed = f"checkpoint {found.last.number} of {found.last.time}" if found.last else "no checkpoint"
    return [
        *shown("error", found.problems),
        *shown("break", found.breaks),
        *shown("note", notes),
        f"{found.records} records, {found.deleted} of them deleted, {found.unsigned} not signed; the last is {signed}",
        "the record is verified" if not found.problems else "the record is not as it was signed",
    ]


def _query(args: argparse.Namespace) -> int:
    places, selection = _places(args, _audit(args, needed=not args.places)), _selection(args)
    if args.list:
        for _, body in select(places, selection):
            sys.stdout.write(body.decode("utf-8", "replace") + "\n")
        return 0
    total, counts = count(places, selection, args.by)
    _print(args.format, args.by, total, _most_first(counts))
    return 0


def _report(args: argparse.Namespace) -> int:
    places, selection = _places(args, _audit(args, needed=not args.places)), _selection(args)
    by = args.by or ("day",)
    total, counts = count(places, selection, by)
    rows = _every_day(counts) if by == ("day",) else _most_first(counts)
    bars = [(", ".join(each or "(none)" for each in kind), number) for kind, number in rows]
    asked = ", ".join([*args.law, *args.rule, *args.key, *args.jurisdiction, *args.verdict, *args.effect])
    title = args.title or f"Answers by {', '.join(by)}" + (f": {asked}" if asked else "")
    times = [each.isoformat(timespec="minutes") for each in (selection.since, selection.until) if each]
    note = f"{total} answers" + (f", {' to '.join(times)}" if times else "")
    write_text(args.out, bar_chart(title, note, bars))
    _print(args.format, by, total, rows)
    return 0


def _most_first(counts: Mapping[Kind, int]) -> list[tuple[Kind, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _every_day(counts: Mapping[Kind, int]) -> list[tuple[Kind, int]]:
    """Return the days in their order, with those between them that have no answer."""
    if not counts:
        return []
    first, last = (date.fromisoformat(found[0]) for found in (min(counts), max(counts)))
    days = ((first + timedelta(days=each)).isoformat() for each in range((last - first).days + 1))
    return [((day,), counts.get((day,), 0)) for day in days]


def _print(form: str, by: Sequence[str], total: int, rows: Sequence[tuple[Kind, int]]) -> None:
    if form == "json":
        counts = [dict(zip(by, kind, strict=True)) | {"answers": number} for kind, number in rows]
        print(json.dumps({"answers": total, "counts": counts}, ensure_ascii=False))
        return
    shown = [(str(number), printable(", ".join(each or "(none)" for each in kind))) for kind, number in rows]
    print("\n".join(table([*shown, (str(total), "answers")], sys.stdout, right={0})))


def _prune(args: argparse.Namespace) -> int:
    audit = _audit(args, needed=not args.places or not args.sign_with)
    if args.before is None and args.key is None:
        raise UsageError(
            "what to delete is not named.", help="Name an age (--older-than, --before) or an API key (--key)."
        )
    file = args.sign_with or (audit.key_file if audit else None)
    if file is None and not args.dry_run:
        raise UsageError(
            "no key is named that signs that records were deleted.",
            help="Name it with --sign-with, or `audit.key_file` in the settings with --config.",
        )
    signer = None if file is None else Signer(file)
    planned = plan(_places(args, audit), Chosen(args.before, args.key))
    if args.dry_run or signer is None:
        if signer is not None:
            planned.check(signer)
        said, what, found = "would_delete", "would be deleted", planned.records
    else:
        said, what, found = "deleted", "deleted", prune(planned, signer)
    if args.format == "json":
        print(json.dumps({said: {str(place): number for place, number in found.items()}}, ensure_ascii=False))
    else:
        print("\n".join(f"{place}: {number} records {what}" for place, number in found.items()))
    return 0


def _schema(args: argparse.Namespace) -> int:
    print(SCHEMA, end="")
    return 0


def _audit(args: argparse.Namespace, *, needed: bool) -> AuditSettings | None:
    """Return the settings of the record, if they are ``needed``."""
    return load(file=args.config).audit if needed else None


def _places(args: argparse.Namespace, audit: AuditSettings | None) -> list[Path | RecordTable]:
    places: list[Path | RecordTable] = args.places or places_of(audit)
    if not places:
        raise UsageError(
            "no file is named.",
            help="Name the record's files, or the settings that have `audit.path` or `audit.store` with --config.",
        )
    return places


def _selection(args: argparse.Namespace) -> Selection:
    effects = (*args.effect, *(LEFT_OUT if args.left_out else ()))
    texts = (args.rule, args.law, effects, args.key, args.jurisdiction, args.verdict)
    return Selection(args.since, args.until, *map(tuple, texts))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a day or time such as 2026-11-27T09:00") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _ago(text: str) -> datetime:
    try:
        return datetime.now(UTC) - period(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except OverflowError:
        raise argparse.ArgumentTypeError(f"'{text}' is longer than the calendar") from None


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(text.split(",")))
    if unknown := [each for each in kinds if each not in KINDS]:
        raise argparse.ArgumentTypeError(f"'{unknown[0]}' is not one of {', '.join(KINDS)}")
    return kinds
