"""Add this checkout to the environment of vLLM as a data centre would, and see that nothing there moves.

Run by ``make vllm`` with the Python of the test environment: ``.venv/test/bin/python deploy/into_vllm.py``. The wheel
is built and installed with pip's resolver at work, so our ranges decide: pip may add what is missing and would replace
what does not fit. Whatever it did is compared with the packages before.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
VLLM = TOP / ".venv" / "vllm"
PYTHON = VLLM / "bin" / "python"
MODEL_MAKER = TOP / "tests" / "vllm" / "make_model.py"


class MovedError(Exception):
    """A package of vLLM's is another one than before, or pip could not do its work."""


def main() -> int:
    """Install the wheel and make the tiny model. 1, with a line, where a package moved."""
    try:
        before = packages(PYTHON)
        with tempfile.TemporaryDirectory() as folder:
            install(PYTHON, build(Path(folder)))
        after = packages(PYTHON)
        moved = compare(before, after)
        if moved:
            raise MovedError("ordinance moves packages of vLLM: " + ", ".join(moved))
        make_model()
    except MovedError as error:
        print(f"ordinance: {error}", file=sys.stderr)
        return 1
    added = sorted(f"{name} {after[name]}" for name in after.keys() - before.keys() - {"ordinance"})
    if added:
        print(f"ordinance: added to vLLM's packages: {', '.join(added)}; none moved")
    return 0


def packages(python: Path) -> dict[str, str]:
    """Name and version of everything that is installed beside ``python``."""
    listed = json.loads(pip(python, "list", "--format", "json"))
    return {each["name"].lower(): each["version"] for each in listed}


def compare(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is not as before. Additions are no change, and we may be replaced by ourselves."""
    return [
        f"{name} {version} → {after.get(name, 'gone')}"
        for name, version in sorted(before.items())
        if name != "ordinance" and after.get(name) != version
    ]


def build(folder: Path) -> Path:
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, TOP])
    return next(folder.glob("*.whl"))


def install(python: Path, wheel: Path) -> None:
    """With what the test environment was made from at hand, and no index."""
    downloads: list[str | Path] = ["--no-index", "--find-links", TOP / ".venv" / "downloads"]
    if "ordinance" in packages(python):
        pip(python, "uninstall", "--yes", "ordinance")
    pip(python, "install", "--no-compile", *downloads, wheel)


def make_model() -> None:
    """Unless it is there and made by the same program."""
    stamp, wanted = VLLM / "tiny" / "made", hashlib.sha256(MODEL_MAKER.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        run([PYTHON, MODEL_MAKER, VLLM / "tiny"])
        stamp.write_text(wanted)


def pip(python: Path, *words: str | Path) -> str:
    return run([python, "-m", "pip", "--disable-pip-version-check", "--no-input", *words])


def run(command: list[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise MovedError(said[-1] if said else f"{command[0]} failed")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
