"""Writes the tables in ``docs/metrics.md`` from the metrics: ``python -m ordinance.serve.metrics.page FILE``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ordinance.serve.metrics.families import FAILURE_KINDS, FAMILIES, Family

_BEGIN = "<!-- Generated from engine/ordinance/serve/metrics/families.py by `make docs`; a test checks it. -->"
_END = "<!-- End of the generated tables. -->"


def page(text: str) -> str:
    """Return ``text`` with the current tables in it."""
    before, _, rest = text.partition(_BEGIN)
    return "\n".join([f"{before}{_BEGIN}", "", *_tables(), f"{_END}{rest.partition(_END)[2]}"])


def _tables() -> Iterator[str]:
    yield from ("| metric | type | labels | meaning | workers |", "|---|---|---|---|---|")
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels) or "–"
        together = {"max": "largest", "min": "smallest"}.get(family.joined, "sum")
        yield f"| `{family.name}` | {family.kind} | {labels} | {family.means} | {together} |"
    yield from ("", "Upper bounds of the buckets of histograms:", "", "| metric | bounds |", "|---|---|")
    yield from (f"| `{family.name}` | {_bounds(family)} |" for family in FAMILIES if family.bounds)
    kinds = ", ".join(f"`{kind}`" for kind in sorted(FAILURE_KINDS))
    yield from ("", f"Kinds of failures, each shown from the start as 0: {kinds}.", "")


def _bounds(family: Family) -> str:
    return ", ".join(f"{bound:g}" for bound in family.bounds)


if __name__ == "__main__":
    _file = Path(sys.argv[1])
    _file.write_text(page(_file.read_text("utf-8")), "utf-8")
