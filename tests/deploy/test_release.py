"""The folder of a release: the same bytes wherever and by whomever it is made, complete, and listed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.checkout import ROOT

pytestmark = pytest.mark.server

DOWNLOADS = ROOT / ".venv" / "downloads"
#: When the commit of these releases was made.
DATE = {f"GIT_{who}_DATE": "2026-11-20T12:00:00Z" for who in ("AUTHOR", "COMMITTER")}
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
#: Whose wheel has no text of its licence in it.
WITHOUT_TEXT = {"xds-protos"}


@dataclass(frozen=True)
class Release:
    """A release, and the checkout that it was made from."""

    checkout: Path
    folder: Path

    @property
    def bill(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "sbom.cdx.json").read_text("utf-8"))
        return read

    def sums(self) -> dict[str, str]:
        lines = (self.folder / "SHA256SUMS").read_text("utf-8").splitlines()
        return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def run(command: list[str | Path], **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def checkout_at(folder: Path) -> Path:
    """What git tracks here, as it is now, as a checkout of its own with one commit."""
    names = run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "--no-verify", "-m", "a"]):
        done = run(["git", "-C", folder, *words], env={**os.environ, **DATE})
        assert done.returncode == 0, done.stderr
    return folder


def release(checkout: Path, out: Path, *flags: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, checkout / "deploy" / "release" / "make.py", out, "--wheels", DOWNLOADS, *flags]
    return run([*map(str, command)], **more)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("release")
    checkout = checkout_at(folder / "checkout")
    done = release(checkout, folder / "out", "--incomplete")
    assert done.returncode == 0, done.stderr
    return Release(checkout, folder / "out")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_user_on_another_path_makes_the_same_bytes(made: Release, tmp_path: Path) -> None:
    """With another umask, locale, time zone, clock, environment, and with files beside it that nobody committed."""
    other = checkout_at(tmp_path / "a much longer path" / "x")
    (other / "rules" / "jurisdictions" / "DE" / "draft.ord").write_text("a draft\n")
    (other / "engine" / "ordinance" / "scratch.py").write_text("print('x')\n")
    (other / "plugins" / "ordinance-sinks" / "ordinance_sinks" / "scratch.py").write_text("\n")
    for path in other.rglob("*"):
        if ".git" not in path.parts and path.is_file():
            path.chmod(path.stat().st_mode & ~0o077)
            os.utime(path, (978307200, 978307200))
    strange = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1000000000"}
    strange |= {"HATCH_BUILD_HOOKS_ENABLE": "1", "HATCH_BUILD_CLEAN": "1", "UMASK": "077"}
    done = release(other, tmp_path / "out", "--incomplete", env={**os.environ, **strange}, umask=0o077)
    assert done.returncode == 0, done.stderr
    first, second = files_of(made.folder), files_of(tmp_path / "out")
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_it_has_a_wheel_and_an_sdist_of_the_engine_and_of_each_plugin(made: Release) -> None:
    built = [name for name in files_of(made.folder) if name.endswith((".whl", ".tar.gz"))]
    for name in ("ordinance", *(plugin.replace("-", "_") for plugin in PLUGINS)):
        assert len([each for each in built if each.startswith(f"{name}-")]) == 2, name
    assert len(built) == 2 + 2 * len(PLUGINS)


def test_a_wheel_made_from_the_sdist_is_the_wheel(made: Release, tmp_path: Path) -> None:
    (sdist,) = made.folder.glob("ordinance-*.tar.gz")
    (wheel,) = made.folder.glob("ordinance-*.whl")
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 is the first that has it
        archive.extractall(tmp_path)
        times = {member.mtime for member in archive.getmembers()}
    (source,) = tmp_path.iterdir()
    made_again = tmp_path / "made"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(times.pop())}
    command = [sys.executable, "-c", f"from hatchling.build import build_wheel; build_wheel({str(made_again)!r})"]
    done = run([*command], cwd=source, env=environment)
    assert done.returncode == 0, done.stderr
    assert (made_again / wheel.name).read_bytes() == wheel.read_bytes()


def test_every_file_is_listed_with_its_digest(made: Release) -> None:
    files = files_of(made.folder)
    del files["SHA256SUMS"]
    assert made.sums() == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=made.folder).returncode == 0


def test_the_bill_names_what_runs_with_its_version_hashes_and_licence(made: Release) -> None:
    bill = made.bill
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert bill["metadata"]["timestamp"] == "2026-11-20T12:00:00Z"
    parts = {each["bom-ref"]: each for each in (bill["metadata"]["component"], *bill["components"])}
    names = {each["name"] for each in parts.values()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"ordinance", *PLUGINS, "cryptography", "grpcio", "asyncpg", "redis", "xllamacpp", "numpy"} <= names
    assert {one.partition(">")[0] for one in project["dependencies"]} <= names
    assert not names & {"pytest", "hypothesis", "mypy", "ruff", "openai", "selenium", "securesystemslib"}
    for each in parts.values():
        (*_, last) = each["externalReferences"]
        assert each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" == each["bom-ref"]
        assert all(len(one["content"]) == 64 for one in last["hashes"])
    (wheel,) = made.folder.glob("ordinance-*.whl")
    ours = {one["url"]: one["hashes"][0]["content"] for one in bill["metadata"]["component"]["externalReferences"]}
    assert ours[wheel.name] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    after = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert after.keys() == parts.keys()
    assert {ref for refs in after.values() for ref in refs} <= parts.keys()
    (engine,) = (ref for ref in parts if ref.startswith("pkg:pypi/ordinance@"))
    assert {ref.partition("@")[0] for ref in after[engine]} >= {"pkg:pypi/aiohttp", "pkg:pypi/cryptography"}


def test_each_dependency_whose_wheel_is_here_has_its_licence(made: Release) -> None:
    rows = (made.folder / "licences" / "licences.tsv").read_text("utf-8").splitlines()[1:]
    listed = {name: (version, licence, int(count)) for name, version, licence, count in (r.split("\t") for r in rows)}
    known = {name: each for name, each in listed.items() if each[1] != "unknown"}
    assert "aiohttp" in known, "the wheels of the test environment are in .venv/downloads"
    assert {name for name, (_, _, count) in known.items() if not count} <= WITHOUT_TEXT
    for name, (version, _, count) in known.items():
        folder = made.folder / "licences" / f"{name}-{version}"
        assert len([path for path in folder.rglob("*") if path.is_file()]) == count
    described = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    assert not [name for name in listed if name not in described]


def test_what_cannot_become_a_release_is_refused_in_one_line(made: Release, tmp_path: Path) -> None:
    empty = tmp_path / "wheels"
    empty.mkdir()
    done = release(made.checkout, tmp_path / "one", "--wheels", str(empty))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "aiohttp" in done.stderr
    done = release(made.checkout, made.folder)
    assert (done.returncode, "is not empty" in done.stderr) == (1, True)
    (made.checkout / "NOTICE").write_text("changed\n")
    done = release(made.checkout, tmp_path / "two", "--incomplete")
    assert (done.returncode, "not committed" in done.stderr) == (1, True)


def test_no_wheel_has_a_file_that_nobody_committed(made: Release) -> None:
    tracked = set(run(["git", "-C", made.checkout, "ls-files"]).stdout.splitlines())
    with zipfile.ZipFile(next(made.folder.glob("ordinance-*.whl"))) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    sources = {"grammars/": "grammars/", "rules/": "rules/", "lessons/": "docs/errors/"}
    for name in inside:
        plain = name.removeprefix("ordinance/")
        moved = next((to + plain.removeprefix(at) for at, to in sources.items() if plain.startswith(at)), None)
        assert {moved, plain, f"engine/{name}"} & tracked, name
