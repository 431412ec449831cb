"""Writes the table of ``docs/adapters.md`` from the catalogue: ``python -m ordinance.instructions.page``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ordinance.instructions.composition import CATALOGUES
from ordinance.policy.slots import SLOTS

_BEGIN = "<!-- Generated from engine/ordinance/instructions/ by `make docs`; a test checks that it is current. -->"
_END = "<!-- End of the generated table. -->"


def page(text: str) -> str:
    """Return ``text`` with the current table in it."""
    before, _, rest = text.partition(_BEGIN)
    return "\n".join([f"{before}{_BEGIN}", "", *_table(), "", f"{_END}{rest.partition(_END)[2]}"])


def _table() -> Iterator[str]:
    yield f"| slot | value | {' | '.join(CATALOGUES)} |"
    yield f"|---|---|{'---|' * len(CATALOGUES)}"
    for slot in SLOTS:
        values = dict.fromkeys(value for each in CATALOGUES.values() for value in each.sentences.get(slot, ()))
        for value in values:
            said = " | ".join(each.sentences[slot][value] for each in CATALOGUES.values())
            yield f"| `{slot}` | {'same as prompt' if value == 'prompt' else f'`{value}`'} | {said} |"
        if any(slot in each.filled for each in CATALOGUES.values()):
            what = "a script" if slot == "script" else "a language"
            said = " | ".join(each.filled[slot] for each in CATALOGUES.values())
            yield f"| `{slot}` | {what} | {said} |"
    yield f"| every one | ends | {' | '.join(each.closing for each in CATALOGUES.values())} |"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(page(path.read_text("utf-8")), "utf-8")
