"""The manual's tables are those of the code."""

from __future__ import annotations

import re

from ordinance.serve.metrics.families import FAMILIES
from ordinance.serve.metrics.page import page
from support.checkout import ROOT

PAGE = ROOT / "docs" / "metrics.md"


def test_the_page_is_current() -> None:
    """`make docs` writes it anew."""
    text = PAGE.read_text("utf-8")
    assert page(text) == text
    assert all(f"| `{family.name}` |" in text for family in FAMILIES)


def test_every_alert_is_explained() -> None:
    alerts = re.findall(r"- alert: (\w+)", (ROOT / "deploy" / "observability" / "alerts.yml").read_text())
    text = PAGE.read_text("utf-8")
    assert len(alerts) > 10
    assert all(f"`{alert}`" in text for alert in alerts)
