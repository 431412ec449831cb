"""A plugin without code, in Finnish: a language pack, and the instructions to the model."""

from __future__ import annotations

from pathlib import Path

from support.checkout import CASES
from support.wheels import wheel

FOLDER = CASES / "finnish"
PACK = (FOLDER / "fi.ord").read_text("utf-8")
CATALOGUE = (FOLDER / "fi.toml").read_text("utf-8")
NAME, PACKAGE = "acme-finnish", "acme_finnish"
MANIFEST = """\
api = 1
vendor = "acme"
packs = ["packs/fi.ord"]

[instructions]
fi = "instructions/fi.toml"
"""


def finnish(
    folder: Path,
    *,
    catalogue: str = CATALOGUE,
    manifest: str = MANIFEST,
    name: str = NAME,
    version: str = "1.0",
) -> Path:
    """Write the plugin's wheel into ``folder``."""
    package = name.replace("-", "_")
    files = {
        f"{package}/__init__.py": "",
        f"{package}/ordinance-plugin.toml": manifest,
        f"{package}/packs/fi.ord": PACK,
        f"{package}/instructions/fi.toml": catalogue,
    }
    points = f"[ordinance]\nacme = {package}\n"
    return wheel(folder, name, version, files=files, points=points)
