"""``check`` says what a rule makes people wait for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.costs import costs
from support.packs import JURISDICTION, load_on, write_jurisdiction


@pytest.mark.semantics(6)
def test_a_sentence_waits_for_its_end_and_a_span_for_its_match(tmp_path: Path) -> None:
    sentence = dict(costs(load_on(write_jurisdiction(tmp_path)).plan))
    assert "open sentence" in sentence["XA/words"]
    assert "at most 200" in sentence["XA/words"]
    assert "XA/often" not in sentence, "what removes nothing holds nothing"
    text = JURISDICTION.replace("scope   sentence at most 200", "scope   span")
    span = dict(costs(load_on(write_jurisdiction(tmp_path, text)).plan))
    assert span["XA/words"] == f"holds what may become a match, at most {len('secret words')} characters"
