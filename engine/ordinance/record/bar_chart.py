"""Counts as a picture: horizontal bars in SVG, readable on a light and on a dark page, and by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDE, _LABELS, _NUMBERS = 720, 240, 70
_TOP, _ROW, _BAR = 64, 26, 16
#: More bars than this cannot be read; the rest becomes one.
MOST = 60
#: The longest label, in characters.
_LABEL = 36

_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1b1b}.title{font-size:16px;font-weight:600}.small{fill:#555}"
    ".bar{fill:#0b57d0}.line{stroke:#ccc}.page{fill:#fff}"
    "@media (prefers-color-scheme:dark){text{fill:#eee}.small{fill:#aaa}.bar{fill:#8ab4f8}.line{stroke:#555}"
    ".page{fill:#181818}}"
)


def bar_chart(title: str, note: str, bars: Sequence[tuple[str, int]]) -> str:
    """Return an SVG with a bar for each of ``bars``, a name and a number, in their order; the same for the same."""
    if len(bars) > MOST:
        bars = [*bars[: MOST - 1], (f"{len(bars) - MOST + 1} more", sum(each for _, each in bars[MOST - 1 :]))]
    height = _TOP + _ROW * max(1, len(bars)) + 16
    most = max([each for _, each in bars] or [0])
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {height}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{escape("; ".join(f"{name}: {each}" for name, each in bars) or "none")}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDE}" height="{height}"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
        f'<text class="small" x="16" y="46">{escape(note)}</text>',
        f'<line class="line" x1="{_LABELS}" x2="{_LABELS}" y1="{_TOP - 6}" y2="{height - 12}"/>',
    ]
    for number, (name, each) in enumerate(bars):
        y = _TOP + number * _ROW
        wide = round((_WIDE - _LABELS - _NUMBERS) * each / most) if most else 0
        shown = name if len(name) <= _LABEL else f"{name[: _LABEL - 1]}…"
        lines += [
            f'<text x="{_LABELS - 8}" y="{y + 13}" text-anchor="end">{escape(shown)}</text>',
            f'<rect class="bar" x="{_LABELS}" y="{y}" width="{wide}" height="{_BAR}"/>',
            f'<text x="{_LABELS + wide + 6}" y="{y + 13}">{each}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
