"""What is applied: only what the bundle contains, remembered once it has loaded, and stale once its time is over."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ordinance.errors import OrdinanceError, PolicyError, TrustError
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.manifest import Manifest
from ordinance.policy.plan import Plan
from ordinance.serve.door.policies import policies_of
from ordinance.settings.judges import JudgeSettings
from ordinance.trust import moments, strict_json
from ordinance.trust.applied import Warrant, _beyond, allowed_as, applied
from ordinance.trust.contents import Extent
from ordinance.trust.drafts import load_draft
from ordinance.trust.seen import Seen
from support.bundles import NOW, YEAR, World, read, spoiled
from support.ways import Machine


def at(monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    monkeypatch.setattr(moments, "now", lambda: NOW + later)


def test_a_policy_says_by_what_it_is_in_force(machine: Machine, world: World) -> None:
    warrant = policies_of(machine.settings()).warrant
    assert warrant is not None
    assert (warrant.version, warrant.until) == (2, NOW + YEAR)
    assert warrant.statement == read(world.second).statements["release"].digest
    assert warrant.stale == ""


def test_what_a_machine_applied_it_remembers(machine: Machine, world: World) -> None:
    machine.state.unlink()
    machine.install(world.first)
    machine.apply()
    seen = strict_json.decode(machine.state.read_bytes(), Seen)
    assert {role: version.number for role, version in seen.roles.items()} == {
        "charter": 1, "jurisdictions": 1, "languages": 1, "release": 1,
    }  # fmt: skip
    machine.install(world.second)
    machine.apply()
    assert strict_json.decode(machine.state.read_bytes(), Seen).roles["release"].number == 2


def test_what_did_not_load_is_not_remembered(machine: Machine, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a bundle that this engine cannot load would lock out the one that runs."""
    machine.state.unlink()
    with monkeypatch.context() as patched:
        patched.setattr("ordinance.trust.applied.load", _failing)
        with pytest.raises(OrdinanceError):
            machine.apply()
    assert not machine.state.exists()
    machine.install(world.first)
    machine.apply()


def _failing(*_: object, **__: object) -> Plan:
    raise OrdinanceError("no")


def test_a_state_that_cannot_be_written_applies_nothing(machine: Machine) -> None:
    machine.state.unlink()
    machine.state.parent.rmdir()
    machine.state.parent.write_text("a file, where a folder is needed", "utf-8")
    with pytest.raises(TrustError) as refused:
        machine.apply()
    assert refused.value.code == "trust-state"


