"""The page of a soak: verdicts, figures, curves and what happened; one file without a script."""

from __future__ import annotations

import itertools
import json
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from html import escape
from pathlib import Path

from soak.clients import GONE, WHOLE, Came
from soak.curves import Panel, Points, drawn
from soak.samples import Sample
from soak.trouble import Happened
from soak.verdicts import Verdict

#: How many seconds a point of a curve stands for, at least, and how many points a curve has at most.
_LEAST, _MOST = 2.0, 300
#: So many kinds of failures have a curve of their own.
_KINDS = 7


@dataclass(frozen=True, slots=True)
class Soak:
    """All that was seen in ``seconds``."""

    seconds: float
    clients: int
    came: Sequence[Came]
    samples: Sequence[Sample]
    happened: Sequence[Happened]
    verdicts: Sequence[Verdict]


def write(soak: Soak, folder: Path) -> Path:
    """Write ``index.html``, ``soak.svg`` and ``soak.json`` into ``folder``; the page."""
    picture = drawn(f"A soak of {soak.seconds / 60:.1f} minutes", _panels(soak), soak.happened, soak.seconds)
    (folder / "soak.svg").write_text(picture, "utf-8")
    kept = {
        "seconds": soak.seconds, "figures": figures(soak), "verdicts": [asdict(each) for each in soak.verdicts],
        "happened": [asdict(each) for each in soak.happened], "samples": [asdict(each) for each in soak.samples],
        "failed": [asdict(each) for each in soak.came if each.how not in (WHOLE, GONE)],
    }  # fmt: skip
    (folder / "soak.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    page = folder / "index.html"
    page.write_text(_page(soak, picture), "utf-8")
    return page


def figures(soak: Soak) -> dict[str, str]:
    """Return what the page says in numbers, by name."""
    ended = [each for each in soak.came if each.how == WHOLE]
    failed = Counter(each.how for each in soak.came if each.how not in (WHOLE, GONE))
    added = soak.samples[-1].added_sum / max(soak.samples[-1].added_count, 1) if soak.samples else 0.0
    return {
        "requests": str(len(soak.came)),
        "of them streams": str(sum(each.number % 4 != 0 for each in soak.came)),
        "clients at once": str(soak.clients),
        "answers that ended": str(len(ended)),
        "clients that left": str(sum(each.how == GONE for each in soak.came)),
        "failures": ", ".join(f"{how} {number}" for how, number in failed.most_common()) or "none",
        "added by Ordinance, mean": f"{added * 1000:.0f} ms, judge and plugin included",
        "memory, median": f"{statistics.median(each.memory for each in soak.samples):.0f} MiB" if soak.samples else "",
        "events": str(len(soak.happened)),
    }


def _panels(soak: Soak) -> list[Panel]:
    step = max(_LEAST, soak.seconds / _MOST)

    def counted(these: Callable[[Came], bool]) -> Points:
        found = Counter(int(each.ended / step) for each in soak.came if these(each))
        return [((at + 0.5) * step, found[at] / step) for at in range(int(soak.seconds / step))]

    failures = Counter(each.how for each in soak.came if each.how not in (WHOLE, GONE))
    pairs = [(one, other) for one, other in itertools.pairwise(soak.samples) if other.added_count > one.added_count]
    added = [
        (two.at, (two.added_sum - one.added_sum) / (two.added_count - one.added_count) * 1000) for one, two in pairs
    ]
    return [
        Panel("Memory of all processes, MiB", {"memory": [(each.at, each.memory) for each in soak.samples]}),
        Panel("Answers that ended, a second", {"answers": counted(lambda each: each.how == WHOLE)}),
        Panel(
            "Answers under way",
            {
                "as clients see it": [(each.at, each.open) for each in soak.samples],
                "streams, as /metrics says": [(each.at, each.streams) for each in soak.samples],
            },
        ),
        Panel("Time that Ordinance added to an answer, ms", {"added": added}),
        Panel(
            "Failures by kind, a second",
            {how: counted(partial(_came_as, how)) for how, _ in failures.most_common(_KINDS)},
        ),
    ]


def _came_as(how: str, each: Came) -> bool:
    return each.how == how


def _page(soak: Soak, picture: str) -> str:
    def table(rows: Sequence[tuple[str, ...]]) -> str:
        cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"

    verdicts = [("kept" if each.kept else "NOT KEPT", each.what, each.figures) for each in soak.verdicts]
    events = [(f"{each.began:.0f} s", f"{each.ended:.0f} s", each.what) for each in soak.happened]
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Soak of Ordinance</title>
<style>body {{ font-family: system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em }}
td {{ padding: .2em 1em .2em 0; vertical-align: top }} svg {{ max-width: 100% }}</style>
<h1>Soak of Ordinance</h1>
<h2>Verdicts</h2>{table(verdicts)}
<h2>Figures</h2>{table(list(figures(soak).items()))}
<h2>Curves</h2>{picture}
<h2>What happened</h2>{table(events)}
</html>
"""
