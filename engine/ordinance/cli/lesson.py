"""``ordinance lesson``: what a finding means, a sample that has it, and what to write instead. Offline."""

from __future__ import annotations

import argparse
import sys

from ordinance.cli.terminal_table import table
from ordinance.errors import UsageError
from ordinance.language.codes import CATALOGUE
from ordinance.language.diagnostics import did_you_mean
from ordinance.resources import folder
from ordinance.trust.trouble import CODES, MARKS

_EPILOG = """\
examples:
  ordinance lesson lexicon-missing
  ordinance lesson                            list all codes

The code of a finding is in brackets, as in error[lexicon-missing].
exit codes: 0 success, 2 wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "lesson",
        help="explain a finding and show what to write instead",
        description="Explain one code: what it means, a sample that has the finding, and one that does not.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("code", metavar="CODE", nargs="?", help="the code of a finding (default: list all codes)")


def run(args: argparse.Namespace) -> int:
    """Print the page of a code. Raises ``UsageError`` if there is no such code."""
    titles = {code: entry.title for code, entry in CATALOGUE.items()}
    titles |= {code: entry.title for code, entry in {**CODES, **MARKS}.items()}
    if args.code is None:
        print("\n".join(table(list(titles.items()), sys.stdout)))
        return 0
    if args.code not in titles:
        near = did_you_mean(args.code, titles)
        raise UsageError(f"there is no finding '{args.code}'.", help=f"{near} `ordinance lesson` lists all.".strip())
    below = "bundles" if args.code in CODES else "marks" if args.code in MARKS else "."
    print((folder("lessons") / below / f"{args.code}.md").read_text("utf-8"), end="")
    return 0
