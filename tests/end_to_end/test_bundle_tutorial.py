"""The tutorial of docs/bundles.md is followed to the letter: its files are written, its commands are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.tutorial import follow

pytestmark = pytest.mark.server

PAGE = (ROOT / "docs" / "bundles.md").read_text("utf-8")
TUTORIAL = PAGE.partition("## From keys to a policy in force")[2].partition("\n## Roles")[0]
BLOCKS = re.findall(r"^```(yaml|yml|sh)\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_tutorial_leads_from_keys_to_a_policy_and_back(tmp_path: Path) -> None:
    _, root, built, unsigned, signed, installed, forward, back, again = follow(tmp_path, BLOCKS)
    assert "root version 1, expires 2036-06-01T00:00:00Z, signed by anna, ben" in root
    assert "release version 1" in built
    assert "not signed: read it first" in unsigned
    assert "must not be applied\none signature is missing" in signed
    assert signed.endswith("policy-1.bundle is verified\n")
    assert '"answer": "See file ⟦…⟧.' in installed
    assert "loose packs are refused" in installed
    assert "phrase" in forward
    assert re.search(r"files\n  packs/jurisdictions/JP/JP.ord \[changed\] sha256 [0-9a-f]{64}", forward)
    assert "signed as jurisdictions, languages, release\n" in forward
    assert "policy-2.bundle is verified" in forward
    assert '"answer": "Here is ⟦…⟧.' in forward
    assert back == "it is older\n"
    assert '"answer": "Here is a further example phrase."' in again
