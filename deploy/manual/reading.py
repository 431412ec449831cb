"""What the theme leaves undone for people who use the keyboard or hear a page: each place once, as its text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_MENDED: Mapping[str, str] = {
    # What scrolls within itself where the window is narrow is reached with Tab and moved with arrows.
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper colwidths-auto docutils container">': '<div class="table-wrapper" tabindex="0">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="Pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<label class="nav-overlay-icon" for="__navigation">': '<label class="nav-overlay-icon" for="__navigation" '
    'tabindex="0"><span class="unseen">Pages</span>',
    '<label class="toc-overlay-icon toc-header-icon" for="__toc">': '<label class="toc-overlay-icon toc-header-icon" '
    'for="__toc" tabindex="0"><span class="unseen">On this page</span>',
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<th class="head"><p></p></th>': '<td class="head"></td>',
    '<div id="search-results"></div>': '<h1>Search</h1>\n<div id="search-results"></div>',
}


class UnmendedError(Exception):
    """The theme has changed: something that we replace is not in its pages any more."""


def mend(site: Path) -> None:
    """Mend every page of ``site``. Raises ``UnmendedError``."""
    left = set(_MENDED)
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        for found, better in _MENDED.items():
            if found in text:
                left.discard(found)
                text = text.replace(found, better)
        page.write_text(text, "utf-8")
    if left:
        raise UnmendedError(f"no page has {', '.join(sorted(left))}: see deploy/manual/reading.py")
