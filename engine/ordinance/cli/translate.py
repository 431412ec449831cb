"""``ordinance translate``: say what lacks which language, and exchange texts with translators."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ordinance.authoring.translation.exchange_files import Key, languages, read, write
from ordinance.authoring.translation.wanted_texts import Wanted, translated, wanted
from ordinance.cli.arguments import add_config, add_day, add_packs, allowed_by, locale_tag, packs_of
from ordinance.cli.check import count
from ordinance.cli.fmt import write_whole
from ordinance.cli.printed import show, write_text
from ordinance.errors import UnreadableError, UsageError
from ordinance.loading.files import shown
from ordinance.loading.load import Loaded, load
from ordinance.trust.unpacked import is_bundle

_EPILOG = """\
examples:
  ordinance translate KR --with en                          what lacks which language
  ordinance translate KR --with en --to ko --export ko.csv  a spreadsheet to fill in
  ordinance translate KR --with en --import ko.csv          write the translations into the packs
  ordinance translate NO --from nb --to en                  texts without a language are Norwegian

Texts that exist are exported too, for a translator to see and correct. An import replaces texts, adds missing ones and
formats the packs; empty translations change nothing. Read the result with `ordinance diff` or `git diff`.
exit codes: 0 nothing lacks a language, or a file was written; 1 texts lack a language; 2 unreadable input, wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "translate",
        help="list texts that lack a language; export and import translations",
        description="Say which texts of packs lack which language, and exchange them with translators.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_packs(parser, "PATH")
    parser.add_argument(
        "--from", dest="once", type=locale_tag, metavar="TAG",
        help="the language of texts that are written once, for everybody (default: English; in a pack without English, "
        "its first language)",
    )  # fmt: skip
    parser.add_argument("--to", type=locale_tag, metavar="TAG", help="one language (default: all that are loaded)")
    parser.add_argument("--export", metavar="FILE", help="write the texts to FILE, .csv or .xliff")
    parser.add_argument("--import", dest="imported", metavar="FILE", help="read translations from FILE, .csv or .xliff")
    add_day(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """List, export or import texts."""
    if args.export and args.imported:
        raise UsageError("--export and --import cannot be given together.", help="Export first.")
    allowed = allowed_by(args)
    paths = packs_of(args, allowed.settings)
    if any(map(is_bundle, paths)):
        raise UsageError("a bundle cannot be translated.", help="Name the packs that it was built from.")
    loaded = load(paths, plugins=allowed.plugins, budget=allowed.budget, on=args.on, examples=False)
    if loaded.policy is None:
        return _unread(loaded)
    if args.imported:
        return _take_in(loaded, args.imported, args.once)
    texts = wanted(loaded.policy, (args.to,) if args.to else (), args.once)
    if args.export:
        write_text(Path(args.export), write(args.export, texts))
        print(f"{args.export}: {count(len(texts), 'text')}, {sum(each.lacking for each in texts)} to translate")
        return 0
    return _list(texts)


def _unread(loaded: Loaded) -> int:
    show(loaded.diagnostics)
    return 2


def _list(texts: Sequence[Wanted]) -> int:
    lacking: dict[str, list[str]] = {}
    for each in texts:
        if each.lacking:
            lacking.setdefault(each.id, []).append(each.to)
    for name, tags in lacking.items():
        print(f"{name}: {', '.join(tags)}")
    number = sum(map(len, lacking.values()))
    print(f"{count(number, 'translation')} missing of {len(texts)}")
    return 1 if number else 0


def _take_in(loaded: Loaded, name: str, once: str | None) -> int:
    try:
        text = Path(name).read_text("utf-8")
        said = read(name, text)
    except (OSError, UnicodeDecodeError):
        raise UnreadableError(f"{name} cannot be read as UTF-8 text.", help="Check the path.") from None
    if loaded.policy is None:
        raise AssertionError
    known = wanted(loaded.policy, sorted({to for _, to in said}), once, languages(name, text))
    by_key: dict[Key, Wanted] = {(each.id, each.to): each for each in known}
    if strange := next((key for key in said if key not in by_key), None):
        raise UsageError(f"no pack has the text '{strange[0]}' ({name}).", help="Export the texts of these packs anew.")
    changed = [by_key[key] for key, target in said.items() if by_key[key].target != target]
    for unit in {each.unit.name: each.unit for each in changed}.values():
        own = {each.id + each.to: (each, said[each.id, each.to]) for each in changed if each.unit is unit}
        write_whole(unit.pack.source.path, translated(unit, own))
        print(f"{shown(unit.pack.source.path)}: {count(len(own), 'text')} written")
    if not changed:
        print("nothing to write: every translation is in the packs", file=sys.stderr)
    return 0
