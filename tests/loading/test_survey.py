"""`ordinance plugins`: each allowed plugin with its state, what it provides, what confines it, and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ordinance.plugins.seal import seal
from support.allowing import entry
from support.commands import run, run_on_terminal
from support.packs import JURISDICTION, write_jurisdiction
from support.wheels import CODE, unpacked, wheel

pytestmark = pytest.mark.server

NAMED = """
[settings.words]
type = "list of text"
description = "What is found."
default = []
"""


def laid(folder: Path, name: str, code: str, provides: str, more: str = "") -> dict[str, Any]:
    """A plugin as pip installs it, and its entry in the settings."""
    package = name.replace("-", "_")
    manifest = f'api = 1\nvendor = "acme"\n{provides}\n{more}'
    files = {f"{package}/__init__.py": code, f"{package}/ordinance-plugin.toml": manifest}
    path = unpacked(wheel(folder / "wheels", name, files=files), folder / name)
    return entry(path, name=name, version="1.0")


def asked(folder: Path, *entries: Mapping[str, Any], pack: str = JURISDICTION) -> tuple[int, dict[str, Any]]:
    """What the command says, as JSON."""
    settings = folder / "ordinance.yaml"
    written = {"packs": [str(write_jurisdiction(folder, pack))], "plugins": [dict(each) for each in entries]}
    settings.write_text(yaml.safe_dump(written), "utf-8")
    done = run("plugins", "--config", settings, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_each_plugin_is_shown_with_what_packs_ask_of_it(tmp_path: Path) -> None:
    detector = laid(tmp_path, "acme-codes", CODE, 'provides = ["detector acme.codes"]')
    idle = laid(tmp_path, "acme-idle", CODE, 'provides = ["detector acme.other"]')
    data = laid(tmp_path, "acme-data", "", 'packs = ["a.ord"]')
    pack = JURISDICTION.replace("topic talk and", "detector acme.codes and")
    code, said = asked(tmp_path, detector, idle, data, pack=pack)
    assert code == 0
    first, second, third = said["plugins"]
    assert (first["name"], first["version"], first["state"]) == ("acme-codes", "1.0", "ready")
    assert first["asked"] == ["detector acme.codes"]
    assert first["provides"] == ["detector acme.codes"]
    assert set(first["sandbox"]) == {"memory", "files", "network", "processes"}
    assert (first["last_failure"], first["cause"], first["message"]) == ("", "", "")
    assert (second["state"], second["asked"]) == ("ready", [])
    assert (third["state"], third["packs"], third["sandbox"]) == ("data", ["a.ord"], {})


def test_what_is_wrong_with_one_is_shown_beside_the_others(tmp_path: Path) -> None:
    raising = laid(tmp_path, "acme-raising", "1 / 0", 'provides = ["health"]')
    missing = "from ordinance.plugin import *\nfrom ordinance.plugin import hookimpl\n"
    missing += "@hookimpl\ndef audit_sink(): return Unconfigured('a folder')\n"
    unconfigured = laid(tmp_path, "acme-sink", missing, 'provides = ["sink"]')
    ill = "from ordinance.plugin import hookimpl\n@hookimpl\ndef health(): return ['the disk is full']\n"
    unwell = laid(tmp_path, "acme-unwell", ill, 'provides = ["health"]')
    changed = {**laid(tmp_path, "acme-changed", ill, 'provides = ["health"]'), "sha256": "0" * 64}
    code, said = asked(tmp_path, raising, unconfigured, unwell, changed)
    assert code == 1
    first, second, third, fourth = said["plugins"]
    assert (first["state"], first["cause"]) == ("failing", "raised")
    assert "ZeroDivisionError" in first["message"]
    assert first["last_failure"]
    assert second["state"] == "unconfigured"
    assert "a folder" in second["message"]
    assert (third["state"], third["health"]) == ("ready", ["the disk is full"])
    assert (fourth["state"], fourth["cause"]) == ("refused", "refused")
    assert seal(Path(changed["path"])) in fourth["message"]


def test_the_table_fits_the_terminal(tmp_path: Path) -> None:
    provides = ", ".join(f'"detector acme.number_{each}"' for each in range(12))
    entry = laid(tmp_path, "acme-codes", CODE, f"provides = [{provides}]", NAMED)
    settings = tmp_path / "ordinance.yaml"
    settings.write_text(yaml.safe_dump({"plugins": [entry]}), "utf-8")
    done = run_on_terminal("plugins", "--config", settings, columns=60)
    assert done.returncode == 0, done.stderr
    assert all(len(line) <= 60 for line in done.stdout.splitlines())
    assert "acme-codes  1.0      ready" in done.stdout
    none = run("plugins")
    assert (none.returncode, none.stdout) == (0, "The settings allow no plugins.\n")
    assert run("plugins", "--config", tmp_path / "missing.yaml").returncode == 2
