"""Wheels: made by hand, quickly, as a build would give them, or built from the source of a plugin."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

from support.allowing import MANIFEST
from support.checkout import ROOT

CODE = """\
from ordinance.plugin import Expressions, hookimpl


@hookimpl
def detector(asked):
    return Expressions(phrases=("acme code",)) if asked.name == "acme.codes" else None
"""


def wheel(
    into: Path,
    name: str = "acme-codes",
    version: str = "1.0",
    *,
    files: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
    points: str | None = None,
) -> Path:
    """A wheel in ``into``. Without ``files`` it is a small plugin; ``points`` is what its entry points say."""
    package = name.replace("-", "_")
    if files is None:
        files = {f"{package}/__init__.py": CODE, f"{package}/ordinance-plugin.toml": MANIFEST}
    points = f"[ordinance]\nacme = {package}\n" if points is None else points
    info = f"{package}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {each}\n" for each in requires)
    inside = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": points,
    }
    record = "".join(f"{path},sha256={_sum(text)},{len(text.encode())}\n" for path, text in inside.items())
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"{package}-{version}-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        for place, text in {**inside, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(place, text)
    return path


def built(source: Path) -> Path:
    """The plugin as pip would install it, built with hatchling."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    (made,) = (source / "dist").glob("*.whl")
    return unpacked(made, source / "installed")


def installed(source: Path, to: Path) -> Path:
    """The folder ``to`` as ``pip install --target`` fills it, from what has been downloaded for this environment."""
    words = ["install", "--quiet", "--no-compile", "--no-index", "--no-build-isolation"]
    downloads = ROOT / ".venv" / "downloads"
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "--disable-pip-version-check", *words, "--find-links", downloads,
            "--target", to, source,
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return to


def unpacked(made: Path, into: Path) -> Path:
    """The folder ``into``, as pip would install a wheel there."""
    with ZipFile(made) as archive:
        archive.extractall(into)
    return into


def _sum(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
