"""The sections of the operator's settings about what is signed: policy that is applied, and answers that leave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

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


class MarkSettings(Section):
    """With what answers are marked that a law wants marked ([marks.md](marks.md)). Needs
    `pip install 'ordinance[trust]'`."""

    key_file: Path = Field(
        description="File with the private key that signs (Ed25519, PEM), which nobody but the server may read; a path "
        "is relative to the settings file. It is read when the server starts."
    )
    key_id: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$")] | None = Field(
        default=None,
        description="Name of the key in each signature, so that who verifies knows which public key to take. Default: "
        "the SHA-256 of the public key.",
    )
    provider: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="Who provides the answers, as each signature says it: a name, or an address on the web."
    )
    watermark: bool = Field(
        default=False,
        description="Whether the inference server behind the gateway watermarks its text (vLLM's "
        "`--watermark-config`). Then answers say for which requests vLLM leaves its watermark out. Inside vLLM, vLLM's "
        "own setting counts.",
    )
