"""``ordinance new``: create a starter pack."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from ordinance.authoring.skeleton import skeleton
from ordinance.cli.arguments import add_day
from ordinance.cli.progress import working
from ordinance.loading.files import shown

_EPILOG = """\
examples:
  ordinance new jurisdiction JP --into rules/jurisdictions
  ordinance new language ja --into rules/languages
  ordinance new house city_school --into rules/houses

Creates a folder called NAME with a commented pack that passes `ordinance check` and `ordinance test` right away;
change it line by line. An existing file is never overwritten.
exit codes: 0 created, 1 this version cannot create it, 2 wrong usage or a file exists.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "new",
        help="create a starter pack",
        description="Create a commented starter pack that passes `ordinance check` and `ordinance test`.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=("jurisdiction", "language", "house"), help="what kind of pack")
    parser.add_argument(
        "name",
        metavar="NAME",
        help="a code like JP or US-CA, a language tag like ja or fr-CA, or a name like city_school",
    )
    parser.add_argument(
        "--into", type=Path, default=Path(), metavar="DIR", help="where to create the folder (default: here)"
    )
    add_day(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files, and print what to do next."""
    with working("making a skeleton"):
        made = skeleton(args.kind, args.name, args.on or datetime.now(UTC).date())
    for path in made.write(args.into):
        print(shown(path))
    home = shown(args.into / made.name)
    print(f"next: ordinance check {home} && ordinance test {home}", file=sys.stderr)
    return 0
