"""Arguments that several commands share. argparse turns an ``ArgumentTypeError`` into a usage error."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import langcodes

from ordinance.errors import UsageError
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ordinance.judging.joined import Judges
    from ordinance.plugin import Question
    from ordinance.plugins.allowed import Plugin
    from ordinance.record.record_table import RecordTable
    from ordinance.settings.judges import JudgeSettings
    from ordinance.settings.model import Settings
    from ordinance.settings.reporting import AuditSettings

#: Name the settings file, or the plugins that are allowed.
_VARIABLES = ("ORDINANCE_CONFIG", "ORDINANCE_PLUGINS")
#: How variables begin that say what must be signed.
_TRUST = "ORDINANCE_TRUST"


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Add ``PATH…``, ``--on DATE`` and ``--format``, as ``check`` and ``test`` take them, and ``--config``."""
    add_packs(parser, "PATH")
    add_day(parser)
    add_config(parser)
    add_format(parser)


def add_packs(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the packs, as one or more arguments of this ``name``, and ``--with NAME``; see ``packs_of``."""
    what = "a pack, or a folder that contains packs (default: `packs` of the settings, or else those that ship)"
    parser.add_argument("paths", metavar=name, type=Path, nargs="*", help=what)
    add_shipped(parser)


def add_shipped(parser: argparse.ArgumentParser) -> None:
    """Add ``--with NAME``, a pack that ships."""
    parser.add_argument(
        "--with", dest="shipped", metavar="NAME", action="append", default=[],
        help="load the pack that ships under this name too, such as en or EU (may be given several times)",
    )  # fmt: skip


def packs_of(arguments: argparse.Namespace, settings: Settings | None) -> tuple[Path | str, ...]:
    """Return the packs that the ``arguments`` name, by path or as one that ships, or else those that ``settings`` have
    served; none: those that ship. Raises ``UsageError`` as ``beside`` does."""
    named = (*arguments.paths, *beside(arguments.paths, arguments))
    return named or (() if settings is None else tuple(settings.packs))


def beside(paths: Sequence[Path | str] | None, arguments: argparse.Namespace) -> tuple[Path, ...]:
    """Return the packs that ``--with`` names, which go beside those at ``paths``. Raises ``UsageError`` for a name
    under which none ships, and where there are no ``paths``: they would replace the packs that are the default."""
    names: Sequence[str] = arguments.shipped
    if not names:
        return ()
    if not paths:
        raise UsageError(
            "--with adds to the packs that are named, and none is.", help="Name a pack, or a folder of packs, too."
        )
    from ordinance.loading.packs import shipped_pack  # slow to import

    return tuple(map(shipped_pack, names))


def add_day(parser: argparse.ArgumentParser) -> None:
    """Add ``--on DATE``, the day on which laws must be in force."""
    parser.add_argument("--on", type=day, metavar="DATE", help="use DATE as today's date, such as 2026-12-24")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``, for people or for programs."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="text for people, JSON for programs (default: text)"
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add ``--config FILE``, from which commands about packs know which plugins are allowed."""
    what = f"settings file that says which plugins are allowed (default: ${_VARIABLES[0]}; without one, none)"
    parser.add_argument("--config", type=Path, metavar="FILE", help=what)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the ``settings`` allow: which ``plugins``, and the ``budget`` of each. None: no settings were named."""

    plugins: tuple[Plugin, ...] = ()
    budget: Budget = field(default_factory=Budget)
    settings: Settings | None = None

    @property
    def judge(self) -> Callable[[Sequence[Question]], Judges] | None:
        """Return what makes the judges of the settings; None if they name none."""
        return None if self.settings is None else self.judge_of(self.settings.judges)

    def judge_of(self, listed: Sequence[JudgeSettings]) -> Callable[[Sequence[Question]], Judges] | None:
        """Return what makes the ``listed`` judges, as the settings say otherwise; None if there are none."""
        if self.settings is None or not listed:
            return None
        from ordinance.judging.configured import maker  # slow to import, and most need no judge

        settings = self.settings
        return maker(listed, settings.judge, self.plugins, settings.limits.plugin_seconds, _tell)


def allowed_by(arguments: argparse.Namespace) -> Allowed:
    """Return what the settings allow; no plugin, and the settings are not read, where neither ``--config`` nor a
    variable names any. Raises ``SettingsError``, ``UnreadableError`` or ``PluginError``."""
    named = any(map(os.environ.get, _VARIABLES)) or any(name.upper().startswith(_TRUST) for name in os.environ)
    if arguments.config is None and not named:
        return Allowed()
    from ordinance.plugins.allowed import allow  # slow to import, and most need no settings
    from ordinance.settings.sources import load

    settings = load(file=arguments.config)
    return Allowed(allow(settings.plugins), Budget.of(settings.limits), settings)


def _tell(line: str) -> None:
    print(f"ordinance: {line}", file=sys.stderr, flush=True)


def day(text: str) -> date:
    """Parse a date, such as 2026-12-24."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date; write it like 2026-12-24") from None


def positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def fact(text: str) -> tuple[str, str]:
    """Parse a fact that the caller attests, such as purpose=education."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a fact; write it like purpose=education")
    return name, value


def locale_tag(text: str) -> str:
    """Check a language tag, such as de-DE, and return it."""
    if not langcodes.tag_is_valid(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a locale; write it like de-DE or et-EE")
    return text


def jurisdiction_of(arguments: argparse.Namespace) -> str | None:
    """Return ``--jurisdiction``, else the region of ``--locale``; None without either."""
    if arguments.jurisdiction is None and arguments.locale:
        return region_of(arguments.locale)
    jurisdiction: str | None = arguments.jurisdiction
    return jurisdiction


def region_of(locale: str) -> str | None:
    """Return the region of an operator's ``locale``, used as their jurisdiction: ``de-DE`` gives ``DE``.

    Returns None if the locale names no region. Raises ``UsageError`` if it is not a language tag.
    """
    if not langcodes.tag_is_valid(locale):
        raise UsageError(f"'{locale}' is not a locale.", help="Write a language and a region, like de-DE or et-EE.")
    # Not normalised: that would turn the region DD into Germany, and a law is never chosen by best fit.
    return langcodes.Language.get(locale, normalize=False).territory


def tell_charter_alone(plan: Plan) -> None:
    """Warn on standard error that only the charter applies, if ``plan`` has jurisdictions but none was named."""
    if plan.parents:
        print(
            f"ordinance: no jurisdiction: only the charter applies; name one with --jurisdiction {min(plan.parents)}",
            file=sys.stderr,
            flush=True,
        )


def places_of(audit: AuditSettings | None) -> list[Path | RecordTable]:
    """Return where the settings say that the record is; nothing if they do not say."""
    from ordinance.record.record_table import RecordTable  # few commands read a record

    if audit and audit.store:
        return [RecordTable(audit.store.get_secret_value())]
    return [audit.path] if audit and audit.path else []


def record_place(text: str) -> Path | RecordTable:
    """Read where a record is: a file, or the address of its database without a password."""
    from ordinance.record.record_table import RecordTable, is_address  # few commands read a record

    if not is_address(text):
        return Path(text)
    if (table := RecordTable(text)).has_password:
        raise argparse.ArgumentTypeError(
            "a password on the command line can be read by other users: name a file with it in PGPASSFILE"
        )
    return table
