"""`ordinance plugin install`: without a network, whole or not at all, and with the same SHA-256 on each machine."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

from ordinance.errors import OrdinanceError, PluginError, UnreadableError, UsageError
from ordinance.plugins.entry import entry
from ordinance.plugins.installation import install
from ordinance.plugins.manifest import read
from ordinance.plugins.seal import seal
from support.allowing import MANIFEST
from support.commands import run
from support.wheels import CODE, wheel

SETTINGS = """
[settings.countries]
type = "list of text"
description = "Whose numbers are found."

[settings.strict]
type = "yes or no"
description = "Ask for context."
default = true

[needs]
network = "the judge's server"
folder = "a file of records"
"""


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.server
def test_a_plugin_and_what_it_depends_on_are_installed_without_a_network(tmp_path: Path) -> None:
    """The dependency comes from the folder of the wheels, though it is installed here too."""
    wheel(tmp_path / "wheels", "pluggy", "99.0", files={"pluggy_of_the_plugin.py": ""}, points="")
    plugin = wheel(tmp_path / "wheels", requires=["pluggy>=99"])
    done = install([plugin], tmp_path / "to" / "acme")
    assert done.path == tmp_path / "to" / "acme"
    assert read(done.path) == done.found
    assert seal(done.path) == done.sha256
    assert {"acme_codes/__init__.py", "pluggy_of_the_plugin.py"} <= files_of(done.path)
    assert list((tmp_path / "to").iterdir()) == [done.path]
    assert done.path.stat().st_mode & 0o055 == 0o055, "a server under another account reads it"


@pytest.mark.server
def test_the_same_wheels_give_the_same_sha256_wherever_they_are(tmp_path: Path) -> None:
    """pip notes from where a wheel came, and writes scripts with the path of its Python; neither is in the seal."""
    points = "[ordinance]\nacme = acme_codes\n[console_scripts]\nacme = acme_codes:main\n"
    sums = {
        install([wheel(tmp_path / place, points=points)], tmp_path / place / "to").sha256 for place in ("here", "there")
    }
    assert len(sums) == 1


@pytest.mark.server
def test_an_upgrade_replaces_the_folder_and_a_failed_one_leaves_it(tmp_path: Path) -> None:
    to = tmp_path / "acme"
    old = install([wheel(tmp_path / "1", files=_files("old.py"))], to)
    before = files_of(to)
    with pytest.raises(PluginError, match="No matching distribution found for nowhere"):
        install([wheel(tmp_path / "2", version="2.0", requires=["nowhere"])], to)
    broken = wheel(tmp_path / "3", version="3.0", files={"acme_codes/ordinance-plugin.toml": "api = 99"})
    with pytest.raises(PluginError):
        install([broken], to)
    assert (files_of(to), seal(to)) == (before, old.sha256)
    new = install([wheel(tmp_path / "4", version="4.0")], to)
    assert new.before == ("1.0", old.sha256)
    assert not new.was_changed
    assert "acme_codes/old.py" not in files_of(to)
    changed = install([wheel(tmp_path / "5", version="4.0", files=_files("more.py"))], to)
    assert changed.was_changed, "other files under the same version"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "3", "4", "5", "acme"]


def _files(more: str) -> dict[str, str]:
    return {"acme_codes/__init__.py": CODE, "acme_codes/ordinance-plugin.toml": MANIFEST, f"acme_codes/{more}": ""}


def test_what_is_not_a_plugins_folder_is_left_alone(tmp_path: Path) -> None:
    plugin = wheel(tmp_path / "wheels")
    mine, file = tmp_path / "mine", tmp_path / "file"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine", "utf-8")
    file.write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="not empty"):
        install([plugin], mine)
    with pytest.raises(UsageError, match="not a folder"):
        install([plugin], file)
    assert files_of(mine) == {"thesis.txt"}


@pytest.mark.server
def test_another_plugin_is_not_replaced(tmp_path: Path) -> None:
    to = tmp_path / "acme"
    install([wheel(tmp_path / "wheels")], to)
    with pytest.raises(UsageError, match="contains acme-codes, another plugin"):
        install([wheel(tmp_path / "wheels", "acme-other")], to)


#: Wheels that are refused before anything is written: requirements, and a part of the message.
REQUIRING = [["ordinance"], ["Ordinance >=0.1"], ["ordinance[test]; python_version > '3'"]]


@pytest.mark.parametrize("requires", REQUIRING, ids=str)
def test_a_plugin_that_requires_the_engine_is_refused(requires: list[str], tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="requires `") as raised:
        install([wheel(tmp_path / "wheels", requires=requires)], tmp_path / "to")
    assert "`api = 1`" in raised.value.help
    assert not (tmp_path / "to").exists()


@pytest.mark.server
def test_tests_of_a_plugin_may_require_the_engine(tmp_path: Path) -> None:
    install([wheel(tmp_path / "wheels", requires=["ordinance; extra == 'test'"])], tmp_path / "to")


def test_what_is_no_plugin_is_refused(tmp_path: Path) -> None:
    plain = wheel(tmp_path / "wheels", "plain", points="[console_scripts]\nx = y:z\n")
    both = [wheel(tmp_path / "wheels"), wheel(tmp_path / "wheels", "acme-other")]
    (tmp_path / "text.whl").write_text("no archive", "utf-8")
    for wheels, why in (([plain], "none of the wheels"), (both, "are both plugins")):
        with pytest.raises(PluginError, match=why):
            install(wheels, tmp_path / "to")
    for path in (tmp_path / "text.whl", tmp_path / "missing.whl", tmp_path):
        with pytest.raises(UnreadableError):
            install([path], tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_without_pip_the_command_to_type_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="no pip") as raised:
        install([wheel(tmp_path / "wheels")], tmp_path / "to")
    assert "uv pip install" in raised.value.help
    assert f"--target {tmp_path / 'to'}" in raised.value.help
    assert "--no-index" in raised.value.help


@pytest.mark.server
def test_the_entry_is_ready_to_paste(tmp_path: Path) -> None:
    """It is YAML with the name, version, path and SHA-256; what is left to decide is in its comments."""
    files = {**_files("more.py"), "acme_codes/ordinance-plugin.toml": MANIFEST + SETTINGS}
    done = install([wheel(tmp_path / "wheels", files=files)], tmp_path / "to")
    text = entry(done.path, done.found, done.sha256)
    given = {"name": "acme-codes", "version": "1.0", "path": str(done.path), "sha256": done.sha256}
    assert yaml.safe_load(text) == {"plugins": [given]}
    for said in (
        "# Required: countries.",
        "#   countries: …  # list of text, required: Whose numbers are found.",
        "#   strict: true  # yes or no: Ask for context.",
        "# network: [HOST:PORT]  # it connects to: the judge's server",
        "# folder: PATH  # it writes: a file of records",
    ):
        assert said in text


@pytest.mark.server
def test_as_a_command(tmp_path: Path) -> None:
    plugin = wheel(tmp_path / "wheels")
    done = run("plugin", "install", plugin, "--to", "acme", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert yaml.safe_load(done.stdout)["plugins"][0]["path"] == str(tmp_path / "acme")
    again = run("plugin", "install", plugin, "--to", "acme", "--format", "json", cwd=tmp_path)
    said = json.loads(again.stdout)["plugin"]
    assert said["sha256"] == yaml.safe_load(done.stdout)["plugins"][0]["sha256"]
    assert said["provides"] == ["detector acme.codes"]
    failed = run("plugin", "install", tmp_path / "no.whl", "--to", "acme", "--format", "json", cwd=tmp_path)
    assert failed.returncode == UnreadableError.exit_code
    assert [each["code"] for each in json.loads(failed.stdout)["diagnostics"]] == ["unreadable"]
    refused = wheel(tmp_path / "other", requires=["ordinance"])
    failed = run("plugin", "install", refused, "--to", "new", cwd=tmp_path)
    assert failed.returncode == OrdinanceError.exit_code
    assert "error[plugin]" in failed.stderr
