"""From paths to a plan: the one way in for ``check``, ``test``, ``apply`` and ``serve``."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from ordinance import __version__
from ordinance.detection import Declaration, Judge, Prepared, Question, Unconfigured
from ordinance.detectors.registry import Registry
from ordinance.errors import PluginError, PolicyError, UnreadableError
from ordinance.language.diagnostics import Diagnostic, about_file, capped, diagnose, in_order
from ordinance.loading.asked_forms import asked_forms, check_forms, form_places
from ordinance.loading.attached import Attached, asked_of, attach
from ordinance.loading.breadth import too_broad
from ordinance.loading.civic import civic_bans
from ordinance.loading.common_words import too_common
from ordinance.loading.example_runs import prove
from ordinance.loading.files import shown
from ordinance.loading.identified import unidentified
from ordinance.loading.instructing import instructions_of
from ordinance.loading.packs import default_packs, gather
from ordinance.loading.shields import shielding
from ordinance.loading.totals import oversized
from ordinance.plugins.allowed import Plugin, normal
from ordinance.plugins.beside import refuse_beside
from ordinance.plugins.budget import Budget
from ordinance.policy.check.compile import compile, unjudged
from ordinance.policy.check.proof import check
from ordinance.policy.ir import Example, Policy, Unit
from ordinance.policy.link.linker import link
from ordinance.policy.plan import Plan
from ordinance.policy.proven import is_proven, rely_on
from ordinance.policy.taking_part import Instructions, form_key

DEFAULT_BUDGET = Budget()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of loading ``paths``; ``policy`` is None where the packs could not even be put together."""

    paths: tuple[Path, ...]
    on: date | None
    policy: Policy | None
    compiled: Plan | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def plan(self) -> Plan:
        """The plan. Raises ``UnreadableError`` or ``PolicyError`` where the packs do not make one."""
        if self.compiled is not None:
            return self.compiled
        errors = [item for item in self.diagnostics if item.severity == "error"]
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        kind = UnreadableError if any(item.unreadable for item in errors) else PolicyError
        paths = " ".join(map(shown, self.paths))
        said = f"{first.message.rstrip('.')}{more}"
        message = f"{first.file}:{first.line}: {said}{'' if said.endswith('?') else '.'}"
        raise kind(message, help=f"{first.help} `ordinance check {paths}` lists all findings.")

    @property
    def exit_code(self) -> int:
        """0 clean (warnings allowed), 1 read but wrong, 2 something could not be read as text."""
        if any(item.unreadable for item in self.diagnostics):
            return 2
        return 1 if any(item.severity == "error" for item in self.diagnostics) else 0

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples of the packs that were given, not of those that these name."""
        return tuple(example for example in self.policy.examples if example.owned) if self.policy else ()


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Collect no garbage meanwhile: nearly all that a load makes stays, so that a look at all of it, again and again as
    it grows, finds nothing. What stays is old at once: young, all of it would be looked at when an object is made next.
    Where loads overlap, the first to end lets the collector go on."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if not gc.get_freeze_count():  # what somebody froze stays so
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@_without_collecting()
def load(
    paths: Iterable[Path | str] = (),
    *,
    plugins: Sequence[Plugin] = (),
    on: date | None = None,
    budget: Budget = DEFAULT_BUDGET,
    examples: bool = True,
    without_houses: Collection[str] = (),
    judge: Callable[[Sequence[Question]], Judge] | None = None,
    shipped: bool = True,
) -> Loaded:
    """Load the packs at ``paths`` (none: all that ship) as one policy, with every finding at once.

    ``plugins`` are those that the operator allows; those that no pack asks do not run. A path that is the name of one
    of them stands for the packs and the instructions that it contains. ``on`` is the day that dates are compared with;
    None is today. ``budget`` bounds what plugins may take.
    Without ``examples`` those of rules may disagree with the policy, as ``ordinance test`` tells by itself.
    ``without_houses`` are the names of house packs to leave out. ``judge`` makes who answers the questions of the
    rules that ask a judge; None: these tests are struck out. Examples are run without it. Without ``shipped`` nothing
    is taken from the packs that ship, whatever the given ones name.
    Raises ``PluginError`` for a plugin that is installed beside the engine, or breaks its contract; what is wrong with
    packs is in ``Loaded.diagnostics``.
    """
    refuse_beside()
    paths = tuple(paths)
    given = tuple(pack_paths(paths, plugins)) or default_packs()
    instructions = instructions_of(named_in(paths, plugins))
    packs = gather(given, without_houses, shipped=shipped)
    _refuse_charters(packs.units, plugins)
    found = list(packs.diagnostics)
    policy: Policy | None = None
    plan: Plan | None = None
    if packs.complete:
        policy = link(packs.units, "")
        asked = list(asked_of(policy, plugins))
        policy = replace(policy, digest=digest(packs.units, _taking_part(asked, instructions, plugins)))
        found += (over := oversized(policy))
        if not over:
            by_packs = asked_forms(policy)
            attached = [attach(plugin, uses, by_packs, budget) for plugin, uses in asked]
            verdict = check(policy, _registry(policy, attached, plugins), on or datetime.now(UTC).date())
            found += verdict.diagnostics
            forms = {key: form for each in attached for key, form in each.prepared_forms().items()}
            found += check_forms(policy, plugins, forms)
            found += unasked(policy) if judge is None else []
            if verdict.checked and not _wrong(found):
                questions = [each.question for each in policy.judged]
                asked_judge = judge(questions) if judge is not None and questions else None
                plan = compile(verdict.checked, asked_judge)
                plan = replace(
                    plan,
                    forms={key: form for key, form in forms.items() if not isinstance(form, Unconfigured)},
                    plugins=_by_key(policy, attached),
                    instructions=instructions,
                )
                # What plugins answer is not proven by their files.
                proof = None if asked else (policy.digest, on, examples, tuple(unit.given for unit in packs.units))
                if proof is None or not is_proven(proof):
                    wrong = _disproved(unjudged(plan), policy, examples=examples)
                    if wrong and any(each.pool.status().cause == "died" for each in attached):
                        # Something else may have ended the plugin's process, such as a machine that is short of memory.
                        wrong = _disproved(unjudged(plan), policy, examples=examples)
                    found += wrong
                    if proof is not None and not wrong:
                        rely_on(proof)
    if _wrong(found):
        plan = None
    elif plan is None:
        where = shown(given[0])
        found.append(about_file("no-plan", where, "no policy could be made of the packs"))
    borrowed = {
        source.name for unit in packs.units if not unit.given for source in (unit.pack.source, *unit.lexicons.values())
    }
    told = capped(in_order(item for item in found if item.severity == "error" or item.file not in borrowed))
    return Loaded(given, on, policy, plan, told)


def _disproved(words: Plan, policy: Policy, *, examples: bool) -> list[Diagnostic]:
    """Return what the proofs of a policy find, in the plan of what its rules look for in ``words``."""
    return [
        *unidentified(policy),
        *prove(words, policy, examples=examples),
        *shielding(words, policy),
        *civic_bans(words, policy),
        *too_common(words, policy),
        *too_broad(words, policy),
    ]


def unasked(policy: Policy) -> list[Diagnostic]:
    """Say once for each pack which of its rules ask a judge, where none is configured (semantics, rule 13)."""
    asking = [(rule, rule.asks.span) for rule in policy.rules if rule.asks is not None]
    told = []
    for pack in dict.fromkeys(span.source for _, span in asking):
        own = [(rule, span) for rule, span in asking if span.source is pack]
        names = ", ".join(rule.id for rule, _ in own)
        alone = ", ".join(rule.id for rule, _ in own if not rule.detectors)
        rest = f"; without one these look for nothing and are on trial: {alone}" if alone else ""
        told.append(
            diagnose("judge-missing", own[0][1], f"no judge is configured, and these rules ask one: {names}{rest}")
        )
    return told


def pack_paths(paths: Iterable[Path | str], plugins: Sequence[Plugin]) -> Iterator[Path]:
    """Yield the ``paths``, and in the place of a plugin's name those of its packs. Raises ``PluginError``."""
    named = {normal(plugin.name): plugin for plugin in plugins}
    for path in paths:
        plugin = named.get(normal(str(path)))
        if plugin is None:
            yield Path(path)
        elif plugin.packs or plugin.instructions:
            yield from plugin.packs
        else:
            raise PluginError(
                f"the plugin {plugin.shown} contains no packs and no instructions.",
                help="Take its name out of the setting `packs`.",
            )


