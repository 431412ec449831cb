"""``ordinance diff``: show what a change of packs does, before it takes effect."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ordinance.authoring.changes import Change
from ordinance.authoring.comparison import Difference, diff
from ordinance.cli.arguments import add_config, add_day, add_format, allowed_by
from ordinance.cli.colour import coloured
from ordinance.cli.progress import working
from ordinance.language.diagnostics import more_on, render
from ordinance.loading.load import Loaded, load

_EPILOG = """\
example:
  ordinance diff old/rules rules
  git worktree add /tmp/old v1 && ordinance diff /tmp/old/rules rules

OLD and NEW are packs or folders of packs, read together with the packs that they refer to.

  stricter   more is left out, refused or added, or in more situations
  looser     less is
  different  neither

Each difference comes with a computed situation that shows it. Rule numbers are cited elsewhere, so diff also reports
numbers that were removed, changed or given to another rule, and packs whose content changed under the same version.
exit codes: 0 no differences, 1 differences or errors found, 2 unreadable input or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "diff",
        help="compare two policies: stricter, looser, different",
        description="Compare two policies and show each difference with an example situation.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", metavar="OLD", type=Path, help="the packs before the change")
    parser.add_argument("new", metavar="NEW", type=Path, help="the packs after the change")
    add_day(parser)
    add_config(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the differences."""
    with working("reading packs"):
        allowed = allowed_by(args)
        old, new = (
            load([each], plugins=allowed.plugins, budget=allowed.budget, on=args.on, examples=False)
            for each in (args.old, args.new)
        )
    codes = [loaded.exit_code for loaded in (old, new)]
    if old.compiled is None or new.compiled is None or old.policy is None or new.policy is None:
        _not_loaded([old, new], args.format)
        return max(codes)
    with working("comparing"):
        difference = diff(old.policy, new.policy)
    if args.format == "json":
        print(json.dumps(_report(difference), ensure_ascii=False))
    else:
        _print(difference)
    return 1 if difference else 0


def _not_loaded(sides: list[Loaded], form: str) -> None:
    found = [item for side in sides for item in side.diagnostics if item.severity == "error"]
    if form == "json":
        report = {"changes": [], "citations": [], "diagnostics": [item.as_dict() for item in found]}
        print(json.dumps(report, ensure_ascii=False))
        return
    for item in found:
        print(coloured(render(item), sys.stdout))
    print(more_on(found))
    print("nothing was compared: at least one side does not compile to a policy", file=sys.stderr)


def _report(difference: Difference) -> dict[str, object]:
    return {
        "changes": [
            {
                "kind": change.kind, "rule": change.rule, "what": change.what, "text": change.text,
                "situation": change.case and change.case.as_json(),
            }
            for change in difference.changes
        ],
        "citations": [
            {"kind": each.kind, "pack": each.pack, "number": each.number, "what": each.what}
            for each in difference.citations
        ],
    }  # fmt: skip


def _print(difference: Difference) -> None:
    for kind in ("stricter", "looser", "different"):
        changes = [change for change in difference.changes if change.kind == kind]
        if changes:
            print(kind)
        for change in changes:
            _print_change(change)
    if difference.citations:
        print("citations")
    for each in difference.citations:
        print(f"  {each.pack}: {each.what} [{each.kind}]")
    if not difference:
        print("no difference")


def _print_change(change: Change) -> None:
    print(f"  {change.rule}: {change.what}")
    if change.text:
        print(f"    as in: {change.text}")
    if change.case:
        print(f"    shown by: {change.case.words}")
