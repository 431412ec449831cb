"""``ordinance check``: all that is wrong with packs, at once."""

from __future__ import annotations

import argparse
import json

from ordinance.cli.arguments import add_paths
from ordinance.costs import costs
from ordinance.language.diagnostics import render
from ordinance.load import Loaded, load

_EPILOG = """\
example:
  ordinance check rules/jurisdictions/DE

The charter that a pack names, what it lies within, and language packs are found among the paths, else among the
packs that ship. A warning does not change the exit code.
exit codes: 0 clean, 1 findings, 2 something cannot be read as text, or usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "check",
        help="find everything that is wrong with packs",
        description="Read packs, complete them with what they name, and report every finding at once.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_paths(parser)


def run(args: argparse.Namespace) -> int:
    """Print the findings; the exit code says how bad they are."""
    loaded = load(args.paths, on=args.on)
    if args.format == "json":
        print(json.dumps({"diagnostics": [item.as_dict() for item in loaded.diagnostics]}, ensure_ascii=False))
        return loaded.exit_code
    for item in loaded.diagnostics:
        print(render(item))
    print(_summary(loaded))
    return loaded.exit_code


def _summary(loaded: Loaded) -> str:
    errors = sum(item.severity == "error" for item in loaded.diagnostics)
    warnings = len(loaded.diagnostics) - errors
    counted = f"{count(errors, 'error')}, {count(warnings, 'warning')}"
    if loaded.compiled is None or loaded.policy is None:
        return counted
    plan = loaded.compiled
    packs = ", ".join(f"{pack.name} {pack.version}" for pack in plan.packs)
    lines = [f"{counted}; {count(len(plan.rules), 'rule')} of {packs}", f"policy digest {plan.digest}"]
    given = {rule.id for rule in loaded.policy.rules if rule.unit.given}
    lines += [f"  {rule_id}: {cost}" for rule_id, cost in costs(plan) if rule_id in given]
    return "\n".join(lines)


def count(number: int, what: str) -> str:
    """``1 rule``, ``2 rules``, ``2 branches``."""
    plural = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"