def test_nothing_is_taken_from_what_ships(machine: Machine, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle without the languages that it needs does not load, though the package ships them: nobody has signed
    those."""
    shutil.copytree(world.office.folder, machine.folder.parent / "loose")
    contents = read(world.second)
    without = replace(contents, members={n: c for n, c in contents.members.items() if "/languages/" not in n})
    monkeypatch.setattr("ordinance.trust.verifying.read_contents", lambda _: without)
    monkeypatch.setattr("ordinance.trust.verifying._wrong_in", lambda *_, **__: [])
    with pytest.raises(PolicyError, match=r"policy\.bundle/packs/jurisdictions/XA/XA\.ord:\d+: no notice is called"):
        machine.apply()
    assert load_draft([machine.folder.parent / "loose"]).compiled is not None


def test_the_grace_is_over_and_the_server_goes_on(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start is refused, a worker of a server that runs is not, and what is in force says that it is stale."""
    at(monkeypatch, YEAR - timedelta(days=1))
    warrant = policies_of(machine.settings()).warrant
    assert warrant is not None
    assert warrant.stale == ""
    at(monkeypatch, YEAR + timedelta(days=1))
    assert warrant.stale == "bundle-expired"
    with pytest.raises(TrustError) as refused:
        policies_of(machine.settings())
    assert refused.value.code == "bundle-expired"
    again = policies_of(machine.settings(), running=True).warrant
    assert again is not None
    assert again.stale == "bundle-expired"


def test_a_worker_takes_no_other_expired_bundle(
    machine: Machine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.install(world.office.bundle(world.second))
    at(monkeypatch, YEAR + timedelta(days=1))
    with pytest.raises(TrustError) as refused:
        policies_of(machine.settings(), running=True)
    assert refused.value.code == "bundle-expired"


def test_loose_packs_are_applied_where_they_may_be(tmp_path: Path, world: World) -> None:
    loose = [str(path) for path in world.office.packs]
    machine = Machine(tmp_path / "machine", trust={"required": False}, more={"packs": loose})
    assert policies_of(machine.settings()).warrant is None


MANIFEST = Manifest(api=1, vendor="acme", provides=["detector acme.codes"])
PLUGIN = Plugin("acme-codes", "1.0", Path("/p"), "a" * 64, "acme", MANIFEST, {"size": 5}, ("judge:8000",))
CALIBRATION = "calibration/guard.json"
JUDGE = JudgeSettings(name="guard", url="http://127.0.0.1:1", model="m", renderer="question")


def beyond(plugins: list[Plugin], judges: list[JudgeSettings], *members: str) -> list[str]:
    extent = Extent(("guard",), (allowed_as(PLUGIN),))
    return [each.where for each in _beyond(extent, plugins, judges, members)]


def test_plugins_and_judges_are_those_that_the_bundle_lists() -> None:
    assert beyond([PLUGIN], [JUDGE]) == []
    assert beyond([replace(PLUGIN, network=())], [JUDGE]) == []
    for other in (
        replace(PLUGIN, version="1.1"), replace(PLUGIN, sha256="b" * 64), replace(PLUGIN, settings={"size": 6}),
        replace(PLUGIN, network=("judge:8000", "evil:1")),
    ):  # fmt: skip
        assert beyond([other], [JUDGE]) == ["plugins: acme-codes"]
    assert beyond([], [JUDGE]) == ["plugins: acme-codes"]
    assert beyond([PLUGIN, replace(PLUGIN, name="evil")], [JUDGE]) == ["plugins: evil"]
    assert beyond([PLUGIN], []) == ["judges: guard"]
    calibrated = JUDGE.model_copy(update={"calibration": Path("mine.json")})
    assert beyond([PLUGIN], [calibrated]) == ["judges: guard"]
    assert beyond([PLUGIN], [calibrated], "calibration/guard.json") == []


def test_the_calibration_is_the_one_in_the_bundle(machine: Machine, world: World, tmp_path: Path) -> None:
    """Not the one that the settings name; a calibration that nobody signed is no member that counts."""
    mine, theirs = tmp_path / "mine.json", tmp_path / "theirs.json"
    mine.write_text("{}", "utf-8")
    theirs.write_text('{"theirs": 1}', "utf-8")
    machine.install(world.office.bundle(world.second, judges=[JUDGE.model_copy(update={"calibration": theirs})]))
    judge = JUDGE.model_copy(update={"calibration": mine})
    with applied([machine.bundle], machine.settings().trust, (), [judge]) as packs:
        [used] = packs.judges
        assert used.calibration is not None
        assert used.calibration.read_text("utf-8") == '{"theirs": 1}'
    with pytest.raises(TrustError) as refused, applied([machine.bundle], machine.settings().trust):
        pass
    assert refused.value.code == "bundle-plugin"
    machine.install(spoiled(machine.bundle.read_bytes(), lambda members: members.update({CALIBRATION: b"{}"})))
    with pytest.raises(TrustError) as refused, applied([machine.bundle], machine.settings().trust, (), [judge]):
        pass
    assert refused.value.code == "bundle-member"


def test_a_warrant_says_when_it_ends() -> None:
    warrant = Warrant(3, "a" * 64, "2027-01-01T00:00:00Z", NOW)
    assert warrant.report()["until"] == moments.written(NOW)
