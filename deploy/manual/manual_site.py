"""Write the manual as a site that needs no server and no network: ``python deploy/manual OUT``, with ``.venv/manual``.

The site is made beside ``OUT`` and then put in its place, so that ``OUT`` is never half of one. The same files give the
same bytes.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "deploy"))

from reading import UnmendedError, mend  # noqa: E402
from staging import stage  # noqa: E402
from steps import step  # noqa: E402

#: Says that a folder is a manual, which may be replaced.
MARK = "licences.txt"
#: Whose scripts and styles are in the site.
SHIPPED = ("furo", "Pygments", "snowballstemmer", "Sphinx")


class ManualError(Exception):
    """What happened, and what to do."""


def main(words: list[str]) -> int:
    """Write the site into the folder that ``words`` name. Returns 0; 1 if that failed; 2 for wrong usage."""
    if len(words) != 1:
        print("usage: python deploy/manual OUT", file=sys.stderr)
        return 2
    out = Path(words[0]).resolve()
    try:
        write(out)
    except (ManualError, UnmendedError) as error:
        print(f"ordinance: the manual was not written: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"ordinance: the manual was not written: {error.strerror}: {error.filename or out}", file=sys.stderr)
        return 1
    print(f"ordinance: the manual is in {out}; open {out / 'index.html'}")
    return 0


def write(out: Path) -> None:
    """Write the site into ``out``, a new folder or one with a manual. Raises ``ManualError`` or ``OSError``."""
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise ManualError(f"{out} is not empty and not a manual. Name another folder: make manual OUT=…")
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        step("making the manual") as show,
        tempfile.TemporaryDirectory(prefix=".manual-", dir=out.parent) as work,
    ):
        source, site, kept = (Path(work) / name for name in ("source", "site", "kept"))
        stage(TOP, source)
        build(source, site, kept, show)
        for needless in (".buildinfo", "objects.inv"):  # for a second build, and for other sites
            (site / needless).unlink(missing_ok=True)
        shutil.rmtree(site / "_sources", ignore_errors=True)
        for source_map in site.rglob("*.map"):
            source_map.unlink()
        mend(site)
        (site / MARK).write_text(licences(), "utf-8")
        if out.exists():
            shutil.rmtree(out)
        site.rename(out)


def build(source: Path, site: Path, kept: Path, show: Callable[[str], None]) -> None:
    """Make ``site`` of ``source``, and ``show`` how far it is. Raises ``ManualError`` for whatever Sphinx warns of."""
    from sphinx.application import Sphinx

    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # nothing in the site shows it
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        order = {"html_search_scorer": str(source / "order.js")}
        it = Sphinx(source, HERE, site, kept, "html", order, Status(show), said, parallel=os.cpu_count() or 1)
        it.build()
    if found := said.getvalue().strip():
        raise ManualError(f"a page has a mistake. Correct it:\n{found.replace(f'{source}{os.sep}', '')}")


class Status(io.TextIOBase):
    """What Sphinx writes its status to; passes on what it does and how much of that is done."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show

    def write(self, text: str) -> int:
        """Look for ``reading sources... [ 12%]``."""
        if found := re.search(r"(\w+ \w+)\.\.\. *(?:\x1b\[[\d;]*m)*\[ *(\d+%)\]", text):
            self._show(f"{found[1]} {found[2]}")
        return len(text)


def licences() -> str:
    """Return the licences of what the site contains and others wrote."""
    parts = []
    for name in SHIPPED:
        it = distribution(name)
        texts = [
            Path(str(file.locate())).read_text("utf-8")
            for file in sorted(it.files or [], key=str)
            if "dist-info" in file.parts[0] and file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))
        ]
        parts.append("\n\n".join([f"{name} {it.version}", *texts]))
    return f"\n\n{'-' * 72}\n\n".join(["Styles and scripts of this site are of these packages.", *parts])
