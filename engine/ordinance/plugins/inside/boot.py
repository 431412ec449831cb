"""The first lines of a plugin's process: ``python -I -S -B boot.py PLUGGY CHANNEL CONNECTIONS``.

Nothing is on the path but the standard library. The plugin is to find ``pluggy``, from the folder PLUGGY, and
``ordinance.plugin``, and nothing else of the engine or of what is installed beside it; so the few modules are loaded
from their files, by name. CHANNEL and CONNECTIONS are the descriptors of two sockets.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

INSIDE = Path(__file__).resolve().parent
ENGINE = INSIDE.parent.parent


def load(name: str, file: Path, folder: Path | None = None) -> None:
    """Load the module ``name`` from ``file``; where it is a package, its modules are found in ``folder``."""
    loader = SourceFileLoader(name, str(file))
    spec = spec_from_file_location(
        name, file, loader=loader, submodule_search_locations=[str(folder)] if folder else None
    )
    if spec is None:
        raise ImportError(name)
    module = sys.modules[name] = module_from_spec(spec)
    loader.exec_module(module)
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, module)


def prepare(pluggy: Path) -> None:
    """Make the few modules known: empty packages where the engine's would pull in the engine."""
    load("pluggy", pluggy / "__init__.py", pluggy)
    for name in ("ordinance", "ordinance.plugins"):
        package = sys.modules[name] = ModuleType(name)
        package.__path__ = []
    load("ordinance.plugin", ENGINE / "plugin.py")
    load("ordinance.plugins.inside", INSIDE / "__init__.py", INSIDE)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
    importlib.import_module("ordinance.plugins.inside.serving").main(int(sys.argv[2]), int(sys.argv[3]))
