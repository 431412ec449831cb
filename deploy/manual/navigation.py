"""How one finds one's way: by role, as README lists the pages at its end, and from single pages to their list."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_PART = "## Where to read on"
#: A row: who one is, in bold, and what to read.
_ROW = re.compile(r"^\| \*\*(?P<role>[^*|]+)\*\* \| (?P<pages>.*) \|$", re.MULTILINE)
_PAGE = re.compile(r"\[(?P<name>[^]]+)\]\((?P<path>[^)#]+)\)")
#: The pages of which there are too many for a menu, by their folder; and the page that lists them.
_LISTS = {
    "docs/errors": ("docs/errors.md", "Errors"),
    "docs/packs": ("docs/packs/README.md", "The packs that ship"),
    "docs/decisions": ("docs/decisions/index.md", "Decisions"),
}


def roles(readme: str) -> dict[str, dict[str, str]]:
    """Return what each role reads: by its name, the path of each page by what the table calls it."""
    return {
        row["role"].capitalize(): {page["name"]: page["path"] for page in _PAGE.finditer(row["pages"])}
        for row in _ROW.finditer(readme.partition(_PART)[2])
    }


def places(readme: str) -> dict[str, int]:
    """Return how far from the top of its role each page of the menu is, by the name that Sphinx has for it."""
    return {
        path.removesuffix(".md"): place for pages in roles(readme).values() for place, path in enumerate(pages.values())
    }


def menu(readme: str) -> str:
    """Return the menu that a ``readme`` of the site has: the text to add to it, of which nothing is seen there."""
    parts = {**roles(readme), "Look it up": {"all names": "genindex"}}
    return "".join(_part(role, pages) for role, pages in parts.items())


def _part(role: str, pages: dict[str, str]) -> str:
    lines = [f"{name[0].upper()}{name[1:]} <{path.removesuffix('.md')}>" for name, path in pages.items()]
    return "\n".join(["", "```{toctree}", ":hidden:", f":caption: {role}", "", *lines, "```", ""])


def list_of(page: PurePosixPath) -> tuple[PurePosixPath, str] | None:
    """Return the page that lists ``page`` among others, and its title; None for a page of the menu."""
    for folder in map(str, page.parents):
        if folder in _LISTS and str(page) != _LISTS[folder][0]:
            return PurePosixPath(_LISTS[folder][0]), _LISTS[folder][1]
    return None
