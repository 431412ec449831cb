"""``ordinance new``: create a starter pack, or a starter plugin."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from ordinance.authoring.plugin_skeleton import KINDS, plugin_skeleton
from ordinance.authoring.skeleton import Skeleton, skeleton
from ordinance.cli.arguments import add_day
from ordinance.cli.progress import working
from ordinance.errors import UsageError
from ordinance.loading.files import shown

_EPILOG = """\
examples:
  ordinance new jurisdiction JP --into rules/jurisdictions
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
    if args.kind == "plugin":
        print(f"next: read {home}/README.md", file=sys.stderr)
    else:
        print(f"next: ordinance check {home} && ordinance test {home}", file=sys.stderr)
    return 0


def _made(args: argparse.Namespace) -> Skeleton:
    today = args.on or datetime.now(UTC).date()
    if args.kind != "plugin":
        if args.of is not None:
            raise UsageError("--kind is for plugins alone.", help="Leave it out, or write `ordinance new plugin NAME`.")
        return skeleton(args.kind, args.name, today)
    if args.of is None:
        raise UsageError("a plugin needs --kind.", help=f"Write one of {', '.join(KINDS)}.")
    return plugin_skeleton(args.of, args.name, today)
