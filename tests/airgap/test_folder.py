"""What the folder contains: all of it for each Python and machine, listed, and the same bytes again."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from airgap.conftest import assemble

pytestmark = [pytest.mark.server, pytest.mark.slow]

PYTHONS, MACHINES = ("3.11", "3.12", "3.13"), ("x86_64", "aarch64")


def files_of(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {each.relative_to(folder).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest() for each in paths}


def test_every_file_is_listed_and_a_second_time_it_is_the_same(made: Path, top: Path) -> None:
    files = files_of(made)
    assemble(top / "again")
    assert files_of(top / "again") == files
    del files["SHA256SUMS"]
    lines = (made / "SHA256SUMS").read_text("utf-8").splitlines()
    assert {name: digest for digest, _, name in (line.partition("  ") for line in lines)} == files


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
def test_pip_finds_all_for_each_python_and_machine(made: Path, python: str, machine: str, tmp_path: Path) -> None:
    """As it would on that machine: by what the wheels ask for, with every extra, and for the plugins."""
    folder = made / "locks" / f"cp{python.replace('.', '')}-{machine}"
    newer = [word for minor in range(28, 16, -1) for word in ("--platform", f"manylinux_2_{minor}_{machine}")]
    there = ["--implementation", "cp", "--python-version", python, *newer, "--platform", f"manylinux2014_{machine}"]
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--dry-run"]
    pip += ["--no-index", "--find-links", str(made / "wheels"), "--only-binary", ":all:"]
    pip += ["--target", str(tmp_path), *there]
        "--no-index",
        "--find-links",
        str(made / "wheels"),
        "--only-binary",
        ":all:",
        "--target",
        str(tmp_path),
        *there,
    ]
    extras = "ordinance[embedded,ext-proc,judge,postgresql,redis,trust]"
    plugins = ["ordinance-near", "ordinance-identifiers", "ordinance-judge", "ordinance-sinks", "ordinance-verify"]
    locks = [word for part in ("gateway", "judge", "embedded") for word in ("-r", str(folder / f"{part}.txt"))]
    for words in (["--no-deps", "--require-hashes", *locks], [extras, *plugins]):
        done = subprocess.run([*pip, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_locks_name_the_packages_of_the_bill(made: Path) -> None:
    bill = json.loads((made / "sbom.cdx.json").read_text("utf-8"))
    billed = {(each["name"], each["version"]) for each in bill["components"]}
    found = set()
    for lock in made.glob("locks/*/*.txt"):
        found |= set(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE))
    assert {each for each in found if each[0] != "ordinance"} <= billed
    assert len(list(made.glob("locks/*/*.txt"))) == 18


def test_it_says_what_was_never_run(made: Path) -> None:
    said = (made / "README.txt").read_text("utf-8")
    assert "aarch64: assembled and checked for completeness, never run" in said
    assert "$" not in said


def test_what_the_text_names_is_there(made: Path) -> None:
    said = (made / "README.txt").read_text("utf-8")
    for name in re.findall(
        r"^    ([a-z./0-9A-Z]+/?)(?: [a-z]+/)* {2,}", said.partition("WHAT IS HERE")[2], re.MULTILINE
    ):
        assert (made / name).exists(), name
    for name in re.findall(r"((?:systemd|nginx|container|manual)/[\w./]+)", said):
        assert (made / name).exists(), name


def test_every_licence_is_known(made: Path) -> None:
    rows = (made / "licences" / "licences.tsv").read_text("utf-8").splitlines()[1:]
    assert [row for row in rows if "\tunknown\t" in row] == []
