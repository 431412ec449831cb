"""What the folder contains: all of it for each Python and machine, listed, and the same bytes again."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from airgap.conftest import assemble

pytestmark = [pytest.mark.server, pytest.mark.slow]

PYTHONS, MACHINES = ("3.11", "3.12", "3.13"), ("x86_64", "aarch64")


def files_of(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {each.relative_to(folder).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest() for each in paths}


def _listed(folder: Path) -> list[tuple[str, str, str]]:
    return [line.partition("  ") for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()]


def test_every_file_is_listed_and_a_second_time_it_is_the_same(made: Path, top: Path) -> None:
    files = files_of(made)
    assemble(top / "again")
    assert files_of(top / "again") == files
    del files["SHA256SUMS"]
    assert {name: digest for digest, _, name in _listed(made)} == files


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode("utf-8"))


def fitting(folder: Path, python: str, machine: str) -> dict[str, tuple[Path, Version]]:
    """The wheels that run there, by the name of their package."""
    version = (3, int(python.partition(".")[2]))
    platforms = [*(f"manylinux_2_{minor}_{machine}" for minor in range(28, 16, -1)), f"manylinux2014_{machine}"]
    tags = {*cpython_tags(version, platforms=platforms), *compatible_tags(version, f"cp3{version[1]}", platforms)}
    found: dict[str, tuple[Path, Version]] = {}
    for path in folder.glob("*.whl"):
        name, number, _, its = parse_wheel_filename(path.name)
        required = metadata(path)["Requires-Python"] or ""
        if its & tags and SpecifierSet(required).contains(f"{python}.2"):
            assert name not in found, f"{path.name} and {found[name][0].name}"
            found[name] = path, number
    return found


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
def test_it_has_all_that_its_wheels_ask_for(made: Path, python: str, machine: str) -> None:
    """Each once, with every extra and for every plugin, on that Python and that machine."""
    there = fitting(made / "wheels", python, machine)
    here = {
        "platform_machine": machine, "platform_system": "Linux", "sys_platform": "linux", "os_name": "posix",
        "implementation_name": "cpython", "platform_python_implementation": "CPython",
        "python_version": python, "python_full_version": f"{python}.2",
    }  # fmt: skip
    wanted = [Requirement("ordinance[embedded,ext-proc,judge,postgresql,redis,trust]"), Requirement("pip")]
    wanted += [Requirement(path.name.split("-")[0]) for path in (made / "wheels").glob("ordinance_*.whl")]
    seen: set[str] = set()
    while wanted:
        each = wanted.pop()
        if str(each) in seen:
            continue
        seen.add(str(each))
        path, version = there[canonicalize_name(each.name)]
        assert each.specifier.contains(version, prereleases=True), str(each)
        more = (Requirement(one) for one in metadata(path).get_all("Requires-Dist", []))
        extras = each.extras | {""}
        wanted += [
            one for one in more if not one.marker or any(one.marker.evaluate(here | {"extra": e}) for e in extras)
        ]
    assert len(seen) > 40


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
def test_each_lock_names_one_file_of_the_folder(made: Path, python: str, machine: str) -> None:
    sums = {digest for digest, _, name in _listed(made) if name.startswith("wheels/")}
    for part in ("gateway", "judge", "embedded"):
        text = (made / "locks" / f"cp{python.replace('.', '')}-{machine}" / f"{part}.txt").read_text("utf-8")
        for line in text.splitlines()[1:]:
            (digest,) = re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
            assert digest in sums, line


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
    for name in re.findall(r"(?<![\w/])((?:systemd|nginx|container|manual)/[\w./]*\w)", said):
        assert (made / name).exists(), name


def test_every_licence_is_known(made: Path) -> None:
    rows = (made / "licences" / "licences.tsv").read_text("utf-8").splitlines()[1:]
    assert [row for row in rows if "\tunknown\t" in row] == []