def _refuse_charters(units: Iterable[Unit], plugins: Sequence[Plugin]) -> None:
    """Raise ``PluginError`` where a plugin brings the charter: nothing of a plugin may lower a red line, and another
    charter may have fewer."""
    for unit in units:
        for plugin in plugins if unit.pack.kind == "charter" else ():
            if unit.pack.source.path.resolve().is_relative_to(plugin.path.resolve()):
                raise PluginError(
                    f"the plugin {plugin.shown} contains a charter, {shown(unit.pack.source.path)}.",
                    help="Red lines are the operator's to choose, and no plugin's. Take its packs out of the setting "
                    "`packs`.",
                )


def named_in(paths: Iterable[Path | str], plugins: Sequence[Plugin]) -> list[Plugin]:
    """Return the plugins that ``paths`` name, whose packs and instructions are loaded."""
    named = {normal(str(path)) for path in paths}
    return [plugin for plugin in plugins if normal(plugin.name) in named]


def _taking_part(
    asked: Sequence[tuple[Plugin, object]], instructions: Mapping[str, Instructions], plugins: Sequence[Plugin]
) -> list[Plugin]:
    """Return the plugins that packs ask and those whose instructions a model may get, in their order."""
    names = {plugin.name for plugin, _ in asked} | {each.plugin.name for each in instructions.values()}
    return [plugin for plugin in plugins if plugin.name in names]


