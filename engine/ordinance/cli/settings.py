"""``ordinance settings``: check the settings that ``serve`` would read, or print their schema for editors."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ordinance.plugins.allowed import allow
from ordinance.settings import schema
from ordinance.settings.sources import load

_EPILOG = """\
examples:
  ordinance settings --config /etc/ordinance.yaml
  ordinance settings --schema >ordinance.schema.json

The variables ORDINANCE_* count too, as for `ordinance serve`. Packs are not read: `ordinance check` does that.
With the schema, an editor completes and checks the file; docs/configuration.md says how to switch that on.
exit codes: 0 success, 1 a plugin is not what the settings say, 2 a setting is wrong, a file cannot be read, or wrong
usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "settings",
        help="check the settings, or print their schema for editors",
        description="Check the settings that `ordinance serve` would read, or print their JSON schema.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--config", type=Path, metavar="FILE", help="settings (default: $ORDINANCE_CONFIG)")
    either.add_argument("--schema", action="store_true", help="print the JSON schema of the file")


def run(args: argparse.Namespace) -> int:
    """Check the settings, or print the schema. Raises ``SettingsError`` and ``UnreadableError`` as ``load`` does,
    and ``PluginError`` where a plugin is not what they say."""
    if args.schema:
        sys.stdout.write(schema.text())
        return 0
    allow(load(file=args.config).plugins)
    print("The settings are correct.")
    return 0
