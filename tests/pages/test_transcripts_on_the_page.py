"""The conversations of ``tests/end_to_end/test_transcripts.py`` on the chat page: the same golden texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver

from support.browser import WIDTHS, Browser
from support.serving import OpenGateway, ScriptedUpstream
from support.transcripts import KEY, SCRIPTS, Block, Heard, Script, check, script, transcript

#: Each starts a server.
pytestmark = pytest.mark.server

#: What stands in an answer, piece by piece; what a notice begins with is apart.
_BLOCKS = """
return [...arguments[0].querySelectorAll('.answer > div')].map(block => {
  const label = block.querySelector('strong')?.textContent ?? '';
  return [label, block.textContent.slice(label.length)];
})"""
#: The panel beside it, as terms with what they say.
_BESIDE = """
return [...arguments[0].querySelectorAll('.happened dd')].map(said => {
  let term = said;
  while (term.tagName !== 'DT') term = term.previousElementSibling;
  return [term.textContent, said.textContent];
})"""
#: What a notice begins with, by language.
_NOTICE = {"en": "Notice. ", "de": "Hinweis. ", "et": "Teade. "}
#: What the panel has that differs from run to run comes last: whose law, the policy in two lines, the time.
_PASSING = 4


class Page:
    """The page in a window; its key is entered, and its language chosen as a person does."""

    def __init__(self, browser: Browser, script: Script) -> None:
        self._browser = browser
        browser.resize(WIDTHS[-1])
        browser.open("/chat")
        browser.wait("#examples button")
        if script.settings.get("keys"):
            browser.find("#key").send_keys(KEY)

    def ask(self, question: str, language: str) -> Heard:
        self._browser.find(f"#language option[value='{language}']").click()
        turn = self._browser.ask(question)
        run = self._browser.driver.execute_script
        blocks = [Block(text, notice=label != "") for label, text in run(_BLOCKS, turn)]
        assert {label for label, _ in run(_BLOCKS, turn)} <= {"", _NOTICE[language]}
        assert run("return document.documentElement.lang") == language
        beside = [f"{term}: {said}" for term, said in run(_BESIDE, turn)[:-_PASSING]]
        return Heard(blocks, turn.find_element("css selector", ".happened summary").text, beside)


@pytest.mark.requirement("TR-1")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_conversation_on_the_page_reads_as_a_person_would_want(
    path: Path,
    driver: webdriver.Chrome,
    open_gateway: OpenGateway,
    upstream: ScriptedUpstream,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = script(path)
    clock = said.clock(monkeypatch)
    page = Page(Browser(driver, said.open(open_gateway, tmp_path).address), said)
    check(said, transcript(said, page, upstream, clock))
