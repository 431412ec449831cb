"""``ordinance plugin``: install a plugin into a folder of its own, or check that it keeps the contract."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ordinance.cli.arguments import add_format
from ordinance.cli.progress import working
from ordinance.plugins.entry import entry
from ordinance.plugins.installation import Installed, install

_EPILOG = """\
examples:
  ordinance plugin install acme_ordinance-1.0-py3-none-any.whl --to /srv/plugins/acme

exit codes: 0 installed, 1 the plugin is wrong, 2 wrong usage or an unreadable file.
"""
_INSTALL = """\
Install a plugin and all that it depends on into a folder of its own. This needs no network: what the plugin depends on
is taken from the command line and from the folders of the wheels. Nothing is loaded until the settings allow it; the
command prints the entry for them.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "plugin",
        help="install or check a plugin",
        description="Install a plugin into a folder of its own, or check that it keeps the contract.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    installing = actions.add_parser("install", help="install wheels into a folder", description=_INSTALL)
    installing.add_argument("wheels", metavar="WHEEL", type=Path, nargs="+", help="the plugin's wheel, and others")
    installing.add_argument(
        "--to", type=Path, metavar="DIR", required=True, help="the plugin's folder; an older version in it is replaced"
    )
    add_format(installing)
    installing.set_defaults(act=_install)


def run(args: argparse.Namespace) -> int:
    """Run the action and return the exit code."""
    return int(args.act(args))


def _install(args: argparse.Namespace) -> int:
    """Install, and print the entry for the settings."""
    with working("installing"):
        done = install(args.wheels, args.to)
    if args.format == "json":
        print(json.dumps(_as_dict(done), ensure_ascii=False))
        return 0
    if done.was_changed:
        print(
            f"ordinance: warning: {done.found.name} {done.found.version} was here with other files. "
            "Its authors give changed files a new version.",
            file=sys.stderr,
        )
    print(f"# {done.found.name} {done.found.version} is installed in {done.path}{_instead(done)}.")
    print("# It is loaded once ordinance.yaml allows it, with this entry:")
    print(entry(done.path, done.found, done.sha256), end="")
    return 0


def _instead(done: Installed) -> str:
    if done.before is None:
        return ""
    return f", in place of {done.before[0]}. Replace its entry, then reload" if done.before[1] != done.sha256 else ""


def _as_dict(done: Installed) -> dict[str, object]:
    manifest = done.found.manifest
    return {
        "plugin": {
            "name": done.found.name,
            "version": done.found.version,
            "path": str(done.path),
            "sha256": done.sha256,
            "replaced": None if done.before is None else {"version": done.before[0], "sha256": done.before[1]},
            "provides": manifest.provides,
            "packs": manifest.packs,
            "settings": {name: spec.model_dump() for name, spec in manifest.settings.items()},
            "needs": manifest.needs.model_dump(),
        }
    }
