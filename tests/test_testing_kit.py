"""What `ordinance new plugin` writes, and the example to copy, build and keep the contract; so do their own tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest

from ordinance.authoring.plugin_skeleton import KINDS, plugin_skeleton
from ordinance.conformance.kit import check_plugin
from ordinance.errors import UsageError
from support.checkout import ROOT
from support.commands import environment, run
from support.wheels import built

DAY = date(2026, 12, 24)
#: The plugins beside the engine that depend on nothing; the others' own tests install what they need.
OURS = [
    path.parent
    for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))
    if not tomllib.loads(path.read_text("utf-8"))["project"]["dependencies"]
]


@pytest.mark.server
@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_of_each_kind_builds_and_keeps_the_contract(kind: str, tmp_path: Path) -> None:
    plugin_skeleton(kind, f"acme-{kind}", DAY).write(tmp_path)
    checked = check_plugin(built(tmp_path / f"acme-{kind}"))
    assert (checked.faults, checked.untried) == ((), ())
    assert checked.found is not None
    assert (checked.found.name, checked.found.version) == (f"acme-{kind}", "0.1.0")
    assert checked.found.manifest.vendor == "acme"


@pytest.mark.server
@pytest.mark.parametrize("source", OURS, ids=lambda source: source.name)
def test_plugins_of_this_checkout_keep_the_contract(source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "source")
    checked = check_plugin(built(tmp_path / "source"))
    assert checked.faults == ()
    # The judge needs a model, which ordinance-judge has served elsewhere: its own tests have one.
    assert [each.partition(":")[0] for each in checked.untried] == (
        ["judge judge.served"] if source.name == "ordinance-judge" else []
    )


@pytest.mark.server
@pytest.mark.slow
def test_the_starters_own_test_passes_and_fails_for_a_fault(tmp_path: Path) -> None:
    """As its author runs it: pytest in the folder, with the engine installed and the plugin not."""
    assert run("new", "plugin", "acme-codes", "--kind", "detector", "--into", tmp_path).returncode == 0
    source = tmp_path / "acme-codes"

    def tested() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
        return subprocess.run(words, cwd=source, env=environment(), capture_output=True, text=True, check=False)

    passed = tested()
    assert passed.returncode == 0, passed.stdout
    assert "1 passed" in passed.stdout
    code = source / "acme_codes" / "__init__.py"
    code.write_text(code.read_text("utf-8") + "\nprint('loaded')\n", "utf-8")
    failed = tested()
    assert failed.returncode == 1
    assert "prints" in failed.stdout


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Acme", "cannot name"),
        ("acme_codes", "cannot name"),
        ("../acme", "cannot name"),
        ("", "cannot name"),
        ("a" * 61, "cannot name"),
        ("json", "taken"),
        ("ordinance-codes", "taken"),
    ],
)
def test_names_that_do_not_fit(name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        plugin_skeleton("detector", name, DAY)


@pytest.mark.server
def test_as_commands(tmp_path: Path) -> None:
    """A kind is needed, and is for plugins alone; `plugin check` gives JSON, and exit codes 0, 1 and 2."""
    assert "needs --kind" in run("new", "plugin", "acme-codes", cwd=tmp_path).stderr
    assert "plugins alone" in run("new", "house", "x", "--kind", "sink", cwd=tmp_path).stderr
    assert run("new", "plugin", "acme-sink", "--kind", "sink", cwd=tmp_path).returncode == 0
    source = tmp_path / "acme-sink"
    unbuilt = run("plugin", "check", source, "--format", "json")
    assert unbuilt.returncode == UsageError.exit_code
    said = json.loads(unbuilt.stdout)
    assert said["faults"] == []
    assert "contains source" in said["diagnostics"][0]["message"]
    folder = built(source)
    sound = run("plugin", "check", folder)
    assert sound.returncode == 0, sound.stdout
    assert "sha256: " in sound.stdout
    with (folder / "acme_sink" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("\nimport ordinance.errors\n")
    faulty = run("plugin", "check", folder, "--format", "json")
    assert faulty.returncode == 1
    faults = json.loads(faulty.stdout)["faults"]
    assert {each["code"] for each in faults} == {"file-changed", "engine-import"}
    assert all(set(each) == {"code", "hook", "cause"} for each in faults)
