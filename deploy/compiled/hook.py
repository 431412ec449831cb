"""Puts the compiled modules into the wheel, which is then for one platform and one version of Python. Off unless

    HATCH_BUILD_HOOK_ENABLE_CUSTOM=true python -m build --wheel

The pure wheel has the same name, version and source; pip takes the compiled one where it fits.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledCore(BuildHookInterface):  # type: ignore[type-arg]  # hatchling asks for a configuration type
    """A hatchling build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile and add what came of it."""
        folder = Path(self.root) / "build" / "compiled"
        folder.mkdir(parents=True, exist_ok=True)
        builder = Path(self.root) / "deploy" / "compiled" / "build.py"
        made = subprocess.run([sys.executable, str(builder), str(folder)], check=True, capture_output=True, text=True)
        compiled = [line for line in made.stdout.splitlines() if line.endswith((".so", ".pyd"))]
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"].update({str(folder / path): path for path in compiled})
