"""Kinds of value that several commands take. argparse turns an ``ArgumentTypeError`` into a usage error."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

import langcodes

from ordinance.errors import UsageError
from ordinance.policy.plan import Plan


def add_paths(parser: argparse.ArgumentParser) -> None:
    """``PATH…``, ``--on DATE`` and ``--format``, as ``check`` and ``test`` take them."""
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="a pack, or a folder with packs below it")
    parser.add_argument("--on", type=day, metavar="DATE", help="take this day for today, as 2026-12-24")
    add_format(parser)


def add_format(parser: argparse.ArgumentParser) -> None:
    """``--format``, for people or for programs."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="for people or for programs")


def day(text: str) -> date:
    """A date, as 2026-12-24."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date; write it as 2026-12-24") from None


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def fact(text: str) -> tuple[str, str]:
    """A fact that the caller attests, as purpose=education."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a fact; write it as purpose=education")
    return name, value


def locale_tag(text: str) -> str:
    """A language tag, as de-DE."""
    if not langcodes.tag_is_valid(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a locale; write it as de-DE or et-EE")
    return text


def region_of(locale: str) -> str | None:
    """The region of a locale, which stands for the jurisdiction where the operator speaks: ``de-DE`` gives ``DE``.

    None where the locale names no region. Raises ``UsageError`` where it is not a language tag.
    """
    if not langcodes.tag_is_valid(locale):
        raise UsageError(f"'{locale}' is not a locale.", help="Write a language and a region, as in de-DE or et-EE.")
    # Exactly: normalising would make Germany of the region DD, and a law is never chosen by best fit.
    return langcodes.Language.get(locale, normalize=False).territory


def tell_charter_alone(plan: Plan) -> None:
    """Say on standard error that no law applies, where one could; call it where no jurisdiction is named."""
    if plan.parents:
        print(
            f"ordinance: no jurisdiction: only the charter applies; name one with --jurisdiction {min(plan.parents)}",
            file=sys.stderr,
            flush=True,
        )
