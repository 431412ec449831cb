"""``ordinance check``: report every problem in packs, at once."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ordinance.authoring.costs import Cost, costs, measured
from ordinance.authoring.statutes import Statute, as_json, statutes
from ordinance.cli.arguments import add_paths, allowed_by, packs_of
from ordinance.cli.printed import show
from ordinance.cli.terminal_table import table
from ordinance.judging.joined import Judges
from ordinance.judging.served import ServedJudge
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.loading.load import Loaded
from ordinance.policy.ir import Rule
from ordinance.trust.drafts import load_draft

_EPILOG = """\
examples:
  ordinance check rules/jurisdictions/DE
  ordinance check --config ordinance.yaml     the packs and judges of these settings

A pack is checked together with the charter it names, the jurisdictions it lies within, and language packs. These are
looked up in the given paths first, then among the shipped packs. Warnings do not change the exit code.
exit codes: 0 no errors, 1 errors found, 2 unreadable input or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "check",
        help="report every problem in packs",
        description="Read packs and the packs that they refer to, and report every problem at once.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_paths(parser)
    parser.add_argument(
        "--cost",
        action="store_true",
        help="measure how long each rule delays ordinary text, and what share of it the rule removes",
    )


def run(args: argparse.Namespace) -> int:
    """Print the findings and return the exit code."""
    allowed = allowed_by(args)
    paths = packs_of(args, allowed.settings)
    loaded = load_draft(paths, plugins=allowed.plugins, budget=allowed.budget, on=args.on, judge=allowed.judge)
    judges = _judges(loaded)
    found = _measured(loaded) if args.cost else []
    diagnostics = [*loaded.diagnostics, *_waiting(loaded, found)]
    if args.format == "json":
        shown: dict[str, object] = {"diagnostics": [item.as_dict() for item in diagnostics]}
        shown["statutes"] = [as_json(each) for each in _statutes(loaded)]
        if args.cost:
            shown["costs"] = [{**asdict(cost), "waits": cost.waits} for cost in found]
        if loaded.compiled is not None and loaded.compiled.attached:
            shown["plugins"] = [each.report() for each in loaded.compiled.attached]
        if judges:
            shown["judges"] = [each.report() for each in judges]
        print(json.dumps(shown, ensure_ascii=False))
        return loaded.exit_code
    show(diagnostics)
    print(_summary(loaded, diagnostics, found))
    return loaded.exit_code


def _judges(loaded: Loaded) -> tuple[ServedJudge, ...]:
    """Return the judges that the policy asks, each of which has been asked its canaries."""
    judges = loaded.compiled.judge if loaded.compiled is not None else None
    if not isinstance(judges, Judges):
        return ()
    for each in judges.judges:
        each.canaries.ensure()
    return judges.judges


def _measured(loaded: Loaded) -> list[Cost]:
    """Measure the rules of the given packs; empty if the packs do not compile."""
    return (
        [] if loaded.compiled is None else [cost for cost in measured(loaded.compiled) if cost.rule in _given(loaded)]
    )


def _given(loaded: Loaded) -> dict[str, Rule]:
    return {rule.id: rule for rule in loaded.policy.rules if rule.unit.given} if loaded.policy else {}


def _statutes(loaded: Loaded) -> list[Statute]:
    """Return how far the statutes of the given packs have been read."""
    found = () if loaded.policy is None else statutes(loaded.policy)
    return [each for each in found if each.unit.given]


def _waiting(loaded: Loaded, found: list[Cost]) -> Iterator[Diagnostic]:
    """Yield a warning for each rule that makes ordinary text wait."""
    rules = _given(loaded)
    for cost in found:
        if cost.waits:
            language, hold = cost.worst
            message = f"{cost.rule} delays ordinary prose by {hold.mean:.1f} characters (language {language})"
            yield diagnose("rule-waits", rules[cost.rule].node.name.span, message)


def _table(found: list[Cost]) -> list[str]:
    """Lay out the costs as a table, one line for each rule."""
    rows = [("rule", "scope", "width", "held", "p99", "threads", "language", "taken out of 100 characters")]
    for cost in found:
        if cost.holds:
            language, hold = cost.worst
            rows.append(
                (
                    cost.rule,
                    cost.scope,
                    str(cost.width),
                    f"{hold.mean:.1f}",
                    str(hold.p99),
                    f"{hold.threads:.1f}",
                    language,
                    _taken(cost),
                )
            )
        else:
            rows.append((cost.rule, cost.scope, "–", "the open sentence", "–", "–", "–", _taken(cost)))
    return table(rows, sys.stdout, indent="  ", headed=True)


def _taken(cost: Cost) -> str:
    if cost.breadth is None:
        return "0"
    most = cost.breadth
    return f"{most.characters:.1f} ({most.sentences:.1f} of 100 sentences), {most.kind}, {most.language}"


def _summary(loaded: Loaded, diagnostics: Sequence[Diagnostic], found: list[Cost]) -> str:
    errors = sum(item.severity == "error" for item in diagnostics)
    warnings = len(diagnostics) - errors
    counted = f"{count(errors, 'error')}, {count(warnings, 'warning')}"
    if loaded.compiled is None or loaded.policy is None:
        return counted
    plan = loaded.compiled
    packs = ", ".join(f"{pack.name} {pack.version}" for pack in plan.packs)
    lines = [f"{counted}; {count(len(plan.rules), 'rule')} of {packs}", f"policy digest {plan.digest}"]
    lines += [f"  plugin {each.line()}" for each in plan.attached]
    lines += [f"  judge {each.line()}" for each in _judges(loaded)]
    lines += [f"  {each.unit.name}: {each.title}: {each.in_words()}" for each in _statutes(loaded)]
    recorded = (unit for unit in loaded.policy.units if unit.given and unit.pack.records)
    lines += [f"  {unit.name} records: {unit.pack.records}" for unit in recorded]
    given = _given(loaded)
    lines += _table(found) if found else [f"  {rule}: {cost}" for rule, cost in costs(plan) if rule in given]
    return "\n".join(lines)


def count(number: int, what: str) -> str:
    """Write a number with its noun: ``1 rule``, ``2 rules``, ``2 branches``."""
    plural = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"
