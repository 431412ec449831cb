"""Folders of plugins, as an installer would fill them, and the settings that allow them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ordinance.plugins.allowed import Plugin, allow
from ordinance.plugins.seal import seal
from ordinance.settings.sections import PluginSettings

#: What every plugin of these tests provides where a test does not say more.
MANIFEST = 'api = 1\nvendor = "acme"\nprovides = ["detector acme.codes"]\n'
CODE = """\
from ordinance.plugin import Expressions, hookimpl

@hookimpl
def detector(asked):
    return Expressions(phrases=("the codes",))
"""


def write_plugin(
    folder: Path,
    code: str = CODE,
    manifest: str = MANIFEST,
    *,
    name: str = "acme-ordinance",
    version: str = "1.2.0",
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write a plugin with one package, which is called as its distribution is, and more ``files`` in that package."""
    package = name.replace("-", "_")
    info = folder / f"{package}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[ordinance]\n{package} = {package}\n", "utf-8")
    (info / "RECORD").write_text("", "utf-8")
    for path, text in {"__init__.py": code, "ordinance-plugin.toml": manifest, **(files or {})}.items():
        place = folder / package / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    return folder


def entry(folder: Path, /, **more: Any) -> dict[str, Any]:
    """Return an entry of the setting ``plugins`` for the plugin in ``folder``."""
    given = {"name": "acme-ordinance", "version": "1.2.0", "path": str(folder), "sha256": seal(folder)}
    return {**given, **more}


def allowed(folder: Path, /, **more: Any) -> Plugin:
    """Return the plugin in ``folder``, allowed."""
    (plugin,) = allow([PluginSettings.model_validate(entry(folder, **more))])
    return plugin


def write_settings(path: Path, *entries: Mapping[str, Any], **others: Any) -> Path:
    """Write a settings file that allows the plugins of ``entries``."""
    path.write_text(json.dumps({**others, "plugins": entries}), "utf-8")
    return path
