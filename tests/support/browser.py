"""A window of a real Chromium: what a person does in it, what axe-core finds in it, and whom it asks."""

from __future__ import annotations

import json
import os
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from support.checkout import ROOT

#: How long something may take to appear, in seconds.
PATIENCE = 60.0
#: ``make test-pages`` puts it there.
AXE = ROOT / ".venv" / "node" / "pages" / "node_modules" / "axe-core" / "axe.min.js"
#: Widths of a phone, a tablet and a desk, in pixels.
WIDTHS = (360, 768, 1400)


class Browser:
    """One window of Chromium at a page of the gateway's."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver = driver
        self.address = address

    def open(self, path: str) -> None:
        self.driver.get(self.address + path)

    def find(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        found: list[WebElement] = self.driver.find_elements(By.CSS_SELECTOR, css)
        return found

    def wait(self, css: str, count: int = 1) -> list[WebElement]:
        """The elements, as soon as there are so many."""
        WebDriverWait(self.driver, PATIENCE).until(lambda _: len(self.all(css)) >= count, f"no {count} × {css}")
        return self.all(css)

    def ask(self, question: str) -> WebElement:
        """Write the question and send it with the keyboard; the turn with the whole answer, or its fault."""
        turns = len(self.all(".turn"))
        box = self.find("#message")
        box.clear()
        box.send_keys(question + "\n")
        self.wait(".turn", turns + 1)
        WebDriverWait(self.driver, PATIENCE).until(lambda _: not self.all(".waiting"), "the answer did not end")
        return self.all(".turn")[-1]

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA and its best practices."""
        self.driver.execute_script(AXE.read_text("utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', "
            "'best-practice']}).then(result => done(result.violations))"
        )
        return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]

    def requests(self) -> list[str]:
        """Every address that the window asked for since it was last called."""
        messages = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        sent = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent]

    def log(self, name: str) -> list[dict[str, str]]:
        """The entries of one of the browser's logs since it was last called."""
        entries: list[dict[str, str]] = self.driver.get_log(name)  # type: ignore[no-untyped-call]
        return entries

    def resize(self, width: int) -> None:
        self.driver.set_window_size(width, 900)

    def scheme(self, scheme: str) -> None:
        """Prefer ``dark`` or ``light``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def start() -> webdriver.Chrome:
    """Start Chromium without a window; whoever starts it calls ``quit``."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    assert chromium, "Chromium is missing: make system"
    assert chromedriver, "chromedriver is missing: make system"
    options = Options()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for word in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server", "--lang=en"):
        options.add_argument(word)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's own sandbox does not run as root
    return webdriver.Chrome(options=options, service=Service(chromedriver))
