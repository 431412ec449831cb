"""``ordinance test``: the examples in packs, run through the same session as every door."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from ordinance.cli.arguments import add_paths
from ordinance.cli.check import count
from ordinance.language.diagnostics import render
from ordinance.load import Loaded, load
from ordinance.testing import Result, run_example

_EPILOG = """\
example:
  ordinance test rules/jurisdictions/DE

Runs the examples of the packs at PATH with the whole policy in force. Facts that an example does not give: the pack's
own jurisdiction, turn 2, everything else unknown; the day is today unless --on says otherwise.
exit codes: 0 all hold, 1 one fails, or there is none, or the packs are wrong, 2 unreadable or usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "test",
        help="run the examples that stand in packs",
        description="Run every example of the given packs and say which disagree with the policy.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_paths(parser)


def run(args: argparse.Namespace) -> int:
    """Print which examples fail, and the coverage by rule; no example at all is a failure."""
    loaded = load(args.paths, on=args.on, examples=False)
    if loaded.compiled is None:
        return _not_loaded(loaded, args.format)
    plan = loaded.compiled
    results = [run_example(plan, example, args.on) for example in loaded.examples]
    failed = [result for result in results if not result.passed]
    if args.format == "json":
        print(json.dumps(_report(results), ensure_ascii=False))
    else:
        _print(results)
    return 1 if failed or not results else 0


def _not_loaded(loaded: Loaded, form: str) -> int:
    if form == "json":
        report: dict[str, object] = {"examples": 0, "failed": 0, "rules": {}}
        report["diagnostics"] = [item.as_dict() for item in loaded.diagnostics]
        print(json.dumps(report, ensure_ascii=False))
    else:
        for item in loaded.diagnostics:
            print(render(item))
        print("no example was run: the packs do not make a policy")
    return loaded.exit_code


def _report(results: Sequence[Result]) -> dict[str, object]:
    rules: dict[str, dict[str, int]] = {}
    for result in results:
        counts = rules.setdefault(result.example.rule, {"fires": 0, "quiet": 0})
        if result.example.expects in counts:
            counts[result.example.expects] += 1
    return {"examples": len(results), "failed": sum(not result.passed for result in results), "rules": rules}


def _print(results: Sequence[Result]) -> None:
    for result in results:
        if not result.passed:
            place = result.example.span
            print(
                f"{place.source.name}:{place.line}:{place.column}: failed: {result.example.rule}: the example "
                f"says `{result.example.expects}`, but {result.problem}"
            )
    failed = sum(not result.passed for result in results)
    rules = len({result.example.rule for result in results})
    if not results:
        print("there is no example to run")
    else:
        held = len(results) - failed
        print(
            f"{count(len(results), 'example')} of {count(rules, 'rule')}: "
            f"{held} {'holds' if held == 1 else 'hold'}, {failed} failed"
        )
