"""A plugin without code, in Swedish: a language pack, and the instructions to the model."""

from __future__ import annotations

from pathlib import Path

from support.checkout import CASES
from support.wheels import wheel

FOLDER = CASES / "swedish"
PACK = (FOLDER / "sv.ord").read_text("utf-8")
CATALOGUE = (FOLDER / "sv.toml").read_text("utf-8")
NAME, PACKAGE = "acme-swedish", "acme_swedish"
MANIFEST = """\
api = 1
vendor = "acme"
packs = ["packs/sv.ord"]

[instructions]
sv = "instructions/sv.toml"
"""


def swedish(
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
        f"{package}/packs/sv.ord": PACK,
        f"{package}/instructions/sv.toml": catalogue,
    }
    points = f"[ordinance]\nacme = {package}\n"
    return wheel(folder, name, version, files=files, points=points)
