"""``ordinance conversations``: count what is remembered of conversations, or delete what belongs to an API key."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from ordinance.cli.arguments import add_format
from ordinance.errors import ServeError, UsageError
from ordinance.settings.model import Settings
from ordinance.settings.sources import load

_EPILOG = """\
examples:
  ordinance conversations --config /etc/ordinance.yaml
  ordinance conversations --config /etc/ordinance.yaml --forget ministry --forget school

Ordinance remembers when it last gave each notice in a conversation. It stores digests and no text (docs/record.md).
If a key is no longer in the settings, put it back to delete its conversations, or wait until they expire.
exit codes: 0 success, 1 the store does not answer, 2 wrong settings or usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "conversations",
        help="count what is remembered of conversations, or delete it by API key",
        description="Count the conversations that `conversation.store` remembers, for each API key, or delete them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: $ORDINANCE_CONFIG)")
    parser.add_argument(
        "--forget",
        action="append",
        default=[],
        metavar="NAME",
        help="delete the conversations of the API key of this name; may be given several times",
    )
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Count or delete. Raises ``SettingsError`` and ``UnreadableError`` as ``load`` does, ``UsageError`` for a key that
    the settings do not have or if nothing outlasts a process, ``ServeError`` for the secret and the store."""
    settings = load(file=args.config)
    owners = _owners(settings)
    for name in args.forget:
        if name not in owners:
            known = ", ".join(owners) or "none"
            raise UsageError(f"there is no key named '{name}' in the settings.", help=f"Known: {known}.")
    found = asyncio.run(_asked(settings, owners, args.forget))
    if args.format == "json":
        print(json.dumps({"deleted" if args.forget else "conversations": found}, ensure_ascii=False))
        return 0
    for name, count in found.items():
        what = "deleted" if args.forget else "remembered"
        print(f"{name or '(no key)'}: {count} {what}")
    return 0


def _owners(settings: Settings) -> dict[str, list[str]]:
    """Return the digests of the keys, by name; without keys, those of everyone."""
    found: dict[str, list[str]] = {}
    for key in settings.keys:
        found.setdefault(key.name, []).append(key.sha256)
    return found or {"": [""]}


async def _asked(settings: Settings, owners: dict[str, list[str]], forget: list[str]) -> dict[str, int]:
    """Return how many conversations each key has, or how many were deleted."""
    from ordinance.serve.conversations.store import StoreError
    from ordinance.serve.conversations.store_choice import recollection

    memory = recollection(settings.conversation)
    if memory is None or not memory.lasting:
        raise UsageError(
            "nothing outlasts the process that serves: 'conversation.store' is not set, or is 'none'.",
            help="Name the settings of the server with --config; STATE_DIRECTORY and XDG_STATE_HOME count too.",
        )
    now = datetime.now(UTC)
    try:
        if forget:
            return {name: await memory.forget(owners[name]) for name in forget}
        return {name: sum([await memory.count(now, each) for each in keys]) for name, keys in owners.items()}
    except StoreError as error:
        raise ServeError(f"the store of conversations does not answer: {error}.", help="Check that it runs.") from None
    finally:
        await memory.close()
