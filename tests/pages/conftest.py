"""A real browser, and a gateway with the packs that ship before an upstream that says what each test wants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from support.browser import WIDTHS, Browser, start
from support.commands import Served
from support.serving import ScriptedUpstream


@pytest.fixture(scope="session")
def driver() -> Iterator[webdriver.Chrome]:
    made = start()
    yield made
    made.quit()


@pytest.fixture(scope="session")
def served(shared_upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings: Path = tmp_path_factory.mktemp("pages") / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\njurisdiction: DE\nregister_url: https://z.example/register.html\n")
    running = Served("--upstream", shared_upstream.url, "--config", settings)
    yield running
    running.stop()


@pytest.fixture
def browser(driver: webdriver.Chrome, served: Served, upstream: ScriptedUpstream) -> Browser:
    """The chat page, opened anew, with an upstream that was asked nothing yet."""
    opened = Browser(driver, served.address)
    opened.resize(WIDTHS[-1])
    opened.scheme("light")
    opened.open("/chat")
    opened.wait("#examples button")
    opened.requests()
    return opened