def _registry(policy: Policy, attached: Iterable[Attached], plugins: Iterable[Plugin]) -> Registry:
    """Return who answers for detectors. Raises ``PluginError``."""
    prepared: dict[Declaration, Prepared | Unconfigured] = {}
    for each in attached:
        try:
            prepared |= each.detectors()
        except PluginError as error:
            raise _placed(error, each, policy) from None
    return Registry(prepared, (name for plugin in plugins for name in plugin.manifest.names("detector")))


def _placed(error: PluginError, attached: Attached, policy: Policy) -> PluginError:
    """Return ``error`` with the place in a pack of the arguments that a plugin raised about: its author can mend
    that."""
    asked = attached.uses[error.use].asked if 0 <= error.use < len(attached.uses) else None
    places = [(each.declaration, each.span) for each in policy.detectors] + [*form_places(policy)]
    for declared, span in places if asked else ():
        if declared == asked:
            return PluginError(
                f"{span.source.name}:{span.line}: {error.message}",
                help=f"Correct what is in parentheses after `{asked.name}` in the pack, as the plugin says. If it is "
                "right, ask the plugin's authors.",
                cause=error.cause,
                hook=error.hook,
                use=error.use,
            )
    return error


def _by_key(policy: Policy, attached: Iterable[Attached]) -> dict[str, Attached]:
    """Return which plugin answers for each detector and each form that is one's, by its key."""
    attached = tuple(attached)
    by_use = {use.asked: each for each in attached for use in each.uses}
    detectors = {each.key: by_use[each.declaration] for each in policy.detectors if each.declaration in by_use}
    return detectors | {form_key(key): each for each in attached for key in each.forms}


def digest(units: Sequence[Unit], plugins: Sequence[Plugin]) -> str:
    """SHA-256 over every pack and lexicon by its logical name, in canonical bytes, over the engine's version, and over
    the files and settings of the plugins that the packs ask."""
    parts: list[tuple[str, str]] = [("plugin", f"ordinance {__version__}")]
    parts += [("plugin", json.dumps(plugin.identity, sort_keys=True)) for plugin in plugins]
    for unit in units:
        home = f"{unit.pack.kind} {unit.name}"
        parts.append((home, unit.pack.source.text))
        parts += [(f"{home}/{path}", source.text) for path, source in unit.lexicons.items()]
    state = hashlib.sha256()
    for name, text in sorted(parts):
        for piece in (name.encode(), text.encode()):
            state.update(len(piece).to_bytes(8, "big"))
            state.update(piece)
    return state.hexdigest()


def _wrong(found: Sequence[Diagnostic]) -> bool:
    return any(item.severity == "error" for item in found)
