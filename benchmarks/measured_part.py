"""The parts of docs/accuracy.md that measurements write."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "accuracy.md"


def publish(name: str, *blocks: str, only_print: bool) -> None:
    """Write ``blocks`` to the page as the part ``name``, in place of what it has there, or print them."""
    begin, end = (f"<!-- {name}: {side} -->" for side in ("begin", "end"))
    part = "\n\n".join((begin, *blocks, end))
    if only_print:
        print(part)
        return
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page[: page.index(begin)] + part + page[page.index(end) + len(end) :], "utf-8")
