"""A sink is tried with records as the engine writes them."""

from __future__ import annotations

import re

from ordinance.conformance.answering import RECORDS
from support.checkout import ROOT

#: From the table in docs/record.md: each field, and in which records it is.
FIELDS = dict(re.findall(r"(?m)^\| `(\w+)` \| ([^|]+?) \|", (ROOT / "docs" / "record.md").read_text("utf-8")))


def test_they_have_the_fields_of_the_manual() -> None:
    """They had others: a sink that read `request` or `event` could not be tried."""
    assert len(FIELDS) > 20
    always = {field for field, where in FIELDS.items() if where == "every record"}
    in_an_end = {field for field, where in FIELDS.items() if where.startswith("`end`") and "if" not in where}
    for record in RECORDS:
        assert always <= set(record) <= set(FIELDS), record
        if record["event"] == "end":
            assert in_an_end <= set(record) | {"problem"}
    assert {record["event"] for record in RECORDS} == {"begin", "end"}
