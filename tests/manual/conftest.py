"""The manual as a folder, made from this checkout, and a real Chromium that has no network."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from support.browser import PATIENCE, WIDTHS, Browser, start
from support.checkout import ROOT

#: `make ready-manual` makes it.
PYTHON = ROOT / ".venv" / "manual" / "bin" / "python"


def make(out: Path) -> subprocess.CompletedProcess[str]:
    """Write the manual into ``out``."""
    command = [PYTHON, ROOT / "deploy" / "manual", out]
    return subprocess.run(command, cwd=out.parent, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "manual"
    done = make(out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def driver() -> Iterator[webdriver.Chrome]:
    made = start()
    made.set_script_timeout(PATIENCE * 5)  # axe-core reads pages of a thousand rows
    made.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    made.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    yield made
    made.quit()


@pytest.fixture
def manual(driver: webdriver.Chrome, site: Path) -> Browser:
    """The home page, opened as a file."""
    browser = Browser(driver, f"{site.as_uri()}/")
    browser.resize(WIDTHS[-1])
    browser.scheme("light")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.open("index.html")
    browser.requests()
    return browser
