"""Make the folder that installs without a network: ``python deploy/airgap/assemble.py OUT``. docs/deploying.md says how
it is used.

It is a release (``deploy/release/``), the wheels of all that it depends on for each machine, what an operator copies
from ``deploy/``, the packs and the manual. The same commit and the same index give the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from string import Template

TOP = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(TOP / "deploy" / "release"), str(TOP / "deploy")]

from building import BuildError, copied, empty, tracked, write_sums  # noqa: E402
from make import make  # noqa: E402
from steps import step  # noqa: E402
from targets import MACHINES, PIP, PYTHONS, Target, gather, locks  # noqa: E402

#: What is copied as it is in the checkout, and the folder that it becomes.
COPIED = {
    "deploy/systemd/": "systemd/", "deploy/nginx/": "nginx/", "deploy/airgap/container/": "container/",
    "deploy/chart/": "chart/", "deploy/observability/": "observability/", "deploy/envoy/": "envoy/",
    "rules/": "packs/", "ordinance.schema.json": "ordinance.schema.json",
    "LICENSE": "LICENSE", "NOTICE": "NOTICE", "CHANGELOG.md": "CHANGELOG.md",
    "deploy/airgap/install.sh": "install.sh",
}  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="make airgap", description="Make the folder that installs without a network.")
    parser.add_argument("out", type=Path, nargs="?", help="a folder that is empty or not there yet")
    parser.add_argument("--fetch", action="store_true", help="fetch the wheels into .venv/airgap, and make no folder")
    parser.add_argument("--python", nargs="+", choices=PYTHONS, default=PYTHONS, help="default: all")
    parser.add_argument("--machine", nargs="+", choices=MACHINES, default=MACHINES, help="default: all")
    parser.add_argument("--uncommitted", action="store_true", help="take changes that are not committed")
    args = parser.parse_args()
    if (args.out is None) != args.fetch:
        parser.error("name a folder, or --fetch")
    targets = [Target(python, machine) for machine in args.machine for python in args.python]
    began = time.monotonic()
    try:
        if args.fetch:
            fetch(targets)
            return 0
        assemble(args.out.resolve(), targets, args.uncommitted)
    except BuildError as error:
        print(f"ordinance: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"ordinance: {error.strerror}: {error.filename or args.out}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    print(f"ordinance: {args.out}: {size >> 20} MB, made in {time.monotonic() - began:.0f} s", flush=True)
    return 0


def assemble(out: Path, targets: list[Target], uncommitted: bool) -> None:
    """Fill the folder ``out``. Raises ``BuildError`` and ``OSError``."""
    empty(out)
    files = tracked(TOP, uncommitted=uncommitted)
    gathered = fetch(targets)
    wheels = out / "wheels"
    wheels.mkdir()
    for folder in gathered.values():
        for wheel in sorted(folder.glob("*.whl")):
            if not (wheels / wheel.name).exists():
                shutil.copy(wheel, wheels)
    with step("making the release"), tempfile.TemporaryDirectory(prefix="ordinance-airgap-") as name:
        release, tree = Path(name) / "release", Path(name) / "tree"
        # For one Python, the wheels of others are not at hand, and neither are their licences.
        make(TOP, release, wheels, uncommitted, incomplete=set(PYTHONS) != {each.python for each in targets}, also=PIP)
        (release / "SHA256SUMS").unlink()
        (out / "source").mkdir()
        for path in sorted(release.iterdir()):
            folder = {".whl": wheels, ".gz": out / "source"}.get(path.suffix, out)
            shutil.move(path, folder / path.name)
        copied(TOP, files, tree)
        for source, place in COPIED.items():
            _copy(tree / source, out / place)
    (engine,) = wheels.glob("ordinance-*.whl")
    for target, folder in gathered.items():
        for part, text in locks(TOP, target, folder.glob("*.whl"), engine).items():
            _write(out / "locks" / target.name / f"{part}.txt", text)
    add_manual(out / "manual")
    _write(out / "README.txt", readme(out, engine.name.split("-")[1], targets))
    with step("counting and summing"):
        write_sums(out)


def fetch(targets: list[Target]) -> dict[Target, Path]:
    """Return for each target the folder of its wheels, fetched where it is not there. Raises ``BuildError``."""
    return {each: gather(TOP, each, TOP / ".venv" / "airgap") for each in targets}


def add_manual(folder: Path) -> None:
    """Build the manual as pages into ``folder``, in the environment that has what that needs. Raises ``BuildError``."""
    python = TOP / ".venv" / "manual" / "bin" / "python"
    if not python.exists():
        raise BuildError("there is no .venv/manual: make ready-manual")
    command = [python, TOP / "deploy" / "manual", folder]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BuildError(f"the manual cannot be made: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")


def readme(out: Path, version: str, targets: list[Target]) -> str:
    """Return the text that leads from the folder to a governed chat."""
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    machines = sorted({each.machine for each in targets}, reverse=True)
    said = {"x86_64": "installed and run", "aarch64": "assembled and checked for completeness, never run"}
    return Template((HERE / "README.txt").read_text("utf-8")).substitute(
        version=version,
        rule="=" * len(f"Ordinance {version}, to install without a network"),
        size=size >> 20,
        pythons=", ".join(sorted({each.python for each in targets}, key=PYTHONS.index)),
        machines="\n".join(f"               {each}: {said[each]}" for each in machines),
    )


def _copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
