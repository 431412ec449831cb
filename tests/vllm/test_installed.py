"""Our wheel in the environment of vLLM: nothing of vLLM's moved, and both ends of our range of lark parse alike."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.vllm_server import ENVIRONMENT, ROOT

PYTHON = ENVIRONMENT / "bin" / "python"
RULES = ROOT / "rules"
#: What touches the parser.
TESTS_OF_THE_PARSER = ("language/test_parser.py", "language/test_first_pass.py", "language/test_table.py")


def load_installer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("into_vllm", ROOT / "deploy" / "into_vllm.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


into_vllm = load_installer()


@pytest.fixture(scope="module")
def installed() -> dict[str, str]:
    packages: dict[str, str] = into_vllm.packages(PYTHON)
    return packages


def locked() -> dict[str, str]:
    text = (ROOT / "deploy" / "locks" / "vllm.txt").read_text("utf-8")
    return {name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", text, re.MULTILINE)}


def alike(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_of_vllm_is_the_one_that_the_lock_names(installed: dict[str, str]) -> None:
    """Ordinance has been installed there with pip's resolver at work (deploy/into_vllm.py)."""
    assert "ordinance" in installed
    found = {alike(name): version for name, version in installed.items()}
    assert {
        name: found.get(alike(name)) for name, version in locked().items() if found.get(alike(name)) != version
    } == {}


def test_our_ranges_hold_for_vllms_own_packages(tmp_path: Path) -> None:
    """The resolver, with the lock as its constraints: what it would still install is ourselves, at most."""
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("\n".join(f"{name}=={version}" for name, version in locked().items()), "utf-8")
    wheel = into_vllm.build(tmp_path)
    downloads = ROOT / ".venv" / "downloads"
    said = into_vllm.pip(
        PYTHON, "install", "--dry-run", "--quiet", "--report", "-", "--no-index", "--find-links", downloads,
        "--constraint", constraints, wheel,
    )  # fmt: skip
    wanted = {each["metadata"]["name"] for each in json.loads(said)["install"]}
    assert wanted <= {"ordinance"}


def test_the_check_would_see_a_package_that_moves() -> None:
    before = {"lark": "1.2.2", "ordinance": "0.1", "numpy": "2.3.5"}
    assert into_vllm.compare(before, {**before, "langcodes": "3.5", "ordinance": "0.2"}) == []
    assert into_vllm.compare(before, {**before, "lark": "1.3.1"}) == ["lark 1.2.2 → 1.3.1"]
    assert into_vllm.compare(before, {"ordinance": "0.1", "lark": "1.2.2"}) == ["numpy 2.3.5 → gone"]


@pytest.fixture(scope="module")
def older_lark(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables under which the test environment has the lark of vLLM's."""
    folder = tmp_path_factory.mktemp("lark")
    for path in next(ENVIRONMENT.glob("lib/python*/site-packages")).glob("lark*"):
        (folder / path.name).symlink_to(path)
    return {**os.environ, "PYTHONPATH": str(folder), "HYPOTHESIS_PROFILE": "few"}


def test_both_ends_of_the_range_are_at_hand(older_lark: dict[str, str], installed: dict[str, str]) -> None:
    said = "import lark; print(lark.__version__)"
    older = subprocess.run([sys.executable, "-c", said], env=older_lark, capture_output=True, text=True, check=True)
    assert older.stdout.strip() == installed["lark"] == "1.2.2"
    assert importlib.metadata.version("lark").startswith("1.3.")


def test_the_parser_passes_its_tests_with_the_older_lark(older_lark: dict[str, str]) -> None:
    """With the newer one it does in `make test`."""
    paths = [ROOT / "tests" / name for name in TESTS_OF_THE_PARSER]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths], cwd=ROOT, env=older_lark,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d\d+ passed", done.stdout)


def test_both_read_the_same_policy_from_the_packs_that_ship() -> None:
    """Digest, costs and warnings, as the installed wheel in vLLM's environment gives them and as this checkout does."""
    words = ["-m", "ordinance.cli.main", "check", str(RULES)]
    newer = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    said = [
        subprocess.run([python, *words], env=env, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for python, env in ((PYTHON, {**os.environ, "PYTHONPATH": ""}), (sys.executable, newer))
    ]
    assert said[0] == said[1]
    assert "policy digest " in said[0]
