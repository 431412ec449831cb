"""``ordinance test``: run the examples in packs through the server's own session, and report what they cover."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ordinance.authoring.junit import junit
from ordinance.authoring.labelled import Labelled, read_texts
from ordinance.authoring.results import Examined, examine
from ordinance.cli.arguments import add_paths, allowed_by, packs_of
from ordinance.cli.check import count
from ordinance.cli.colour import tell
from ordinance.cli.printed import show, write_text
from ordinance.cli.progress import working
from ordinance.errors import UnreadableError, UsageError
from ordinance.language.diagnostics import Diagnostic
from ordinance.loading.bounds import LEXICON_LIMIT
from ordinance.loading.example_runs import Result
from ordinance.loading.files import read_source, shown
from ordinance.loading.load import Loaded
from ordinance.trust.drafts import load_draft

_EPILOG = """\
examples:
  ordinance test rules/jurisdictions/DE
  ordinance test rules/jurisdictions/DE --texts complaints.txt --junit results.xml

Runs the examples of the packs at PATH under the whole policy. Facts that an example omits: the jurisdiction is the
pack's own, the turn is 2, everything else is unknown. The day is that of the pack's version (2026.11.0: 2026-11-01),
or the nearest day on which the rule's law is in force. With --on, all examples run on that day; an example that
should fire under a law not in force that day is listed but not run. For a language pack, the first firing example of
every rule runs, and its notice must be in that language.
An example that only a judge would find is listed but not run, unless you give --judge and settings that name a judge.
Coverage lists the branches of a rule's conditions that no example shows. It does not affect the exit code.
--texts takes your own texts: each below a line that says what you expect, or as JSON lines (see docs/commands.md).
exit codes: 0 all passed, 1 an example failed, none was found, or the packs have errors, 2 unreadable input or wrong
usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "test",
        help="run the examples in packs",
        description="Run every example of the given packs, and report those that disagree with the policy.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_paths(parser)
    parser.add_argument("--judge", action="store_true", help="also ask the judge that --config names")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="also run your own labelled texts")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write the results as JUnit XML")


def run(args: argparse.Namespace) -> int:
    """Print the failed examples and the coverage. Return the exit code; having no example is a failure."""
    with working("reading packs"):
        allowed = allowed_by(args)
        judge = allowed.judge if args.judge else None
        if args.judge and judge is None:
            raise UsageError("no judge is configured.", help="Name the settings with --config, or leave out --judge.")
        paths = packs_of(args, allowed.settings)
        loaded = load_draft(
            paths, plugins=allowed.plugins, budget=allowed.budget, on=args.on, examples=False, judge=judge
        )
    if loaded.compiled is None:
        return _not_loaded(loaded, args.format)
    texts = _texts(args.texts, loaded) if args.texts else []
    with working("running examples"):
        examined = examine(loaded, texts, args.on)
    if args.junit:
        write_text(args.junit, junit(examined.everything))
    if args.format == "json":
        print(json.dumps(_report(examined), ensure_ascii=False))
    else:
        _print(examined)
    ran = any(not result.off for result in examined.everything)
    return 1 if examined.failed or not ran else 0


def _texts(path: Path, loaded: Loaded) -> list[Labelled]:
    found: list[Diagnostic] = []
    source = read_source(path, LEXICON_LIMIT, found.append)
    if source is None:
        message = found[0].message if path.exists() else "there is no such file"
        raise UnreadableError(f"{shown(path)}: {message}.", help=found[0].help)
    return read_texts(source, loaded.plan)


def _not_loaded(loaded: Loaded, form: str) -> int:
    if form == "json":
        report: dict[str, object] = {"examples": 0, "failed": 0, "rules": {}}
        report["diagnostics"] = [item.as_dict() for item in loaded.diagnostics]
        print(json.dumps(report, ensure_ascii=False))
    else:
        show(loaded.diagnostics)
        print("no example was run: the packs do not compile to a policy")
    return loaded.exit_code


