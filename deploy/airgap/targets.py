"""The machines that the folder is for, and the wheels that each needs: pip chooses and fetches them by the lock."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from building import BuildError, sha256
from components import Component, declared, locked, needed, normal
from install import explain
from packaging.markers import Marker
from steps import step

PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = ("x86_64", "aarch64")
#: What wheels may ask of the C library; ``install.sh`` refuses an older one.
GLIBC = (2, 28)
#: What ``install.sh`` installs, each by a lock of its own, and the extras of the engine that it consists of.
#: The gateway is always installed.
PARTS = {"gateway": ("trust", "postgresql", "redis", "ext-proc"), "judge": ("judge",), "embedded": ("embedded",)}
PIP = frozenset({"pip"})


class Target(NamedTuple):
    """A minor version of CPython on Linux, and the machine as ``uname -m`` names it."""

    python: str
    machine: str

    @property
    def name(self) -> str:
        """Return how folders and files name it: ``cp311-x86_64``."""
        return f"cp{self.python.replace('.', '')}-{self.machine}"

    @property
    def platforms(self) -> list[str]:
        """Return the platforms of wheels that run there, the best first."""
        newer = [f"manylinux_{GLIBC[0]}_{minor}" for minor in range(GLIBC[1], 16, -1)]
        return [f"{each}_{self.machine}" for each in (*newer, "manylinux2014")]

    def runs(self, component: Component) -> bool:
        """Return whether ``component`` is for it, with any patch version of its Python."""
        here = {
            "platform_machine": self.machine, "platform_system": "Linux", "sys_platform": "linux", "os_name": "posix",
            "implementation_name": "cpython", "platform_python_implementation": "CPython",
            "python_version": self.python,
        }  # fmt: skip
        patches = ({"python_full_version": f"{self.python}.{patch}"} for patch in (0, 99))
        return not component.marker or any(Marker(component.marker).evaluate(here | each) for each in patches)


def gather(tree: Path, target: Target, kept: Path) -> Path:
    """Fetch the wheels of ``target`` into a folder in ``kept`` and return it; nothing where they are there. Raises
    ``BuildError``."""
    folder, stamp = kept / target.name, kept / f"{target.name}.txt"
    wanted = [each for lock in ("airgap", "model") for each in locked(tree, lock) if target.runs(each)]
    # Without markers, which pip would read for the Python that runs it.
    lines = (f"{each.name}=={each.version} {_hashes(each.hashes)}\n" for each in wanted)
    text = "".join(lines)
    if stamp.is_file() and stamp.read_text("utf-8") == text and folder.is_dir():
        return folder
    began = time.monotonic()
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    requirements = folder / "requirements.txt"
    requirements.write_text(text, "utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", str(folder)]
    command += ["--implementation", "cp", "--python-version", target.python]
    command += [word for each in target.platforms for word in ("--platform", each)]
    # A file that another environment or target has already is the same file: its hash is in the lock.
    have = [tree / ".venv" / "downloads", *(each for each in sorted(kept.iterdir()) if each.is_dir())]
    command += [word for each in have if each.is_dir() for word in ("--find-links", str(each))]
    _download([*command, "-r", str(requirements)], target, len(wanted))
    requirements.unlink()
    for path in folder.iterdir():
        _share(path, kept)
    stamp.write_text(text, "utf-8")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"ordinance: {target.name}: {size >> 20} MB in {time.monotonic() - began:.0f} s", flush=True)
    return folder


def _download(command: list[str], target: Target, wheels: int) -> None:
    """Run pip, and show how many of its ``wheels`` it has begun. Raises ``BuildError``."""
    said: list[str] = []
    with (
        step(f"{target.name}: fetching {wheels} wheels") as show,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as pip,
    ):
        for line in pip.stdout or ():
            said.append(line)
            if line.startswith("Collecting "):
                begun = sum(each.startswith("Collecting ") for each in said)
                show(f"{begun} of {wheels}, {line.split()[1].partition('==')[0]}")
    if pip.returncode:
        raise BuildError(explain("".join(said), f"wheels for {target.name}"))


def _share(path: Path, kept: Path) -> None:
    """Keep a file once that several targets have."""
    for other in kept.glob(f"*/{path.name}"):
        if not other.samefile(path):
            path.unlink()
            path.hardlink_to(other)
            return


def locks(tree: Path, target: Target, wheels: Iterable[Path], engine: Path) -> dict[str, str]:
    """Return the lock of each part for ``target``, which names the one file for each package among ``wheels``. The
    wheel ``engine`` is in the lock of the gateway."""
    files = {tuple(path.name.split("-")[:2]): path for path in wheels}
    files = {(normal(name), version): path for (name, version), path in files.items()}
    entries = [each for each in locked(tree, "airgap") if target.runs(each)]
    always = needed(entries, declared(tree, PARTS["gateway"]) | PIP)
    found = {"gateway": [_line(each, files) for each in always]}
    found["gateway"].append(f"ordinance=={engine.name.split('-')[1]} {_hashes([sha256(engine)])}")
    for part in ("judge", "embedded"):
        more = [each for each in needed(entries, declared(tree, PARTS[part])) if each not in always]
        found[part] = [_line(each, files) for each in more]
    found["embedded"] += [_line(each, files) for each in locked(tree, "model")]
    title = f"# CPython {target.python} on {target.machine}\n"
    return {part: title + "".join(f"{line}\n" for line in sorted(lines)) for part, lines in found.items()}


def _line(component: Component, files: dict[tuple[str, ...], Path]) -> str:
    path = files.get((component.name, component.version))
    if path is None:
        raise BuildError(f"there is no wheel of {component.name} {component.version}.")
    marker = f" ; {component.marker}" if "full_version" in component.marker else ""
    return f"{component.name}=={component.version}{marker} {_hashes([sha256(path)])}"


def _hashes(digests: Iterable[str]) -> str:
    return " ".join(f"--hash=sha256:{digest}" for digest in sorted(digests))
