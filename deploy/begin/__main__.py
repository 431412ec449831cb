"""Begin a change: ``make new KIND=check NAME=late_dates``.

Lays the file, its test and its place in the manual, and prints the tables that are left to touch (``kinds.py``). What
it lays passes ruff, mypy and its own test as it stands. Nothing that exists is overwritten. Standard library only.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template

from kinds import KINDS, Kind, Row, words_of

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).resolve().parent / "templates"
LONGEST = 40


class RefusedError(Exception):
    """Why nothing was laid, and what to write instead."""


def main(words: Sequence[str]) -> int:
    """Lay what ``words``, a kind and a name, ask for; 0 when it is there, 2 when nothing was laid."""
    try:
        kind, name = read(words)
        laid = lay(kind, words_of(name))
    except RefusedError as error:
        print(f"make new: {error}", file=sys.stderr)
        return 2
    print("Laid:", *laid, sep="\n  ")
    print("Left to touch:")
    for table in kind.tables:
        print(f"  {table.file} ({table.at.strip(' (')}): {Template(table.what).substitute(words_of(name))}")
    print("Then: make check, and the tests of its room.")
    return 0


def read(words: Sequence[str]) -> tuple[Kind, str]:
    """Check a kind and a name. Raises ``RefusedError``."""
    kinds = ", ".join(KINDS)
    if len(words) != 2 or not all(words):
        raise RefusedError(f"a KIND and a NAME are needed: make new KIND=check NAME=late_dates. Kinds: {kinds}.")
    word, name = words
    if word not in KINDS:
        raise RefusedError(f"there is no kind '{word}'. Kinds: {kinds}.")
    kind = KINDS[word]
    if not re.fullmatch(kind.name, name) or len(name) > LONGEST or keyword.iskeyword(name):
        form = "lower-case letters" if kind.name == "[a-z]+" else "lower-case words joined by '_', as in late_dates"
        raise RefusedError(f"the NAME '{name}' does not fit: {form}, at most {LONGEST} characters, no word of Python.")
    taken = [path for path in (ROOT / "engine").rglob(f"{name}*") if name in (path.stem, path.name)]
    if taken or name in sys.stdlib_module_names:
        where = f" ({taken[0].relative_to(ROOT)})" if taken else ", a module of Python"
        raise RefusedError(f"the name '{name}' is taken{where}. A file name means one thing: choose another NAME.")
    return kind, name


def lay(kind: Kind, words: dict[str, str]) -> list[str]:
    """Write the files and the rows of ``kind`` and name them. Raises ``RefusedError`` before anything is written."""
    files = {
        Template(path).substitute(words): Template((TEMPLATES / template).read_text("utf-8")).substitute(words)
        for template, path in kind.files
    }
    for path in files:
        if (ROOT / path).exists():
            raise RefusedError(f"{path} exists. Choose another NAME, or remove it.")
    pages: dict[str, str] = {}
    for row in kind.rows:
        pages[row.page] = with_row(pages.get(row.page) or (ROOT / row.page).read_text("utf-8"), row, words)
    for path, text in {**files, **pages}.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, "utf-8")
    return [*files, *(f"{page} (a row)" for page in pages)]


def with_row(page: str, row: Row, words: dict[str, str]) -> str:
    """Add ``row`` to the text of its page. Raises ``RefusedError`` where its place is not there."""
    text = Template(row.text).substitute(words)
    if not row.after:
        return page + text
    lines = page.splitlines(keepends=True)
    places = [number for number, line in enumerate(lines, 1) if line.startswith(row.after)]
    if not places:
        raise RefusedError(f"{row.page} has no line that begins with '{row.after}'. Correct deploy/begin/kinds.py.")
    return "".join([*lines[: places[-1]], text, *lines[places[-1] :]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
