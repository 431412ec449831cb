"""``ordinance diff``: show what a change of packs does, before it takes effect."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ordinance.authoring.comparison import diff
from ordinance.cli.arguments import add_config, add_day, add_format, add_shipped, allowed_by
from ordinance.cli.printed import show
from ordinance.cli.progress import working
from ordinance.errors import UsageError
from ordinance.loading.load import Loaded
from ordinance.loading.packs import shipped_pack
from ordinance.trust.approval import document
from ordinance.trust.contents import Contents
from ordinance.trust.drafts import load_contents, load_draft, read_draft
from ordinance.trust.statements import sha256
from ordinance.trust.unpacked import is_bundle

_EPILOG = """\
example:
  ordinance diff old/rules rules
  git worktree add /tmp/old v1 && ordinance diff /tmp/old/rules rules

OLD and NEW are packs or folders of packs, read together with the packs that they refer to, or two bundles: then the
files that differ are listed too, and the digest that their signers approve. Nothing is verified here.

  stricter   more is left out, refused or added, or in more situations
  looser     less is left out, refused or added, or in fewer situations
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
    add_shipped(parser)
    add_day(parser)
    add_config(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the differences."""
    with working("reading packs"):
        allowed = allowed_by(args)
        before, after = (read_draft(each) if is_bundle(each) else None for each in (args.old, args.new))
        if args.shipped and (before is not None or after is not None):
            raise UsageError("--with adds packs to folders, and a bundle was given.", help="Leave --with out.")
        old, new = (
            _load(
                path, contents, args.shipped, plugins=allowed.plugins, budget=allowed.budget, on=args.on, examples=False
            )
            for path, contents in ((args.old, before), (args.new, after))
        )
    codes = [loaded.exit_code for loaded in (old, new)]
    if old.compiled is None or new.compiled is None or old.policy is None or new.policy is None:
        _not_loaded([old, new], args.format)
        return max(codes)
    with working("comparing"):
        difference = diff(old.policy, new.policy)
    report = difference.as_json()
    if before is not None and after is not None:
        approved = document(before, after.signed, difference)
        report = {**json.loads(approved), "digest": sha256(approved)}
    if args.format == "json":
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join(lines_of(report)))
    return 1 if report["changes"] or report["citations"] or report.get("files") else 0


def _load(path: Path, contents: Contents | None, beside: Sequence[str], **more: Any) -> Loaded:
    if contents is None:
        return load_draft([path, *map(shipped_pack, beside)], **more)
    return load_contents(contents, path, **more)


def _not_loaded(sides: list[Loaded], form: str) -> None:
    found = [item for side in sides for item in side.diagnostics if item.severity == "error"]
    if form == "json":
        report = {"changes": [], "citations": [], "diagnostics": [item.as_dict() for item in found]}
        print(json.dumps(report, ensure_ascii=False))
        return
    show(found)
    print("nothing was compared: at least one side does not compile to a policy", file=sys.stderr)


def lines_of(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a difference, in the form of its JSON, as people read it."""
    for kind in ("stricter", "looser", "different"):
        changes = [change for change in report["changes"] if change["kind"] == kind]
        if changes:
            yield kind
        for change in changes:
            yield f"  {change['rule']}: {change['what']}"
            if change["text"]:
                yield f"    as in: {change['text']}"
            if change["situation"]:
                yield f"    shown by: {change['situation']['words']}"
    if report["citations"]:
        yield "citations"
    for each in report["citations"]:
        yield f"  {each['pack']}: {each['what']} [{each['kind']}]"
    if files := report.get("files"):
        yield "files"
        for each in files:
            yield f"  {each['name']} [{each['kind']}]" + (f" sha256 {each['sha256']}" if each["sha256"] else "")
    if not (report["changes"] or report["citations"] or files):
        yield "no difference"
    if "digest" in report:
        yield f"difference {report['digest']}"
