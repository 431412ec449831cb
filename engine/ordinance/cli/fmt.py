"""``ordinance fmt``: format packs. There are no style options: nobody argues about layout."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ordinance.cli.arguments import add_format
from ordinance.cli.check import count
from ordinance.cli.printed import show
from ordinance.cli.progress import working
from ordinance.errors import UnwritableError
from ordinance.language.diagnostics import Diagnostic, capped, in_order
from ordinance.language.format import format_source
from ordinance.language.parser import Role, first_word, parse
from ordinance.loading.bounds import PACK_LIMIT
from ordinance.loading.files import find_packs, read_source, shown

_EPILOG = """\
examples:
  ordinance fmt rules/jurisdictions/DE        format packs in place
  ordinance fmt --check rules                 only list the packs that would change, for a build

There is one style, without options. Only the layout changes, never a word, a comment or a quoted text. A pack that
does not parse is reported as by `ordinance check` and left unchanged; the others are written.
exit codes: 0 success, 1 a pack does not parse or (with --check) would change, 2 unreadable input or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "fmt",
        help="format packs",
        description="Format packs in place. Comments and quoted texts stay as they are.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="a pack, or a folder that contains packs")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; list the packs that would change, and exit with 1 if any"
    )
    add_format(parser)


@dataclass(frozen=True, slots=True)
class Formatted:
    """The files that are ``changed``, how many packs were ``seen``, and the ``diagnostics`` of those with errors."""

    changed: tuple[str, ...]
    seen: int
    diagnostics: tuple[Diagnostic, ...]


def run(args: argparse.Namespace) -> int:
    """Format every pack and return the exit code."""
    with working("formatting"):
        done = _format(args.paths, write=not args.check)
    if args.format == "json":
        found = [item.as_dict() for item in done.diagnostics]
        print(json.dumps({"changed": list(done.changed), "packs": done.seen, "diagnostics": found}, ensure_ascii=False))
    else:
        _print(done, check=args.check)
    if any(item.unreadable for item in done.diagnostics):
        return 2
    wrong = any(item.severity == "error" for item in done.diagnostics)
    return 1 if wrong or (args.check and done.changed) else 0


def _format(paths: list[Path], *, write: bool) -> Formatted:
    found: list[Diagnostic] = []
    changed: list[str] = []
    seen = 0
    for path in find_packs(paths, found.append):
        seen += 1
        source = read_source(path, PACK_LIMIT, found.append)
        if source is None:
            continue
        role: Role = "charter" if first_word(source.text) == "charter" else "pack"
        text = format_source(source, role)
        if text is None:
            found += parse(source, role).diagnostics
        elif text.encode() != path.read_bytes():
            changed.append(shown(path))
            if write:
                write_whole(path, text)
    return Formatted(tuple(changed), seen, capped(in_order(found)))


def write_whole(path: Path, text: str) -> None:
    """Replace the file's content with ``text``, whole or not at all. Raises ``UnwritableError``."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
        handle, name = tempfile.mkstemp(prefix=".ordinance-", dir=target.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        os.chmod(name, mode & 0o7777)
        os.replace(name, target)
    except OSError as error:
        os.unlink(name)
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> UnwritableError:
    message = f"{shown(path)} cannot be written: {error.strerror}."
    return UnwritableError(message, help="Check the permissions of the file and its folder.")


def _print(done: Formatted, *, check: bool) -> None:
    show(done.diagnostics)
    for name in done.changed:
        print(f"{name}: {'would be formatted' if check else 'formatted'}")
    same = done.seen - len(done.changed) - len({item.file for item in done.diagnostics if item.severity == "error"})
    verb = "would be formatted" if check else "formatted"
    print(f"{count(len(done.changed), 'pack')} {verb}, {max(same, 0)} left unchanged")
