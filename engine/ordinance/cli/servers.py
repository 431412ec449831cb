"""What the commands that serve share: flags that name the policy, and what they say when they begin."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ordinance.cli.arguments import add_shipped, beside, locale_tag, tell_charter_alone

if TYPE_CHECKING:
    from ordinance.policy.plan import Struck
    from ordinance.serve.door.service import Service


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add ``--pack``, ``--with``, ``--jurisdiction`` and ``--locale``, each of which overrides a setting."""
    parser.add_argument(
        "--pack", nargs="+", action="extend", metavar="PATH",
        help="packs or folders of packs (default: every shipped pack except house packs)",
    )  # fmt: skip
    add_shipped(parser)
    parser.add_argument("--jurisdiction", metavar="CODE", help="whose law applies, such as DE")
    parser.add_argument("--locale", type=locale_tag, metavar="TAG", help="language of notices, such as de-DE")


def flags_of(arguments: argparse.Namespace, **more: Any) -> dict[str, Any]:
    """Return the settings that flags give, in the shape of the file: those of `add_policy`, ``--upstream``, and
    ``more``; None is no setting. Raises ``UsageError`` as ``beside`` does."""
    flags = {
        "packs": [*(arguments.pack or ()), *map(str, beside(arguments.pack, arguments))] or None,
        "upstream": {"url": arguments.upstream} if arguments.upstream else None,
        "jurisdiction": arguments.jurisdiction,
        "locale": arguments.locale,
        **more,
    }
    return {name: value for name, value in flags.items() if value is not None}


def without(struck: Sequence[Struck]) -> list[str]:
    """Return a line for each test that is ``struck`` out, with the rules that run without it."""
    rules: dict[str, list[str]] = {}
    for each in struck:
        rules.setdefault(each.test, []).append(each.rule)
    return [
        f"`{test}` is not configured, so {f'{len(names)} rules run' if len(names) > 1 else '1 rule runs'} without it: "
        f"{', '.join(names)}"
        for test, names in rules.items()
    ]


def announce(listening: str, service: Service) -> None:
    """Print the policy, what it does without, and where the server is ``listening``."""
    from ordinance.serve.door.http_headers import policy_header
    from ordinance.serve.door.service import charter_alone
    from ordinance.serve.http.stderr import tell
    from ordinance.trust.signing import exposed

    audit, mark = service.settings.audit, service.settings.mark
    for file in (audit and audit.key_file, mark and mark.key_file):
        if file and (warning := exposed(file)):
            tell(warning)
    policy = policy_header(service.open(service.keyring.anyone))
    if charter_alone(service):
        tell_charter_alone(service.plan)
    for plugin in service.plan.attached:
        print(f"ordinance: the plugin {plugin.line()}", flush=True)
    for line in without(service.plan.struck):
        print(f"ordinance: {line}", flush=True)
    print(f"ordinance: {listening}, policy {policy}", flush=True)
