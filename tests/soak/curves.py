"""Curves over time as one SVG: panels above each other, and what happened as lines through all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from soak.trouble import Happened

_WIDTH, _LEFT, _RIGHT = 1080, 90, 250
_TOP, _HIGH, _GAP = 96, 118, 34
_COLOURS = ("#2f6fb3", "#c2571a", "#3d8b4f", "#8a4fb0", "#a08013", "#b03060", "#1f8a8a", "#6b6b6b")

Points = Sequence[tuple[float, float]]

_STYLE = """\
.page { fill: #ffffff } .text { fill: #1b2733 } .soft { fill: #55636f } .axis { stroke: #b7c1ca }
.event { fill: #a33a16; fill-opacity: .12 } .what { fill: #a33a16 } .curve { fill: none; stroke-width: 1.6 }
@media (prefers-color-scheme: dark) {
  .page { fill: #12181e } .text { fill: #e8edf2 } .soft { fill: #a3b0bb } .axis { stroke: #46525d }
  .event { fill: #f0936b; fill-opacity: .18 } .what { fill: #f0936b }
}
text { font-size: 13px } .small { font-size: 11.5px } .head { font-size: 14px; font-weight: 600 }"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: its title with the unit, and its curves by name."""

    title: str
    curves: Mapping[str, Points]


def drawn(title: str, panels: Sequence[Panel], happened: Sequence[Happened], seconds: float) -> str:
    """Return the SVG; time runs from 0 to ``seconds``."""
    height = _TOP + len(panels) * (_HIGH + _GAP) + 26
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t" '
        "font-family=\"system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif\">",
        f'<title id="t">{escape(title)}</title>', f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{height}" rx="10"/>',
        f'<text class="text head" x="{_LEFT}" y="26">{escape(title)}</text>',
    ]  # fmt: skip
    out += _events(happened, seconds, height)
    for index, panel in enumerate(panels):
        out += _panel(panel, _TOP + index * (_HIGH + _GAP), seconds)
    out += _clock(height, seconds)
    return "\n".join([*out, "</svg>", ""])


def _x(at: float, seconds: float) -> float:
    return _LEFT + min(max(at / seconds, 0), 1) * (_WIDTH - _LEFT - _RIGHT)


def _events(happened: Sequence[Happened], seconds: float, height: int) -> list[str]:
    """A band for each event; its number stands above, and the list of kinds beside the panels."""
    kinds = list(dict.fromkeys(each.what for each in happened))
    out = []
    for each in happened:
        left, right = _x(each.began, seconds), _x(each.ended, seconds)
        out.append(
            f'<rect class="event" x="{left:.1f}" y="58" width="{max(right - left, 1.5):.1f}" height="{height - 84}"/>'
        )
        out.append(f'<text class="what small" x="{left:.1f}" y="52">{kinds.index(each.what) + 1}</text>')
    legend = "   ".join(f"{number} {what}" for number, what in enumerate(kinds, 1))
    return [*out, f'<text class="what small" x="{_LEFT}" y="76" xml:space="preserve">{escape(legend)}</text>']


def _panel(panel: Panel, top: int, seconds: float) -> list[str]:
    most = _round(max((y for points in panel.curves.values() for _, y in points), default=1) or 1)
    bottom, right = top + _HIGH, _WIDTH - _RIGHT
    out = [f'<text class="text" x="{_LEFT}" y="{top - 6}">{escape(panel.title)}</text>']
    for share in (0, 0.5, 1):
        y = bottom - share * _HIGH
        out.append(f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(
            f'<text class="soft small" text-anchor="end" x="{_LEFT - 8}" y="{y + 4:.1f}">{most * share:g}</text>'
        )
    for index, (name, points) in enumerate(panel.curves.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        line = " ".join(f"{_x(x, seconds):.1f},{bottom - y / most * _HIGH:.1f}" for x, y in points)
        out.append(f'<polyline class="curve" stroke="{colour}" points="{line}"/>')
        if len(panel.curves) > 1:
            at = top + 10 + index * 15
            out.append(f'<rect x="{right + 14}" y="{at - 9}" width="10" height="10" fill="{colour}"/>')
            out.append(f'<text class="soft small" x="{right + 30}" y="{at}">{escape(name)}</text>')
    return out


def _clock(height: int, seconds: float) -> list[str]:
    step = next(each for each in (10, 15, 30, 60, 120, 300, 600, 1800, 3600, 1e9) if seconds / each <= 12)
    marks = [step * index for index in range(int(seconds / step) + 1)]
    return [
        f'<text class="soft small" text-anchor="middle" x="{_x(at, seconds):.1f}" y="{height - 12}">'
        f"{int(at // 60)}:{int(at % 60):02}</text>"
        for at in marks
    ]


def _round(most: float) -> float:
    """The next number that reads well."""
    size = 1.0
    while size * 10 <= most:
        size *= 10
    while size > most:
        size /= 10
    return next(each * size for each in (1, 2, 4, 5, 8, 10, 20) if each * size >= most)
