"""``ordinance new``: a pack to begin with."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from ordinance.authoring.skeleton import skeleton
from ordinance.cli.arguments import day
from ordinance.cli.progress import working
from ordinance.loading.files import shown

_EPILOG = """\
examples:
  ordinance new jurisdiction JP --into rules/jurisdictions
  ordinance new language ja --into rules/languages
  ordinance new house city_school --into rules/houses

Writes a folder of that name with a commented pack that checks and tests green as it stands, to be changed a line at a
time. A file that is there is never overwritten.
exit codes: 0 written, 1 this version cannot make it, 2 usage, or a file is there.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "new",
        help="write a pack to begin with",
        description="Write a commented pack that checks and tests green as it stands.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=("jurisdiction", "language", "house"), help="what kind of pack")
    parser.add_argument(
        "name", metavar="NAME", help="a code as JP or US-CA, a tag as ja or fr-CA, a name as city_school"
    )
    parser.add_argument(
        "--into", type=Path, default=Path(), metavar="DIR", help="where its folder goes (default: here)"
    )
    parser.add_argument("--on", type=day, metavar="DATE", help="take this day for today, as 2026-12-24")


def run(args: argparse.Namespace) -> int:
    """Write the files and say what to do next."""
    with working("making a skeleton"):
        made = skeleton(args.kind, args.name, args.on or datetime.now(UTC).date())
    for path in made.write(args.into):
        print(shown(path))
    home = shown(args.into / made.name)
    print(f"next: ordinance check {home} && ordinance test {home}", file=sys.stderr)
    return 0
