"""The files that images are built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.checkout import ROOT

FILES = sorted((ROOT / "deploy").rglob("*.Containerfile"))


def steps(file: Path) -> list[str]:
    """The instructions, each on one line, without comments."""
    lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT / "deploy")))
def test_what_installs_compiles_for_any_time_that_a_builder_sets(file: Path) -> None:
    """`--timestamp` sets the times of sources, after which bytecode that names them is stale. With this variable it
    names their hash (PEP 552; `py_compile`)."""
    installing = [step for step in steps(file) if "pip install" in step or "install.sh" in step]
    assert installing
    for step in installing:
        before = step.partition("install.sh")[0].partition("pip install")[0]
        assert "SOURCE_DATE_EPOCH=0" in before
