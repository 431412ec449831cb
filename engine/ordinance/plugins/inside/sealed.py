"""Modules of the plugin's folder, imported only from files that are what the engine has sealed.

A module may be imported long after the start, and an upgrade may have replaced its file meanwhile: then it would be
another plugin under the same digest. Byte code is not part of the seal, so none is read or written.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from pathlib import Path
from types import ModuleType


def use(folder: str, sums: Mapping[str, str]) -> None:
    """Put ``folder`` at the end of the path. ``sums`` has the SHA-256 of each of its files, by their path in it."""

    def check(path: str, data: bytes) -> None:
        name = os.path.relpath(path, folder)
        if sums.get(name) != hashlib.sha256(data).hexdigest():
            raise ImportError(f"{name} is not the file that was sealed")

    class Source(SourceFileLoader):
        def get_data(self, path: str) -> bytes:
            data = super().get_data(path)
            check(path, data)
            return data

        def path_stats(self, path: str) -> Mapping[str, float]:
            raise OSError  # there is no byte code

    class Extension(ExtensionFileLoader):
        def create_module(self, spec: ModuleSpec) -> ModuleType:
            check(self.path, Path(self.path).read_bytes())
            return super().create_module(spec)

    def find(path: str) -> FileFinder:
        if path != folder and not path.startswith(folder + os.sep):
            raise ImportError
        return FileFinder(path, (Extension, EXTENSION_SUFFIXES), (Source, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, find)
    sys.path.append(folder)
