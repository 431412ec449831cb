"""The plugins that take part in a policy: those that a pack asks, of the allowed ones, each in processes of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from ordinance.detection import (
    Declaration,
    Expressions,
    Form,
    Passage,
    Pattern,
    Prepared,
    Segments,
    Span,
    Unconfigured,
)
from ordinance.detectors.builtin import forms_of
from ordinance.errors import PatternError, PluginError
from ordinance.loading.asked_forms import asked_forms
from ordinance.loading.instructing import languages
from ordinance.plugin import Asked
from ordinance.plugin import Expressions as GivenExpressions
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import AskedCandidates, AskedSegments, FormWidth, Use
from ordinance.plugins.prepared import Prepared as Given
from ordinance.policy.ir import Policy
from ordinance.runtime.forms.form import NARROWEST, WIDEST
from ordinance.runtime.match.matcher import check_pattern
from ordinance.runtime.match.patterns import parse_pattern, size
from ordinance.runtime.match.segments import MOST_OVERLAP

#: A check is shown so many folded characters before a candidate at most.
MOST_BEFORE = 1000

#: All that one plugin has looked for may have so many characters in phrases, and so many symbols in patterns, with
#: repetitions written out: some 150 MB of the engine's memory each. Those of 38 countries' numbers have 20,000 symbols.
MOST_CHARACTERS, MOST_SYMBOLS = 1_000_000, 100_000

#: The pools in use: policies that ask the same plugin for the same share its processes.
_pools: WeakValueDictionary[str, Pool] = WeakValueDictionary()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Attached:
    """A plugin that a policy asks, and the processes that answer for it. ``forms`` are those of its uses that are
    forms, by the key that ``Plan.forms`` has for each."""

    plugin: Plugin
    pool: Pool
    uses: tuple[Use, ...]
    forms: Mapping[str, Use] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.plugin.name

    @property
    def version(self) -> str:
        return self.plugin.version

    def report(self) -> dict[str, Any]:
        """Return what ``/ready`` and ``ordinance check`` say of the plugin: how it is now, and what of the sandbox is
        in force here."""
        return {**self.pool.status().report(self.plugin), **languages(self.plugin)}

    def line(self) -> str:
        """Return name, version and state, and what of the sandbox is not in force here."""
        status = self.pool.status()
        missing = [
            f"{what} ({how.partition(': ')[2] or how})"
            for what, how in status.confinement.items()
            if how == "no" or how.startswith("no:")
        ]
        state = f"{status.state}, failed last because: {status.cause}" if status.cause else status.state
        return f"{self.plugin.shown}: {state}" + (f"; not in force here: {', '.join(missing)}" if missing else "")

    def detectors(self) -> Mapping[Declaration, Prepared | Unconfigured]:
        """Return what the plugin gave for each use of a detector, as the engine looks for it. Starts a process. Raises
        ``PluginError``."""
        given = self.pool.prepared()
        _bound(self, given)
        return {
            use.asked: _as_the_engine_has_it(self, number, each)
            for number, (use, each) in enumerate(zip(self.uses, given, strict=True))
            if isinstance(use.asked, Declaration)
        }

    def prepared_forms(self) -> Mapping[str, Form | Unconfigured]:
        """Return what the plugin gave for each form. Starts a process. Raises ``PluginError``."""
        given = self.pool.prepared()
        numbers = {key: self.uses.index(use) for key, use in self.forms.items()}
        return {key: _form(self, number, given[number]) for key, number in numbers.items()}


def asked_of(policy: Policy, plugins: Sequence[Plugin]) -> Iterator[tuple[Plugin, tuple[Use, ...]]]:
    """Yield the plugins that ``policy`` asks, with what it asks of their detectors and forms, in the order of
    ``plugins``."""
    forms = tuple(dict.fromkeys(asked_forms(policy).values()))
    for plugin in plugins:
        names = frozenset(plugin.manifest.names("detector")), frozenset(plugin.manifest.names("form"))
        uses = (
            *(Use("detector", each.declaration) for each in policy.detectors if each.kind in names[0]),
            *(Use("form", each) for each in forms if each.name in names[1]),
        )
        if uses:
            yield plugin, uses


def attach(plugin: Plugin, uses: tuple[Use, ...], forms: Mapping[str, Asked], budget: Budget) -> Attached:
    """Return ``plugin`` with processes for ``uses``; ``forms`` are what packs ask of any plugin, by their keys."""
    own = {key: use for key, asked in forms.items() if (use := Use("form", asked)) in uses}
    return Attached(plugin, pool_of(plugin, uses, budget), uses, own)


def pool_of(plugin: Plugin, uses: tuple[Use, ...], budget: Budget) -> Pool:
    """Return the processes that answer for ``uses``: those that run already, if somebody has them."""
    settings = json.dumps([plugin.identity, dict(plugin.settings)], sort_keys=True)
    key = repr((str(plugin.path), settings, plugin.network, plugin.writes, uses, budget))
    with _lock:
        pool = _pools.get(key)
        if pool is None or pool.status().state == "stopped":
            pool = _pools[key] = Pool(plugin, uses, budget)
        return pool


def pools() -> list[Pool]:
    """Return the pools in use."""
    with _lock:
        return list(_pools.values())


def _bound(attached: Attached, given: Iterable[Given]) -> None:
    """Raise ``PluginError`` where a plugin has more looked for than the engine has memory for, all uses together."""
    characters = symbols = 0
    for number, each in enumerate(given):
        try:
            match each:
                case GivenExpressions(phrases, patterns):
                    characters += sum(map(len, phrases))
                case AskedCandidates(patterns):
                    pass
                case _:
                    continue
            for pattern in patterns:
                symbols += size(parse_pattern(pattern.source, pattern.any_case))
                if symbols > MOST_SYMBOLS:
                    raise _wrong(attached, number, f"its patterns have more than {MOST_SYMBOLS} symbols written out")
        except PatternError as error:
            raise _wrong(attached, number, error.message.rstrip(".")) from None
        if characters > MOST_CHARACTERS:
            raise _wrong(attached, number, f"its phrases have more than {MOST_CHARACTERS} characters")


def _as_the_engine_has_it(attached: Attached, number: int, given: Given) -> Prepared | Unconfigured:
    try:
        match given:
            case GivenExpressions(phrases, patterns):
                found = tuple(_pattern(each.source, each.any_case) for each in patterns)
                return Expressions(forms_of(*phrases), found, written=phrases)
            case AskedCandidates(shapes, before) if before <= MOST_BEFORE:
                check = _Check(attached.pool, number)
                found = tuple(_pattern(each.source, each.any_case, check, before) for each in shapes)
                return Expressions(patterns=found)
            case AskedCandidates():
                raise _wrong(attached, number, f"`before` is more than {MOST_BEFORE}")
            case AskedSegments(overlap) if overlap <= MOST_OVERLAP:
                return Segments(_Find(attached.pool, number), overlap)
            case AskedSegments():
                raise _wrong(attached, number, f"`overlap` is more than {MOST_OVERLAP}")
            case Unconfigured():
                return given
            case _:
                raise _wrong(attached, number, f"it gives {type(given).__name__}")
    except PatternError as error:
        raise _wrong(attached, number, error.message.rstrip(".")) from None


def _form(attached: Attached, number: int, given: Given) -> Form | Unconfigured:
    match given:
        case FormWidth(width) if NARROWEST <= width <= WIDEST:
            return Form(_Rewrite(attached.pool, number), width)
        case FormWidth():
            raise _wrong(attached, number, f"`width` is not from {NARROWEST} to {WIDEST}")
        case Unconfigured():
            return given
        case _:
            raise _wrong(attached, number, f"it gives {type(given).__name__}")


def _pattern(source: str, any_case: bool, check: _Check | None = None, before: int = 0) -> Pattern:
    check_pattern(source, any_case)
    return Pattern(source, any_case, check, before=before, waits=check is not None)


def _wrong(attached: Attached, number: int, what: str) -> PluginError:
    return PluginError(
        f"the plugin {attached.plugin.shown}, asked by {attached.uses[number]}: {what}.",
        help="Ask the plugin's authors, or remove it from the setting `plugins`.",
    )


@dataclass(frozen=True, slots=True)
class _Check:
    """Asks a plugin about a candidate."""

    pool: Pool
    use: int

    def __call__(self, passage: Passage) -> bool:
        return self.pool.accepts(self.use, passage)


@dataclass(frozen=True, slots=True)
class _Find:
    """Asks a plugin about a sentence."""

    pool: Pool
    use: int

    def __call__(self, passage: Passage) -> list[Span]:
        return self.pool.find(self.use, passage)


@dataclass(frozen=True, slots=True)
class _Rewrite:
    """Asks a plugin for another form of a passage."""

    pool: Pool
    use: int

    def __call__(self, text: str) -> str:
        return self.pool.rewrite(self.use, text)
