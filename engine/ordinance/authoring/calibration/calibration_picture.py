"""The curves of a calibration as one SVG: recall over false alarms, a panel for each rule and language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ordinance.judging.calibration import MOST_FALSE_ALARMS, Calibration, Counted, Language, Point

_ACROSS = 3
_WIDE, _HIGH = 320, 250
#: The panel's plot: left, top, width, height.
_LEFT, _TOP, _PLOT_WIDE, _PLOT_HIGH = 44, 52, 256, 150
#: The largest share of false alarms that is shown.
_SHOWN = 0.1

_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1b1b1b}.small{font-size:10px;fill:#555}"
    ".grid{stroke:#ddd}.limit{stroke:#b3261e;stroke-dasharray:4 3}.recall{fill:none;stroke:#0b57d0;stroke-width:2}"
    ".bound{fill:#0b57d0;fill-opacity:.15}.point{fill:#b3261e}"
)


def picture(calibration: Calibration) -> str:
    """Return the SVG: the same for the same calibration. Recall is drawn with its lower bound of 95 %; the dot is the
    chosen point, the dashed line the false alarms that are allowed."""
    panels = [
        (f"{name}, {language}", held)
        for name, rule in calibration.rules.items()
        for language, held in rule.languages.items()
    ]
    across = min(_ACROSS, len(panels))
    width, height = across * _WIDE, (len(panels) + across - 1) // across * _HIGH
    acting = sum(held.acts for _, held in panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">',
        '<title id="t">Calibration of a judge: recall over false alarms</title>',
        f'<desc id="d">{len(panels)} panels, one for each rule and language; the judge acts in {acting} of them. The '
        "figures are in the file of calibration beside this picture.</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, (title, held) in enumerate(panels):
        lines.append(f'<g transform="translate({number % across * _WIDE} {number // across * _HIGH})">')
        lines += _panel(title, held)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(title: str, held: Language) -> Iterator[str]:
    said = "acts" if held.acts else "records"
    yield f'<text x="{_LEFT}" y="20">{escape(title)}: {said}</text>'
    yield (
        f'<text class="small" x="{_LEFT}" y="36">{held.measured.firing} firing, {held.measured.quiet} quiet, '
        f"AUC {held.auc:.3f}</text>"
    )
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _PLOT_WIDE}" y1="{y}" y2="{y}"/>'
        yield f'<text class="small" x="{_LEFT - 6}" y="{y + 3}" text-anchor="end">{tenth * 10} %</text>'
    for hundredth in range(0, 11, 2):
        x = _x(hundredth / 100)
        yield f'<text class="small" x="{x}" y="{_TOP + _PLOT_HIGH + 16}" text-anchor="middle">{hundredth} %</text>'
    limit = _x(MOST_FALSE_ALARMS)
    yield f'<line class="limit" x1="{limit}" x2="{limit}" y1="{_TOP}" y2="{_TOP + _PLOT_HIGH}"/>'
    shown = [point for point in held.curve if point.taken <= _SHOWN * held.measured.quiet]
    if shown:
        yield from _curve(shown, held.measured)
    x, y = _place(held.point, held.measured)
    yield f'<circle class="point" cx="{x}" cy="{y}" r="4"/>'
    right, low = _LEFT + _PLOT_WIDE, _TOP + _PLOT_HIGH + 32
    yield f'<text class="small" x="{right}" y="{low}" text-anchor="end">false alarms</text>'


def _curve(points: Sequence[Point], measured: Counted) -> Iterator[str]:
    above = [_place(point, measured) for point in points]
    below = [(x, _y(point.recall_at_least)) for (x, _), point in zip(above, points, strict=True)]
    outline = " ".join(f"{x},{y}" for x, y in above + below[::-1])
    yield f'<polygon class="bound" points="{outline}"/>'
    yield f'<polyline class="recall" points="{" ".join(f"{x},{y}" for x, y in above)}"/>'


def _place(point: Point, measured: Counted) -> tuple[float, float]:
    return _x(point.taken / measured.quiet), _y(point.found / measured.firing)


def _x(false_alarms: float) -> float:
    return round(_LEFT + min(false_alarms, _SHOWN) / _SHOWN * _PLOT_WIDE, 1)


def _y(recall: float) -> float:
    return round(_TOP + (1 - recall) * _PLOT_HIGH, 1)
