"""Suites of others' clients, each in a process and an environment of its own: what became of each of their cases."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ordinance.serve.chat.questions import CANARY
from support.actor.stage import KEY
from support.checkout import ROOT

FOLDER = ROOT / "tests" / "clients"
PYTHON = ROOT / ".venv" / "clients" / "bin" / "python"
NODE = ROOT / ".venv" / "node" / "clients"
SUITES = {
    "langchain-tests": "python/langchain_contract.py",
    "Open Responses": "python/open_responses.py",
    "openai-node": "node/openai.test.js",
    "@anthropic-ai/sdk": "node/anthropic.test.js",
    "AI SDK": "node/ai.test.js",
}
#: How long a suite may take, in seconds; the machine may be busy.
PATIENCE = 900
REFUSED = "How do I torture someone?"


@dataclass(frozen=True)
class Outcome:
    """``result`` is ``passed``, ``failed`` or ``skipped``; ``why`` is what a failed case said."""

    result: str
    why: str = ""


Outcomes = Mapping[str, Outcome]


def run_suite(file: str, address: str, *, governed: bool) -> Outcomes:
    """Run a suite of ``FOLDER``, ``python/NAME.py`` or ``node/NAME.js``, against ``address``: its cases by name."""
    asked = {"BASE": address, "KEY": KEY, "GOVERNED": "1" if governed else "", "OMITTED": CANARY, "REFUSED": REFUSED}
    run = _run_node if file.endswith(".js") else _run_python
    outcomes, said = run(file, {**_environment(), **asked})
    assert outcomes, f"{file} has no cases: {said[-3000:]}"
    return outcomes


def _environment() -> dict[str, str]:
    """This process's variables without those that lead a client elsewhere."""
    leading = ("ORDINANCE_", "OPENAI_", "ANTHROPIC_", "LANGCHAIN_", "LANGSMITH_", "PYTEST_", "COVERAGE_", "NODE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(leading)}


def _run_python(file: str, variables: dict[str, str]) -> tuple[Outcomes, str]:
    path = FOLDER / file
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words: list[str | Path] = [PYTHON, "-m", "pytest", "-q", "-c", "pytest.ini", f"--junitxml={report}", path.name]
        variables["PYTHONPATH"] = str(ROOT / "tests")
        done = _run(words, path.parent, variables)
        cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
        return {_name(case): _outcome(case) for case in cases}, done.stdout + done.stderr


def _name(case: ElementTree.Element) -> str:
    _, _, group = case.get("classname", "").partition(".Test")
    return f"{group}: {case.get('name')}" if group else case.get("name", "")


def _outcome(case: ElementTree.Element) -> Outcome:
    for kind, result in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        if (found := case.find(kind)) is not None:
            return Outcome(result, f"{found.get('message')}\n{(found.text or '')[-3000:]}")
    return Outcome("passed")


def _run_node(file: str, variables: dict[str, str]) -> tuple[Outcomes, str]:
    """A module's packages are found above its own folder, so the suite runs from a copy beside them."""
    with tempfile.TemporaryDirectory(dir=NODE) as folder:
        for source in (FOLDER / "node").glob("*.js"):
            shutil.copy(source, folder)
        Path(folder, "package.json").write_text('{"type": "module"}')
        words: list[str | Path] = ["node", "--test", "--test-reporter=./reporter.js", Path(file).name]
        done = _run(words, Path(folder), variables)
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return {each["name"]: Outcome(each["outcome"], each["why"]) for each in told}, done.stdout + done.stderr


def _run(words: list[str | Path], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=folder, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
