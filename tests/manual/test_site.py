"""The manual as a folder that somebody was given: read, searched and printed without a server or a network."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from manual.conftest import make
from support.browser import WIDTHS, Browser
from support.waiting import until

pytestmark = pytest.mark.server

#: One of each kind: prose, long tables, samples of packs, a list of files, a file, the index, what search found.
PAGES = (
    "index.html", "docs/configuration.html", "docs/language.html", "docs/accuracy.html", "docs/commands.html",
    "docs/errors/reach-unknown.html", "docs/decisions/index.html", "files/rules/index.html",
    "files/deploy/envoy/envoy.yaml.html", "genindex.html", "search.html?q=exact+hold",
)  # fmt: skip


class Page(HTMLParser):
    """The anchors of a page, and all that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.named: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name == "id":
                self.anchors.add(value)
            elif value and name in ("href", "src"):
                self.named.append(value)
                if name == "src" or tag == "link":
                    self.fetched.append(value)


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for each in page.named:
            target = urlsplit(each)
            if not target.scheme and not target.netloc:
                file = (path.parent / unquote(target.path)).resolve() if target.path else path
                anchor = unquote(target.fragment)
                if not file.is_file() or (anchor and file in pages and anchor not in pages[file].anchors):
                    yield f"{path.name}: {each}"


def test_each_link_leads_somewhere(pages: dict[Path, Page]) -> None:
    assert len(pages) > 300
    assert list(broken(pages)) == []


def test_a_page_fetches_nothing_from_elsewhere(pages: dict[Path, Page]) -> None:
    assert {each for page in pages.values() for each in page.fetched if "//" in each} == set()


def found(manual: Browser, query: str) -> list[str]:
    """Where search leads that was asked with the keyboard, the first ones first."""
    box = manual.find(".sidebar-search")
    box.send_keys(query + Keys.ENTER)
    manual.wait("#search-results li a")
    manual.wait(".search-summary")
    links = [each.get_attribute("href") or "" for each in manual.all("#search-results li a")]
    return [link.removeprefix(manual.address).replace("?highlight=", "?").partition("?")[0] for link in links][:8]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("exact hold", "docs/matching.html"),
        ("limits.plugin_seconds", "docs/configuration.html"),
        ("plugin_seconds", "docs/configuration.html"),
        ("reach-unknown", "docs/errors/reach-unknown.html"),
        ("ordinance_answers_total", "docs/metrics.html"),
        ("ORDINANCE_UPSTREAM__URL", "docs/configuration.html"),
    ],
)
def test_search_finds_what_people_look_for(manual: Browser, query: str, expected: str) -> None:
    assert expected in {each.partition("#")[0] for each in found(manual, query)}


def test_search_leads_to_the_row_of_a_setting(manual: Browser) -> None:
    assert found(manual, "limits.plugin_seconds")[0] == "docs/configuration.html#name-limits-plugin-seconds"
    manual.find("#search-results li a").click()
    manual.wait("article h1")
    assert manual.driver.execute_script("return document.querySelector(':target').closest('tr') !== null")


def test_nobody_is_asked_for_anything(manual: Browser) -> None:
    for page in PAGES:
        manual.open(page)
        manual.wait("article h1")
    asked = manual.requests()
    assert len(asked) > len(PAGES)
    assert [each for each in asked if not each.startswith(("file:", "data:"))] == []
    assert manual.driver.get_cookies() == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_no_page_is_wider_than_the_window(manual: Browser, width: int, scheme: str) -> None:
    manual.resize(width)
    manual.scheme(scheme)
    for page in PAGES:
        manual.open(page)
        manual.wait("article h1")
        assert manual.violations() == [], page
        inner, outer = manual.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert inner <= outer, page


def test_a_long_table_scrolls_within_itself_and_is_reached_with_the_keyboard(manual: Browser) -> None:
    manual.resize(WIDTHS[0])
    manual.open("docs/configuration.html")
    table = manual.find(".table-wrapper")
    assert manual.driver.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", table)
    manual.driver.execute_script("arguments[0].focus()", table)
    table.send_keys(Keys.ARROW_RIGHT)
    assert manual.driver.switch_to.active_element == table


def test_it_is_dark_where_a_person_prefers_that(manual: Browser) -> None:
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = manual.driver.execute_script(colour)
    manual.scheme("dark")
    assert manual.driver.execute_script(colour) != light


def test_the_first_key_leads_past_the_menu(manual: Browser) -> None:
    manual.find("body").send_keys(Keys.TAB)
    skip = manual.driver.switch_to.active_element
    until(lambda: skip.text == "Skip to content")  # it slides into the page
    skip.send_keys(Keys.ENTER)
    assert manual.driver.current_url.endswith("#furo-main-content")
    assert manual.find("html").get_attribute("lang") == "en"


def test_on_a_phone_the_keyboard_opens_the_menu(manual: Browser) -> None:
    manual.resize(WIDTHS[0])
    manual.open("index.html")
    assert not manual.find(".sidebar-drawer").is_displayed()
    manual.find("body").send_keys(Keys.TAB + Keys.TAB)
    label = manual.driver.switch_to.active_element
    assert label.get_attribute("for") == "__navigation"
    label.send_keys(Keys.ENTER)
    assert manual.find(".sidebar-drawer").is_displayed()


def test_paper_has_the_text_alone(manual: Browser) -> None:
    manual.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    for css in (".sidebar-drawer", ".toc-drawer", ".mobile-header"):
        assert not manual.find(css).is_displayed()
    assert manual.find("article h1").is_displayed()


def test_pictures_are_seen(manual: Browser) -> None:
    assert manual.driver.execute_script("return [...document.images].every(each => each.naturalWidth > 0)")
    assert manual.all("article img")


@pytest.mark.slow
def test_the_same_files_give_the_same_bytes(site: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere"
    assert make(again).returncode == 0
    files = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == files


def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = make(tmp_path)
    assert done.returncode == 1
    assert "is not empty and not a manual" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"
