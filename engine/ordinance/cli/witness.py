"""``ordinance witness``: whether two texts of a person's own have the same substance. Offline."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ordinance.cli.arguments import add_format, locale_tag
from ordinance.errors import UnreadableError, UsageError
from ordinance.substance.closed_classes import tags
from ordinance.substance.comparing import LONGEST, Comparison, Difference, compare
from ordinance.substance.protected_spans import State

_EPILOG = """\
examples:
  ordinance witness before.txt after.txt --language de
  some-rewriter <before.txt | ordinance witness before.txt - --language fr --format json

Protected are numbers, units, dates, names, negation, hedges, quotations, code, links, citations, contacts and notices:
they must come back with the same value and in the same order. Other words are not compared, so `same` does not mean
that two texts say the same; docs/adapters.md says what is decided, by language.
exit codes: 0 same substance; 1 differs; 2 cannot tell, unreadable input or wrong usage.
"""
_CODES = {State.SOUND: 0, State.DIFFERS: 1, State.CANNOT_TELL: 2}
_SAID = {State.SOUND: "same", State.DIFFERS: "differs", State.CANNOT_TELL: "cannot tell"}
#: The largest file, in bytes: four for each character.
_MOST = 4 * LONGEST


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "witness",
        help="tell whether two texts have the same substance",
        description="Tell whether two texts have the same substance, so that only their form differs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", metavar="A", help="the text as it was: a file, or - for standard input")
    parser.add_argument("b", metavar="B", help="the text as it is now: a file, or - for standard input")
    what = f"the language of both texts: {', '.join(tags())}; without one, names, negation and hedges are `cannot tell`"
    parser.add_argument("--language", type=locale_tag, metavar="TAG", help=what)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and print. Raises ``UsageError`` and ``UnreadableError``."""
    if args.a == "-" == args.b:
        raise UsageError("A and B cannot both be standard input.", help="Name a file for one of them.")
    a, b = _text(args.a), _text(args.b)
    found = compare(a, b, args.language or "")
    if args.format == "json":
        print(json.dumps(_as_json(found, a, b), ensure_ascii=False))
    else:
        print("\n".join(_lines(found, a, b)))
    return _CODES[found.state]


def _text(name: str) -> str:
    what = "Standard input" if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_MOST + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(_MOST + 1)
    except (OSError, ValueError):
        raise UnreadableError(f"{what} cannot be read.", help="Check the path.") from None
    if len(data) > _MOST:
        raise UnreadableError(f"{what} is larger than {_MOST} bytes.", help="Compare the texts in parts.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UnreadableError(f"{what} is not UTF-8 text.", help="Convert it to UTF-8.") from None


def _as_json(found: Comparison, a: str, b: str) -> dict[str, object]:
    return {
        "same": found.same,
        "state": found.state.value,
        "kinds": {kind.value: state.value for kind, state in found.kinds.items()},
        "other_text": found.other_text,
        "differences": [
            {"kind": each.kind.value, "state": each.state.value, "moved": each.moved}
            | {"a": _piece(each.a, a), "b": _piece(each.b, b)}
            for each in found.differences
        ],
    }


def _piece(place: tuple[int, int] | None, text: str) -> dict[str, object] | None:
    return None if place is None else {"start": place[0], "end": place[1], "text": text[slice(*place)]}


def _lines(found: Comparison, a: str, b: str) -> list[str]:
    lines = [_line(each, a, b) for each in found.differences]
    unknown = [kind.value for kind, state in found.kinds.items() if state is State.CANNOT_TELL]
    unknown = [kind for kind in unknown if kind not in {each.kind.value for each in found.differences}]
    if found.other_text:
        lines.append("cannot tell: most of the other words differ, or a text is too long")
    elif unknown:
        lines.append(f"cannot tell without a language that is known: {', '.join(unknown)}")
    return [*lines, _SAID[found.state]]


def _line(each: Difference, a: str, b: str) -> str:
    parts = [
        "nothing" if place is None else f"{place[0]}-{place[1]} {json.dumps(text[slice(*place)], ensure_ascii=False)}"
        for place, text in ((each.a, a), (each.b, b))
    ]
    said = "moved" if each.moved else _SAID[each.state]
    return f"{each.kind.value} ({said}): A {parts[0]}, B {parts[1]}"
