"""Plugins as an installer leaves them in a folder, written from a source; no pip is needed."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from ordinance.plugin import Passage, Settings
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.manifest import read
from ordinance.plugins.seal import seal

PACKAGE = "acme_plugin"

#: What each source may use without an import of its own.
_HEAD = """\
from ordinance.plugin import (
    Candidates, Expressions, Form, Judged, Pattern, Segments, Sink, Unconfigured, connect, folder, hookimpl
)
"""


def write_plugin(
    folder: Path,
    source: str,
    provides: Sequence[str] = ("detector acme.word",),
    *,
    name: str = "acme-plugin",
    version: str = "1.0",
    needs: str = "",
    settings: str = "",
    modules: Mapping[str, str] | None = None,
) -> Path:
    """Write a distribution into ``folder``, whose package contains ``source``, and ``modules`` beside it. ``needs`` and
    ``settings`` are lines of the manifest's tables."""
    package = folder / PACKAGE
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    for each in (package, info):
        each.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[ordinance]\nacme = {PACKAGE}\n")
    (info / "RECORD").write_text("")
    offered = ", ".join(f'"{each}"' for each in provides)
    (package / "ordinance-plugin.toml").write_text(
        f'api = 1\nvendor = "acme"\nprovides = [{offered}]\n\n[needs]\n{needs}\n{settings}\n'
    )
    (package / "__init__.py").write_text(_HEAD + textwrap.dedent(source))
    for file, text in (modules or {}).items():
        (package / file).write_text(textwrap.dedent(text))
    return folder


def allowed(
    folder: Path, settings: Settings | None = None, network: Sequence[str] = (), writes: Path | None = None
) -> Plugin:
    """Return the plugin in ``folder`` as an operator allows it who has just looked at its files."""
    found = read(folder)
    return Plugin(
        name=found.name,
        version=found.version,
        path=folder,
        sha256=seal(folder),
        package=found.package,
        manifest=found.manifest,
        settings=settings or {},
        network=tuple(network),
        writes=writes,
    )


def passage(text: str) -> Passage:
    """Return a passage that is folded already."""
    return Passage(text, text, range(len(text) + 1))
