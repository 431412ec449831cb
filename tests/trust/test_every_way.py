"""Who applies a policy gets it from ``trust.applied``; nobody else loads packs but those who only read them."""

from __future__ import annotations

import ast
import asyncio
import pickle
import sys
import tempfile
from pathlib import Path

import pytest

from ordinance.batch import govern
from ordinance.errors import TrustError
from ordinance.serve.door.current_policy import Renewal, Standing
from ordinance.serve.door.engine import installed_engine
from ordinance.serve.door.policies import Policies, policies_of
from support.batches import FakeLLM
from support.bundles import ROOT, World
from support.checkout import ROOT as CHECKOUT
from support.commands import run_here
from support.small_plan import small_plan
from support.ways import WAYS, Machine, Way

ENGINE = CHECKOUT / "engine" / "ordinance"

#: Modules that load packs without verifying them, and apply nothing of it.
READERS = {
    "trust/applied.py", "trust/drafts.py",
    "cli/translate.py", "authoring/skeleton.py",
    "conformance/kit.py",
}  # fmt: skip
#: Modules whose packs may be drafts, or bundles that are not verified.
DRAFTERS = {
    "cli/bundle.py",
    "cli/calibrate.py",
    "cli/check.py",
    "cli/diff.py",
    "cli/doctor.py",
    "cli/explain.py",
    "cli/print.py",
    "cli/replay.py",
    "cli/test.py",
    "evidence/evident_policies.py",
    "serve/shadow/inside/drafted.py",
}
#: Modules that apply a policy.
APPLIERS = {"serve/door/policies.py", "cli/apply.py"}


def importers(module: str, name: str) -> set[str]:
    """The files that import ``name`` from ``module``."""
    found = set()
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom) and node.module == module and name in names:
                found.add(path.relative_to(ENGINE).as_posix())
    return found


def test_nobody_loads_packs_past_the_verifier() -> None:
    assert importers("ordinance.loading.load", "load") == READERS
    assert importers("ordinance.trust.drafts", "load_draft") == DRAFTERS
    assert importers("ordinance.trust.drafts", "load_contents") == {"cli/diff.py", "evidence/evident_policies.py"}
    assert importers("ordinance.trust.applied", "applied") == APPLIERS


@pytest.mark.server
@pytest.mark.parametrize("way", WAYS[:-1], ids=lambda way: way.__name__)
@pytest.mark.parametrize("packs", ["loose", "none", "beside"])
def test_where_it_is_required_nothing_unsigned_is_applied(
    way: Way, packs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither packs, nor those that ship, nor packs beside a bundle; whatever the flags of a command name."""
    pack = str(CHECKOUT / "rules" / "jurisdictions" / "DE")
    named = {"loose": [pack], "none": None, "beside": ["policy.bundle", pack]}[packs]
    machine = Machine(tmp_path / "machine", more={"packs": named, "jurisdiction": "DE"})
    machine.root.write_bytes(ROOT)
    machine.install(b"")
    assert way(machine, monkeypatch) == "bundle-unsigned"


@pytest.mark.server
@pytest.mark.parametrize("way", WAYS[:-2], ids=lambda way: way.__name__)
def test_a_bundle_without_a_root_is_not_applied(way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path / "machine", trust=None)
    machine.install(b"")
    assert way(machine, monkeypatch) == "bundle-no-root"


@pytest.mark.server
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_without_the_library_nothing_is_applied(way: Way, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert way(machine, monkeypatch) == "trust-library"


def test_a_bundle_that_a_flag_names_is_not_applied_without_a_root(tmp_path: Path) -> None:
    (tmp_path / "policy.bundle").write_bytes(b"")
    done = run_here("apply", "--pack", tmp_path / "policy.bundle", given='{"answer": "Good day."}')
    assert "error[bundle-no-root]" in done.stderr
    assert done.stdout == ""


@pytest.mark.server
def test_a_flag_names_no_other_packs(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    loose = ("--pack", CHECKOUT / "rules" / "jurisdictions" / "DE")
    for words in (("apply", "--config", machine.config, *loose), ("serve", "--config", machine.config, *loose)):
        assert "error[bundle-unsigned]" in run_here(*words, "--jurisdiction", "DE", given='{"answer": "x"}').stderr
    with pytest.raises(TrustError) as refused:
        govern(FakeLLM(lambda _: "x"), config=machine.config, packs=[CHECKOUT / "rules" / "jurisdictions" / "DE"])
    assert refused.value.code == "bundle-unsigned"


@pytest.mark.server
@pytest.mark.parametrize("way", WAYS[:-1], ids=lambda way: way.__name__)
def test_where_nothing_can_be_unpacked_nothing_is_applied(
    way: Way, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    assert way(machine, monkeypatch) == "trust-folder"


def test_a_variable_requires_it_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDINANCE_TRUST__ROOT", str(tmp_path / "root.json"))
    done = run_here("apply", given='{"answer": "Good day."}')
    assert "error[bundle-unsigned]" in done.stderr


def test_a_reload_does_not_take_trust_away(machine: Machine, world: World) -> None:
    """Whoever edits the settings of a server that runs needs a restart to turn verifying off."""
    at_start = machine.settings().model_copy(update={"jurisdiction": None})
    machine.trust, machine.more = None, {"packs": [str(path) for path in world.office.packs]}
    machine.write()
    assert machine.settings().trust is None
    machine.install(world.first)
    renewal = Renewal(policies_of, machine.settings, installed_engine())
    standing = Standing(Policies(small_plan()), at_start, lambda _, __: None, renewal)
    asyncio.run(standing.renew())
    assert standing.stale == "bundle-older"


@pytest.mark.server
@pytest.mark.parametrize("way", WAYS[:-1], ids=lambda way: way.__name__)
def test_a_bundle_is_verified_also_where_none_is_required(
    way: Way, machine: Machine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.trust = {"required": False}
    machine.write()
    machine.install(world.first)
    assert way(machine, monkeypatch) == "bundle-older"


def test_a_worker_gets_what_must_be_signed(machine: Machine) -> None:
    settings = machine.settings()
    assert pickle.loads(pickle.dumps(settings)).trust == settings.trust
