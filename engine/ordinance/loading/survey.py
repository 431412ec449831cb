"""How the allowed plugins are: each is started, and asked for what the packs and the server would ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from ordinance.detection import Unconfigured
from ordinance.errors import PluginError
from ordinance.loading.attached import asked_of
from ordinance.loading.instructing import instructions_of
from ordinance.loading.load import named_in, pack_paths
from ordinance.loading.packs import default_packs, gather
from ordinance.plugin import Asked
from ordinance.plugins.allowed import Plugin, Refused
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import FaultError
from ordinance.plugins.manifest import ALONE
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Use
from ordinance.policy.link.linker import link


@dataclass(frozen=True, slots=True)
class Seen:
    """A plugin that the settings list.

    ``state`` is ``ready``; ``data``, where it has no code; ``unconfigured``, ``failing``, or
    ``refused``, where it is not what the settings say. ``instructions`` are languages. ``asked`` is what packs and the
    server ask of it, ``sandbox`` what confines it here. ``message`` says what is wrong and ``cause`` is its code;
    ``health`` is what the plugin says itself.
    """

    name: str
    version: str
    path: Path
    state: str
    provides: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    sandbox: Mapping[str, str] = field(default_factory=dict)
    last_failure: str = ""
    cause: str = ""
    message: str = ""
    health: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Return whether nothing is wrong with it."""
        return self.state in ("ready", "data") and not self.health


def survey(listed: Sequence[Plugin | Refused], paths: Sequence[Path | str], budget: Budget) -> tuple[Seen, ...]:
    """Start each of the plugins ``listed`` and ask it for what the packs at ``paths`` and the server ask of it, within
    ``budget``. Raises ``PluginError`` where a path names a plugin without packs."""
    plugins = [each for each in listed if isinstance(each, Plugin)]
    uses, named = _uses(plugins, paths), named_in(paths, plugins)
    return tuple(
        Seen(each.name, each.version, each.path, "refused", cause="refused", message=each.why)
        if isinstance(each, Refused)
        else _seen(each, uses[each.name], budget, speaks=each in named)
        for each in listed
    )


def _uses(plugins: Sequence[Plugin], paths: Sequence[Path | str]) -> Mapping[str, tuple[Use, ...]]:
    """Return what each plugin is asked, by its name."""
    packs = gather(tuple(pack_paths(paths, plugins)) or default_packs(), ())
    policy = link(packs.units, "") if packs.complete else None
    by_packs = {} if policy is None else {plugin.name: asked for plugin, asked in asked_of(policy, plugins)}
    return {
        plugin.name: (
            *by_packs.get(plugin.name, ()),
            *(Use(hook, Asked("")) for name, hook in ALONE.items() if name in plugin.manifest.provides),
        )
        for plugin in plugins
    }


def _seen(plugin: Plugin, uses: tuple[Use, ...], budget: Budget, *, speaks: bool) -> Seen:
    provides, packs = tuple(plugin.manifest.provides), tuple(plugin.manifest.packs)
    languages = tuple(sorted(plugin.instructions))
    asked = (*(use.named for use in uses), *(f"instructions in {each}" for each in languages if speaks))
    seen = Seen(plugin.name, plugin.version, plugin.path, "data", provides, packs, languages, asked)
    try:
        instructions_of([plugin])
    except PluginError as error:
        return replace(seen, state="failing", cause="instructions", message=f"{error.message} {error.help}")
    if not provides:
        return seen
    with closing(Pool(plugin, uses, budget)) as pool:
        try:
            prepared = pool.prepared()
        except PluginError as error:
            status = pool.status()
            seen = replace(seen, state="failing", cause=error.cause, message=f"{error.message} {error.help}")
        else:
            missing = [each.missing for each in prepared if isinstance(each, Unconfigured)]
            lacks = f"It lacks {', '.join(missing)}." if missing else ""
            seen = replace(seen, message=lacks, health=tuple(_health(pool, uses)))
            status = pool.status()
            seen = replace(seen, state="unconfigured" if missing else status.state, cause=status.cause)
    return replace(seen, sandbox=status.confinement, last_failure=status.last_failure)


def _health(pool: Pool, uses: Sequence[Use]) -> Iterator[str]:
    for number, use in enumerate(uses):
        if use.hook == "health":
            try:
                yield from pool.health(number)
            except FaultError as error:
                yield f"the hook `health` failed ({error.cause})"
