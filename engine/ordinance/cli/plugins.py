"""``ordinance plugins``: which plugins the settings allow, and whether they work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ordinance.cli.arguments import add_format
from ordinance.cli.colour import heading
from ordinance.cli.progress import working
from ordinance.cli.terminal_table import blocks, table
from ordinance.loading.survey import Seen, survey
from ordinance.plugins.allowed import allow_each
from ordinance.plugins.budget import Budget
from ordinance.settings.sources import FILE_VARIABLE, load

_EPILOG = """\
example:
  ordinance plugins --config /etc/ordinance.yaml

Each plugin is started and asked what the packs and the server would ask it. A running server is not touched.
`/ready` of a server shows how its own processes are.
exit codes: 0 all is well, 1 something is wrong with a plugin, 2 a setting is wrong or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "plugins",
        help="show the plugins that the settings allow, and whether they work",
        description="Show the allowed plugins: what each provides, what confines it, and whether it works.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"settings file (default: ${FILE_VARIABLE})")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print each plugin. Returns 0 if nothing is wrong with any, else 1."""
    settings = load(file=args.config)
    budget = replace(Budget.of(settings.limits), processes=1)
    with working("starting plugins"):
        seen = survey(allow_each(settings.plugins), settings.packs, budget)
    if args.format == "json":
        print(json.dumps({"plugins": [{**asdict(each), "path": str(each.path)} for each in seen]}, ensure_ascii=False))
    elif seen:
        print("\n".join(_table(seen)))
    else:
        print("The settings allow no plugins.")
    return 0 if all(each.is_well for each in seen) else 1


def _table(seen: Sequence[Seen]) -> Iterator[str]:
    """Yield a row for each plugin, and below it what there is to say of it."""
    rows = [("name", "version", "state", "last failure")]
    rows += [(each.name, each.version, each.state, each.last_failure or "–") for each in seen]
    head, *lines = blocks(rows, sys.stdout)
    yield from (heading(line, sys.stdout) for line in head)
    for block, each in zip(lines, seen, strict=True):
        yield from block
        yield from table(list(_details(each)), sys.stdout, indent="  ")


def _details(seen: Seen) -> Iterator[tuple[str, str]]:
    packs, instructions = (
        (f"pack {each}" for each in seen.packs),
        (f"instructions in {each}" for each in seen.instructions),
    )
    yield "provides", ", ".join([*seen.provides, *packs, *instructions])
    yield "asked", ", ".join(seen.asked)
    yield "sandbox", "; ".join(f"{what}: {how}" for what, how in seen.sandbox.items())
    yield "cause", f"{seen.cause}: {seen.message}" if seen.message else seen.cause
    yield from (("health", line) for line in seen.health)
