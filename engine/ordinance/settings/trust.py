"""The section of the operator's settings about signed policy ([bundles.md](../../../docs/bundles.md))."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ordinance.settings.sections import Section


class TrustSettings(Section):
    """Which policy may be applied ([bundles.md](bundles.md)). Needs `pip install 'ordinance[trust]'`."""

    root: Path = Field(
        description="The root: the file that says whose signatures a bundle needs; a path is relative to the settings "
        "file."
    )
    required: bool = Field(
        default=True,
        description="Whether nothing is applied that is not a signed bundle. With `false`, packs may be loose files; a "
        "bundle is verified all the same.",
    )
    state: Path | None = Field(
        default=None,
        description="File in which this machine remembers which bundles it has applied, so that an older one is "
        "refused; a path is relative to the settings file. Default: `trust.json` in `$STATE_DIRECTORY`, or in "
        "`$XDG_STATE_HOME/ordinance`; without these, a bundle is refused.",
    )