def _report(examined: Examined) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    for result in examined.results:
        counts = rules.setdefault(result.example.rule, {"fires": 0, "quiet": 0})
        if result.example.expects in counts:
            counts[result.example.expects] += 1
    for each in examined.coverage:
        rules[each.rule]["coverage"] = {"shown": list(each.shown), "missing": list(each.missing)}
        rules[each.rule]["languages"] = {"told": list(each.told), "missing": list(each.untold)}
    return {
        "examples": len(examined.results),
        "failed": len(examined.failed),
        "off": sum(bool(result.off) for result in examined.everything),
        "rules": rules,
        "told": {"examples": len(examined.told), "failed": _failed(examined.told)},
        "texts": {"texts": len(examined.texts), "failed": _failed(examined.texts), "rules": _by_rule(examined.texts)},
        "failures": [_failure(result) for result in examined.failed],
    }


def _failed(results: Sequence[Result]) -> int:
    return sum(not result.passed for result in results)


def _failure(result: Result) -> dict[str, Any]:
    place = result.example.span
    return {
        "file": place.source.name, "line": place.line, "rule": result.example.rule, "expects": result.example.expects,
        "problem": result.problem,
    }  # fmt: skip


def _by_rule(results: Sequence[Result]) -> dict[str, dict[str, int]]:
    """Count, for each rule, the labelled texts it found or missed, and those it spared or wrongly took."""
    rules: dict[str, dict[str, int]] = {}
    for result in results:
        if result.off:
            continue
        counts = rules.setdefault(result.example.rule, {"found": 0, "missed": 0, "spared": 0, "taken": 0})
        right, wrong = ("found", "missed") if result.example.expects == "fires" else ("spared", "taken")
        counts[right if result.passed else wrong] += 1
    return rules


def _print(examined: Examined) -> None:
    for result in examined.failed:
        place = result.example.span
        rule = f"{result.example.rule}: " if result.example.rule else ""
        what = "text" if result in examined.texts else "example"
        at = f"{place.source.name}:{place.line}:{place.column}"
        tell(f"{at}: failed: {rule}the {what} says `{result.example.expects}`, but {result.problem}", sys.stdout)
    for result in examined.everything:
        if result.off:
            place = result.example.span
            at = f"{place.source.name}:{place.line}:{place.column}"
            tell(f"{at}: not run: {result.example.rule}: {result.off}", sys.stdout)
    _print_coverage(examined)
    _print_texts(examined.texts)
    if examined.told:
        print(f"{count(len(examined.told), 'rule')} told in the language packs given, {_failed(examined.told)} failed")
    if examined.results:
        print(_held(examined.results))
    elif not examined.told:
        print("the packs have no example")


def _held(results: Sequence[Result]) -> str:
    off, failed = sum(bool(result.off) for result in results), _failed(results)
    held, rules = len(results) - failed - off, len({result.example.rule for result in results})
    said = f"{count(len(results), 'example')} of {count(rules, 'rule')}: {held} {'holds' if held == 1 else 'hold'}, "
    return said + f"{failed} failed" + (f", {off} not run" if off else "")


def _print_coverage(examined: Examined) -> None:
    for each in examined.coverage:
        counts = Counter(result.example.expects for result in examined.results if result.example.rule == each.rule)
        said = [f"{number} {expects}" for expects, number in counts.items()]
        if total := len(each.shown) + len(each.missing):
            said.append(f"{len(each.shown)} of {count(total, 'branch')} shown")
        if each.told or each.untold:
            said.append(f"told in {', '.join(each.told) or 'no language'}")
        print(f"{each.rule}: {', '.join(said)}")
        for branch in each.missing:
            print(f"  no example shows: {branch}")
        if each.untold:
            print(f"  no text of its own in: {', '.join(each.untold)}")


def _print_texts(results: Sequence[Result]) -> None:
    for rule, counts in _by_rule(results).items():
        firing, others = counts["found"] + counts["missed"], counts["spared"] + counts["taken"]
        parts = [f"{counts['found']} of {firing} found"] if firing else []
        parts += [f"{counts['taken']} of {others} taken that should not be"] if others else []
        print(f"texts: {rule or 'passes'}: {', '.join(parts)}")
