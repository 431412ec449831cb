"""The register in a real Chromium: three widths, both schemes, paper, a place and words to look for."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest
from selenium import webdriver

from support.browser import WIDTHS, Browser
from support.commands import run

pytestmark = pytest.mark.server

LANGUAGES = ("de", "ar", "ja")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("register")
    for language in LANGUAGES:
        given = ("--since", "2026-01-01", "--operator", "City of Z", "--contact", "https://z.example/object")
        (folder / f"{language}.html").write_text(run("print", "--language", language, *given).stdout, "utf-8")
    return folder


@pytest.fixture
def register(driver: webdriver.Chrome, pages: Path) -> Browser:
    return Browser(driver, f"file://{pages}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_is_cut(register: Browser, language: str, scheme: str, width: int) -> None:
    register.resize(width)
    register.scheme(scheme)
    register.open(f"/{language}.html")
    assert register.violations() == []
    assert register.driver.execute_script(
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def shown(register: Browser) -> set[str]:
    """Return the ids of the rules that a reader sees."""
    rules = "[...document.querySelectorAll('main article[id]')]"
    return set(register.driver.execute_script(f"return {rules}.filter(each => each.offsetParent).map(each => each.id)"))


def test_a_place_is_chosen(register: Browser) -> None:
    register.open("/de.html")
    everything = shown(register)
    register.driver.execute_script("document.querySelector('#place').value = 'DE'")
    german = shown(register)
    assert {"DE/symbols", "EU/machine", "baseline/violence"} <= german
    assert not {each for each in german if each.startswith(("US", "KR", "CN"))}
    assert german < everything


def test_words_are_looked_for_in_the_page(register: Browser) -> None:
    register.open("/de.html")
    field = register.find("#words")
    field.send_keys("KENNZEICHEN organisationen")
    assert shown(register) == {"DE/symbols"}
    assert register.driver.execute_script("return document.querySelector('#find output').textContent").startswith(
        "Gefunden: "
    )
    field.clear()
    field.send_keys(" ")
    assert len(shown(register)) > 10


def test_on_paper(register: Browser) -> None:
    """A4, with nothing that only a screen needs, and no heading alone at the foot by style."""
    register.open("/de.html")
    made = register.driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    assert b64decode(made["data"]).startswith(b"%PDF")
    register.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not register.driver.execute_script("return !!document.querySelector('.finder').offsetParent")
    register.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
