"""The one way to what is applied. Whoever starts, reloads or governs with a policy gets it here; whoever only reads one
uses ``drafts.py``. A test holds which module may do which."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ordinance.loading.load import load
from ordinance.plugins.budget import Budget
from ordinance.trust import moments
from ordinance.trust.contents import AllowedPlugin, Extent
from ordinance.trust.drafts import alone
from ordinance.trust.seen import read_seen, remember, state_file
from ordinance.trust.statements import sha256
from ordinance.trust.trouble import Trouble, TroubleError, refusal
from ordinance.trust.unpacked import is_bundle, unpacked
from ordinance.trust.verifying import Verified, verify

if TYPE_CHECKING:  # slow to import, and whoever applies loose packs without settings needs none of them
    from ordinance.plugins.allowed import Plugin
    from ordinance.policy.plan import Plan
    from ordinance.settings.judges import JudgeSettings
    from ordinance.settings.trust import TrustSettings


@dataclass(frozen=True, slots=True)
class Warrant:
    """By what a policy is in force: the ``version`` of the release and the SHA-256 of its statement, when it
    ``expires`` and ``until`` when, with its grace, it may be applied."""

    version: int
    statement: str
    expires: str
    until: datetime

    @property
    def stale(self) -> str:
        """Return the code of why it would not be applied any more; empty while it would."""
        return "bundle-expired" if moments.now() >= self.until else ""

    def report(self) -> dict[str, Any]:
        """Return what ``/ready`` says."""
        return {
            "version": self.version,
            "statement": self.statement,
            "expires": self.expires,
            "until": moments.written(self.until),
        }


@dataclass(frozen=True, slots=True)
class Applied:
    """Packs that may be applied, by a ``warrant`` if they come from a bundle. ``judges`` are those of the settings,
    with the calibrations of the bundle."""

    paths: tuple[Path | str, ...]
    plugins: Sequence[Plugin]
    judges: Sequence[JudgeSettings]
    verified: Verified | None = None
    state: Path | None = None

    @property
    def warrant(self) -> Warrant | None:
        if self.verified is None:
            return None
        release = self.verified.release
        said = release.statement.predicate
        return Warrant(said.version, release.digest, said.expires, self.verified.until)

    def load(
        self,
        *,
        on: date | None = None,
        budget: Budget,
        without_houses: Collection[str] = (),
        judge: Any = None,
    ) -> Plan:
        """Load the packs as a policy that may be applied. Raises as ``loading.load`` and ``Loaded.plan`` do."""
        return load(
            self.paths,
            plugins=self.plugins,
            on=on,
            budget=budget,
            without_houses=without_houses,
            judge=judge,
            shipped=self.verified is None,
        ).plan

    def accept(self) -> None:
        """Remember that the policy goes into force, once it has loaded. Raises ``TrustError`` where that cannot be
        remembered, or a newer one went into force meanwhile."""
        if self.verified is None or self.state is None:
            return
        try:
            found = remember(self.state, self.verified.root, self.verified.statements, moments.now())
        except TroubleError as error:
            found = [error.trouble]
        if found:
            raise refusal("the bundle", found)


@contextmanager
def applied(
    paths: Sequence[Path | str],
    trust: TrustSettings | None,
    plugins: Sequence[Plugin] = (),
    judges: Sequence[JudgeSettings] = (),
    *,
    running: bool = False,
) -> Iterator[Applied]:
    """Yield what may be applied of ``paths``: a bundle, once it was verified as ``trust`` says, or packs, if ``trust``
    does not require a bundle. ``running`` is for a process of a server that runs already.

    Raises ``TrustError``, with the code of what is wrong.
    """
    required = trust is not None and trust.required
    if not required and not any(map(is_bundle, paths)):
        yield Applied(tuple(paths), plugins, judges)
        return
    bundle = alone(paths)
    if trust is None:
        raise refusal(str(bundle), [Trouble("bundle-no-root", "trust.root", "it is not set")])
    try:
        state = state_file(trust.state)
        verified, found = verify(bundle, trust.root, read_seen(state), moments.now(), running=running)
    except TroubleError as error:
        verified, found = None, [error.trouble]
    if verified is not None:
        found = list(_beyond(verified.contents.extent, plugins, judges, verified.contents.members))
    if verified is None or found:
        raise refusal(str(bundle), found)
    with unpacked(verified.contents, bundle) as folder:
        yield Applied((folder / "packs",), plugins, _calibrated(judges, folder), verified, state)


def allowed_as(plugin: Plugin) -> AllowedPlugin:
    """Return the entry of a bundle that allows ``plugin`` as the settings have it."""
    settings = json.dumps(plugin.identity["settings"], sort_keys=True)
    return AllowedPlugin(
        plugin.name, tuple(sorted(plugin.network)), sha256(settings.encode()), plugin.sha256, plugin.version
    )


def calibration_name(judge: str) -> str:
    """Return the member of a bundle that has the calibration of ``judge``."""
    return f"calibration/{judge}.json"


def _beyond(
    extent: Extent, plugins: Sequence[Plugin], judges: Sequence[JudgeSettings], members: Collection[str]
) -> Iterator[Trouble]:
    """Yield what of the settings the bundle does not allow, and what it needs of them."""
    allowed = {each.name: each for each in extent.plugins}
    for plugin in plugins:
        found, entry = allowed_as(plugin), allowed.get(plugin.name)
        if entry is None:
            yield Trouble("bundle-plugin", f"plugins: {plugin.name}", "the bundle does not allow it")
        elif (found.version, found.sha256, found.settings) != (entry.version, entry.sha256, entry.settings):
            what = "its version, its files or its own settings are not those that the bundle allows"
            yield Trouble("bundle-plugin", f"plugins: {plugin.name}", what)
        elif not set(found.network) <= set(entry.network):
            yield Trouble("bundle-plugin", f"plugins: {plugin.name}", "it may connect to more than the bundle allows")
    for name in sorted(allowed.keys() - {plugin.name for plugin in plugins}):
        yield Trouble("bundle-plugin", f"plugins: {name}", "the bundle needs it, and the settings do not list it")
    names = {judge.name for judge in judges}
    for name in sorted(set(extent.judges) - names):
        yield Trouble("bundle-plugin", f"judges: {name}", "the bundle needs it, and the settings do not list it")
    for judge in judges:
        if judge.calibration is not None and calibration_name(judge.name) not in members:
            yield Trouble("bundle-plugin", f"judges: {judge.name}", "its calibration is not in the bundle")


def _calibrated(judges: Sequence[JudgeSettings], folder: Path) -> list[JudgeSettings]:
    """Return ``judges`` with the calibrations that the bundle contains."""
    files = [(judge, folder / calibration_name(judge.name)) for judge in judges]
    return [judge.model_copy(update={"calibration": file}) if file.exists() else judge for judge, file in files]
