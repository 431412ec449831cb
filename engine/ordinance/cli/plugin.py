"""``ordinance plugin``: install a plugin into a folder of its own, or check that it keeps the contract."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from ordinance.cli.arguments import add_format
from ordinance.cli.check import count
from ordinance.cli.progress import working
from ordinance.conformance.kit import check_plugin
from ordinance.plugins.entry import entry
from ordinance.plugins.installation import Installed, install
from ordinance.plugins.seal import seal

_EPILOG = """\
examples:
  ordinance plugin install acme_ordinance-1.0-py3-none-any.whl --to /srv/plugins/acme
  ordinance plugin check /srv/plugins/acme

exit codes: 0 installed, or no faults; 1 the plugin is wrong; 2 wrong usage or an unreadable file.
"""
_CHECK = """\
Check that the plugin in DIR keeps the contract. It is run as the engine runs it, in processes of its own, on its own
examples, on shipped prose, and on texts that were made to be hard. This takes some seconds.
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
    checking = actions.add_parser("check", help="check that a plugin keeps the contract", description=_CHECK)
    checking.add_argument("folder", metavar="DIR", type=Path, help="the folder in which the plugin is installed")
    checking.add_argument(
        "--network", metavar="ADDRESS", nargs="+", default=[], help="what it may connect to: HOST:PORT or unix:PATH"
    )
    checking.add_argument("--folder", dest="writes", metavar="PATH", type=Path, help="where it may write")
    add_format(checking)
    checking.set_defaults(act=_check)


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


def _check(args: argparse.Namespace) -> int:
    """Check, and print each fault, or the entry for the settings."""
    with working("checking"):
        checked = check_plugin(args.folder, network=args.network, writes=args.writes)
    for untried in checked.untried:
        print(f"ordinance: not tried: {untried}", file=sys.stderr)
    if args.format == "json":
        print(json.dumps({"faults": [asdict(each) for each in checked.faults]}, ensure_ascii=False))
        return 1 if checked.faults else 0
    for each in checked.faults:
        print(each)
    print(count(len(checked.faults), "fault"))
    if checked.found is not None and not checked.faults:
        path = args.folder.absolute()
        print("# It is loaded once ordinance.yaml allows it, with this entry:")
        print(entry(path, checked.found, seal(path)), end="")
    return 1 if checked.faults else 0


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
            "instructions": manifest.instructions,
            "settings": {name: spec.model_dump() for name, spec in manifest.settings.items()},
            "needs": manifest.needs.model_dump(),
        }
    }
