"""``ordinance print``: write the public register of a deployment's rules."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ordinance.authoring.objections import counted, read
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.html import to_html
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.overview import Published
from ordinance.authoring.register.wording import Wording, languages, words_from, words_in
from ordinance.cli.arguments import add_config, add_day, add_shipped, allowed_by, day, packs_of
from ordinance.cli.progress import working
from ordinance.errors import UnreadableError
from ordinance.loading.files import shown
from ordinance.trust.drafts import load_draft

_EPILOG = """\
examples:
  ordinance print --language de rules >register.html
  ordinance print --language et --format markdown rules/jurisdictions/EE >register.md
  ordinance print --since 2026-08-01 --operator "City of Z" --contact https://z.example/object >register.html

The register lists what is never allowed, what is left out and under which law, what is added, how language and tone
are set, whom to call, and how to object. It contains no phrase or pattern that a rule looks for. The HTML is one file
that loads nothing: readers choose a place, and a small script of its own looks for words. Each rule has an anchor,
such as #DE/symbols: the id by which answers name it. The register's own words ship in each language that has a pack;
for another, translate ordinance/authoring/register/words/en.json (same keys) and pass it with --words FILE.
exit codes: 0 written, 1 errors in the packs, 2 unreadable input or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "print",
        help="write the public register of rules",
        description="Write a document for the public, on standard output, that says what packs do.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="*", help="packs or folders (default: shipped packs)")
    parser.add_argument(
        "--language", default="en", metavar="TAG",
        help=f"language of the document: {', '.join(languages())} (default: en)",
    )  # fmt: skip
    parser.add_argument("--words", type=Path, metavar="FILE", help="the register's own words in another language")
    parser.add_argument("--format", choices=("html", "markdown"), default="html", help="output format (default: html)")
    parser.add_argument(
        "--objections",
        type=Path,
        metavar="FILE",
        help="show how many people objected to each rule, as FILE counts them",
    )
    parser.add_argument("--operator", default="", metavar="NAME", help="who offers the service")
    parser.add_argument("--contact", default="", metavar="TEXT", help="where to object: a link, an address or words")
    parser.add_argument(
        "--since", type=day, metavar="DATE", help="list what has changed since DATE, by the rules' dates"
    )
    add_shipped(parser)
    add_day(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Print the document."""
    words = _words(args.words, args.language) if args.words else words_in(args.language)
    with working("reading packs"):
        allowed = allowed_by(args)
        loaded = load_draft(packs_of(args, None), plugins=allowed.plugins, budget=allowed.budget, on=args.on)
        plan, policy = loaded.plan, loaded.policy
    if policy is None:  # a plan is made of a policy
        raise AssertionError
    on = args.on or datetime.now(UTC).date()
    counts = {each.rule: each for each in counted(read(args.objections))} if args.objections else {}
    for rule in sorted(counts.keys() - {rule.id for rule in plan.rules}):
        print(f"ordinance: {args.objections} counts objections to {rule}, which is not a rule here", file=sys.stderr)
    with working("writing the register"):
        published = Published(args.operator, args.contact, args.since, counts)
        document = register(plan, policy, Wording.of(args.language, words, policy), on, published)
        text = to_html(document) if args.format == "html" else to_markdown(document)
    sys.stdout.write(text)
    return 0


def _words(path: Path, language: str) -> Mapping[str, str]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnreadableError(f"{shown(path)} cannot be read: {why}.", help="Check the path.") from None
    return words_from(text, shown(path), language)
