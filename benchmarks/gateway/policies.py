"""The policies under which the gateway is measured, as words of ``ordinance serve``.

Both are all packs that ship. No rule of theirs that applies by default leaves out whole sentences, so for the second a
pack beside this file adds one: its law reaches a country that does not exist.
"""

from __future__ import annotations

from pathlib import Path

from watching import ROOT

RULES = ROOT / "rules"
#: Rules that leave out a match alone: text waits only while it may become one.
SPAN: tuple[str | Path, ...] = ("--jurisdiction", "EE")
#: One rule that leaves out sentences: text waits for the end of each.
SENTENCE: tuple[str | Path, ...] = (
    *("--jurisdiction", "XA"),
    *("--pack", RULES / "jurisdictions", RULES / "languages", Path(__file__).with_name("sentence")),
)
