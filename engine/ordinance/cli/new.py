"""``ordinance new``: create a starter pack, or a starter plugin."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from ordinance.authoring.plugin_skeleton import KINDS, plugin_skeleton
from ordinance.authoring.skeleton import DUTIES, Skeleton, skeleton
from ordinance.cli.arguments import add_day
from ordinance.cli.progress import working
from ordinance.errors import UsageError
from ordinance.loading.files import shown

_EPILOG = """\
examples:
  ordinance new jurisdiction JP --into rules/jurisdictions
  ordinance new jurisdiction KR --duty disclosure --languages ko,en
  ordinance new language ja --into rules/languages
  ordinance new house city_school --into rules/houses
  ordinance new plugin acme-codes --kind detector

Creates a folder called NAME with a commented pack that passes `ordinance check` and `ordinance test` right away, or
with a plugin that passes `ordinance plugin check`; change it line by line. An existing file is never overwritten.
exit codes: 0 created, 1 this version cannot create it, 2 wrong usage or a file exists.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "new",
        help="create a starter pack or plugin",
        description="Create a commented starter pack, or a starter plugin, that passes its checks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=("jurisdiction", "language", "house", "plugin"), help="what to create")
    parser.add_argument(
        "name",
        metavar="NAME",
        help="a code like JP or US-CA, a language tag like ja or fr-CA, or a name like city_school or acme-codes",
    )
    parser.add_argument("--kind", dest="of", choices=KINDS, help="what a plugin provides")
    parser.add_argument("--duty", choices=DUTIES, help="what the law asks for (default: omission)")
    parser.add_argument(
        "--languages", metavar="TAGS", help="languages of its texts, as in ko,en (default: those that ship)"
    )
    parser.add_argument(
        "--into", type=Path, default=Path(), metavar="DIR", help="where to create the folder (default: here)"
    )
    add_day(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files, and print what to do next."""
    with working("making a skeleton"):
        made = _made(args)
    for path in made.write(args.into):
        print(shown(path))
    home = shown(args.into / made.name)
    if args.kind == "jurisdiction" and "-" in made.name:
        country, _, part = made.name.partition("-")
        print(f"note: whether {part} is a part of {country} is not checked; compare ISO 3166-2", file=sys.stderr)
    if args.kind == "plugin":
        print(f"next: read {home}/README.md", file=sys.stderr)
    else:
        beside = _shipped(args, made)
        print(f"next: ordinance check {home}{beside} && ordinance test {home}{beside}", file=sys.stderr)
        for tag in _own(made):
            translate = f"ordinance translate {home}{beside} --to {tag}"
            print(f"the texts in {tag} are still English; this lists them: {translate}", file=sys.stderr)
    return 0


def _tags(args: argparse.Namespace) -> list[str]:
    return [tag.strip() for tag in (args.languages or "").split(",") if tag.strip()]


def _shipped(args: argparse.Namespace, made: Skeleton) -> str:
    """Write which packs that ship the new one needs beside it: a pack of a language that is given takes their place."""
    return "".join(f" --with {tag}" for tag in _tags(args) if tag not in _own(made))


def _own(made: Skeleton) -> list[str]:
    """Return the languages that do not ship, so that their packs lie beside the new one."""
    return [Path(place).stem for place in made.files if place.startswith("languages/")]


def _made(args: argparse.Namespace) -> Skeleton:
    today = args.on or datetime.now(UTC).date()
    if args.kind != "plugin":
        if args.of is not None:
            raise UsageError("--kind is for plugins alone.", help="Leave it out, or write `ordinance new plugin NAME`.")
        if args.kind != "jurisdiction" and args.duty:
            raise UsageError("--duty is for jurisdictions alone.", help="Leave it out.")
        return skeleton(args.kind, args.name, today, args.duty or "omission", _tags(args))
    if args.of is None:
        raise UsageError("a plugin needs --kind.", help=f"Write one of {', '.join(KINDS)}.")
    return plugin_skeleton(args.of, args.name, today)
