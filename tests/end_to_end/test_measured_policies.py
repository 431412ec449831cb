"""The pack that `benchmarks/gateway` measures beside those that ship: it loads, and holds whole sentences."""

from __future__ import annotations

from support.checkout import ROOT
from support.commands import run_here

PACK = ROOT / "benchmarks" / "gateway" / "sentence"


def test_the_pack_with_a_rule_on_sentences_loads() -> None:
    assert run_here("fmt", "--check", PACK).returncode == 0
    checked = run_here("check", PACK, "--with", "EU")
    assert checked.returncode == 0, checked.stdout
    assert "XA/sentences: holds the open sentence" in checked.stdout
