"""Compile the modules that see every character, from the same source, with mypyc.

    python deploy/compiled/build.py FOLDER

writes the package into FOLDER/ordinance, compiled modules beside their source; Python then takes the compiled ones.
Needs mypy, setuptools and a C compiler, nothing from the network. ``hook.py`` puts the result into a wheel.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
#: In ordinance/runtime. What decides about people (redactor, session, notices) stays as it is written.
MODULES = (
    "match/alphabet",
    "match/automaton",
    "match/matcher",
    "match/network",
    "match/node_table",
    "match/patterns",
    "match/spacing",
    "match/starts",
    "match/trie",
    "redact/flow",
    "redact/forgery",
    "redact/regions",
    "redact/strides",
    "redact/wordings",
    "text/clusters",
    "text/folding",
    "text/paragraphs",
    "text/sentences",
)


def build(folder: Path) -> list[Path]:
    """Compile into ``folder``, which is made; gives the paths of what was compiled, below ``folder``."""
    from mypyc.build import mypycify
    from setuptools import setup

    package = folder / "ordinance"
    shutil.rmtree(package, ignore_errors=True)
    for source, target in (("engine/ordinance", "."), ("grammars", "grammars"), ("rules", "rules")):
        shutil.copytree(
            ROOT / source, package / target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )
    os.chdir(folder)  # mypyc names modules by their place below here
    sources = [f"ordinance/runtime/{name}.py" for name in MODULES]
    setup(
        name="ordinance-compiled",
        ext_modules=mypycify(sources, opt_level="3", target_dir="c"),
        script_args=["--quiet", "build_ext", "--inplace"],
    )
    made = [*folder.iterdir(), *(package / "runtime").rglob("*")]
    return sorted(path.relative_to(folder) for path in made if path.suffix in (".so", ".pyd"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python deploy/compiled/build.py FOLDER")
    target = Path(sys.argv[1]).resolve()
    target.mkdir(parents=True, exist_ok=True)
    for compiled in build(target):
        print(compiled)
