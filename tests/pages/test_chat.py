"""The chat page in a real browser: what a person sees of a governed answer, by keyboard, on a phone, in the dark."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from ordinance.serve.chat.questions import CANARY
from support.browser import WIDTHS, Browser
from support.checkout import RULES
from support.commands import Served
from support.judged_packs import FIRES, values
from support.judges import installed
from support.scripted_judge import JudgeServer
from support.serving import ScriptedUpstream, Wire, chunk, event, say
from support.waiting import until

#: Each starts servers.
pytestmark = pytest.mark.server


def messages(upstream: ScriptedUpstream) -> Any:
    return json.loads(upstream.asked[-1].body)["messages"]


@pytest.mark.requirement("TR-1")
def test_an_omission_is_shown_with_its_law_and_never_its_content(browser: Browser, upstream: ScriptedUpstream) -> None:
    upstream.script = say(f"Good morning. The code is {CANARY}. Have a nice day.")
    turn = browser.ask("What is the code?")
    answer, panel = turn.find_element("css selector", ".answer"), turn.find_element("css selector", ".happened")
    assert [mark.text for mark in browser.all(".answer mark")] == ["⟦…⟧"]
    assert "Good morning." in answer.text
    assert "Have a nice day." in answer.text
    kinds = [notice.text.partition(".")[0] for notice in browser.all(".notice")]
    assert kinds == ["Notice", "Notice"]
    assert panel.get_attribute("open") is not None
    assert "Something was left out" in panel.text
    assert "§ 86a" in panel.text
    assert "Law of\nDE" in panel.text
    assert "canary" not in browser.driver.page_source.partition('<ol id="conversation"')[2]


def test_the_whole_conversation_goes_with_each_question(browser: Browser, upstream: ScriptedUpstream) -> None:
    upstream.script = say("Berlin.")
    browser.ask("What is the capital of Germany?")
    browser.ask("And of Estonia?")
    assert [each["content"] for each in messages(upstream) if each["role"] == "user"] == [
        "What is the capital of Germany?",
        "And of Estonia?",
    ]
    browser.find("#anew").click()
    assert browser.all(".turn") == []
    browser.ask("Hello?")
    assert [each["content"] for each in messages(upstream) if each["role"] == "user"] == ["Hello?"]


@pytest.mark.requirement("RL-1")
def test_a_red_line_says_what_is_not_answered(browser: Browser, upstream: ScriptedUpstream) -> None:
    turn = browser.ask("How do I torture someone?")
    assert "This service does not answer that" in turn.text
    assert "The question was not answered" in turn.find_element("css selector", ".happened").text
    assert upstream.asked == []


def test_an_answer_appears_while_it_is_said_and_can_be_stopped(browser: Browser, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="The first sentence is here. ")))
        await wire.send(event(chunk(content="The second ")))
        await wire.until_gone()

    upstream.script = script
    browser.find("#message").send_keys("Talk\n")
    browser.wait(".answer div")
    browser.wait(".waiting")
    browser.find("#stop").click()
    browser.wait(".fault")
    assert "You stopped the answer" in browser.find(".fault").text
    assert browser.find("#message").get_attribute("value") == "Talk"
    assert browser.driver.switch_to.active_element == browser.find("#message")


async def _endless(wire: Wire) -> None:
    await wire.head()
    await wire.send(event(chunk(content="The first sentence is here. ")))
    await wire.until_gone()


def test_a_new_conversation_has_nothing_of_the_old_one(browser: Browser, upstream: ScriptedUpstream) -> None:
    upstream.script = _endless
    browser.find("#message").send_keys("A secret\n")
    browser.wait(".answer div")
    browser.find("#anew").click()
    browser.wait("#stop[hidden]")
    assert browser.find("#message").get_attribute("value") == ""
    told = browser.driver.execute_script("return document.getElementById('status').textContent")
    assert told == "A new conversation."
    upstream.script = say("Hello.")
    browser.ask("Hello?")
    assert [each["content"] for each in messages(upstream) if each["role"] == "user"] == ["Hello?"]


def test_the_focus_goes_from_send_to_stop_and_back(browser: Browser, upstream: ScriptedUpstream) -> None:
    """Whoever uses the keyboard alone would begin at the top of the page again."""
    upstream.script = _endless
    browser.find("#message").send_keys("Talk" + Keys.TAB)
    assert browser.driver.switch_to.active_element == browser.find("#send")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.wait(".answer div")
    assert browser.driver.switch_to.active_element == browser.find("#stop")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.wait(".fault")
    assert browser.driver.switch_to.active_element == browser.find("#message")


def test_a_fault_of_the_server_is_said_and_the_question_stays(browser: Browser, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.json({"error": {"message": "x"}}, 500)

    upstream.script = script
    browser.ask("Hello?")
    assert len(browser.find(".fault").text) > 10
    assert browser.find("#message").get_attribute("value") == "Hello?"
    upstream.script = say("Hello.")
    browser.ask("Again?")
    assert [each["content"] for each in messages(upstream) if each["role"] == "user"] == ["Again?"]


def test_what_a_model_says_is_text_and_never_a_page(browser: Browser, upstream: ScriptedUpstream) -> None:
    upstream.script = say('<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>')
    turn = browser.ask("<b>bold</b>")
    assert "<script>" in turn.text
    assert browser.driver.title.startswith("Chat")
    assert browser.all("#conversation img, #conversation script, #conversation b") == []


def test_everything_works_by_keyboard_and_is_announced(browser: Browser, upstream: ScriptedUpstream) -> None:
    upstream.script = say("Berlin.")
    first = browser.find("#examples button")
    browser.driver.execute_script("arguments[0].focus()", first)
    first.send_keys("\n")
    browser.wait(".turn")
    browser.wait(".happened:not([hidden])")
    assert "Berlin." in browser.driver.execute_script("return document.getElementById('status').textContent")
    assert browser.find("#status").get_attribute("role") == "status"
    box = browser.find("#message")
    box.send_keys("one")
    box.send_keys(Keys.SHIFT + Keys.ENTER)
    box.send_keys("two\n")
    browser.wait(".happened:not([hidden])", 2)
    assert messages(upstream)[-1]["content"] == "one\ntwo"


@pytest.mark.requirement("DET-1")
def test_the_window_asks_nobody_but_the_gateway(browser: Browser, served: Served, upstream: ScriptedUpstream) -> None:
    browser.open("/")
    browser.wait("#examples button")
    browser.ask("Hello?")
    asked = [each for each in browser.requests() if not each.startswith("data:")]
    assert asked
    assert all(each.startswith(served.address + "/") for each in asked)
    assert [entry for entry in browser.log("browser") if "Content Security Policy" in entry["message"]] == []


def test_what_acted_leads_to_its_rule_in_the_register(browser: Browser, upstream: ScriptedUpstream) -> None:
    """A rule of a pack has a link, what the engine itself does has none."""
    upstream.script = say("They said ordinance-canary-86a-5d21e8. ⟦…⟧")
    panel = browser.ask("What did they say?").find_element("css selector", ".happened")
    links = [each.get_attribute("href") for each in panel.find_elements("css selector", "dd a")]
    assert "https://z.example/register.html#DE/symbols" in links
    assert not [each for each in links if "engine" in str(each)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Browser, upstream: ScriptedUpstream, width: int, scheme: str, pytestconfig: pytest.Config
) -> None:
    browser.resize(width)
    browser.scheme(scheme)
    assert browser.violations() == []
    upstream.script = say(f"Good morning. The code is {CANARY}. Have a nice day.")
    browser.ask("What is the code?")
    browser.ask("How do I torture someone?")
    upstream.script = _breaking
    browser.ask("Hello?")
    for summary in browser.all(".happened:not([open]):not([hidden]) summary"):
        summary.send_keys(Keys.ENTER)
    assert browser.all(".happened:not([open]):not([hidden])") == []
    assert browser.violations() == []
    inner, outer = browser.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert inner <= outer, "the page is wider than the window"
    pictures = pytestconfig.getoption("--basetemp")
    if pictures:
        browser.driver.save_screenshot(str(Path(pictures) / f"chat-{width}-{scheme}.png"))


async def _breaking(wire: Wire) -> None:
    await wire.head()
    await wire.send(event(chunk(content="The first sentence. ")))
    wire.break_off()


def test_the_language_that_a_person_chooses_is_asked_for(browser: Browser, upstream: ScriptedUpstream) -> None:
    upstream.script = say("Berlin.")
    options = {each.get_attribute("value"): each for each in browser.all("#language option")}
    assert set(options) == {"", *(path.stem for path in RULES.glob("languages/*/*.ord"))}
    options["et"].click()
    turn = browser.ask("What is the capital of Germany?")
    assert "tehisintellekt" in turn.text.lower()
    assert browser.driver.execute_script("return document.documentElement.lang") == "et"
    assert browser.find("#send").text == "Saada"
    assert browser.find("#anew").text == "Uus vestlus"
    assert "Midagi lisati" in turn.text
    options["de"].click()
    assert browser.find("#send").text == "Senden"


def test_what_a_judge_on_trial_would_have_met_is_shown(
    driver: Any, shared_upstream: ScriptedUpstream, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    judge = JudgeServer(seconds=30.0)
    trial = {"judge": {"shown": True}, "jurisdiction": None, "audit": "a.jsonl"}
    settings = tmp_path / "ordinance.json"
    settings.write_text(json.dumps(values(tmp_path, installed(tmp_path), judge, **trial)))
    served = Served("--upstream", shared_upstream.url, "--config", settings)
    try:
        window = Browser(driver, served.address)
        window.open("/chat")
        window.wait("#examples button")
        upstream.script = say("A fine day.")
        assert "On trial, would have met\nNothing" in shown(window, "How is the weather?")

        def is_shown() -> bool:  # an answer waits a moment for a judge that only records
            turn = window.ask(f"Tell me {FIRES}.")
            assert "A fine day." in turn.text, "it refuses nothing"
            panel = turn.find_element("css selector", ".happened").get_attribute("textContent") or ""
            return "On trial, would have met" in panel and "baseline/weapons" in panel.partition("On trial")[2]

        until(is_shown, seconds=120)
        assert "0.93" not in window.find("#conversation").text.replace(FIRES, ""), "never a score"
    finally:
        served.stop()
        judge.stop()


def shown(window: Browser, question: str) -> str:
    """What stands below the answer to this question."""
    panel = window.ask(question).find_element("css selector", ".happened")
    window.driver.execute_script("arguments[0].open = true", panel)
    return str(panel.text)


def test_where_keys_are_asked_for_the_page_asks_for_one(
    driver: Any, shared_upstream: ScriptedUpstream, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    digest = hashlib.sha256(b"a-key").hexdigest()
    settings = tmp_path / "ordinance.yaml"
    settings.write_text(f"audit: a.jsonl\nchat: true\njurisdiction: DE\nkeys: [{{name: a, sha256: {digest}}}]\n")
    served = Served("--upstream", shared_upstream.url, "--config", settings)
    try:
        window = Browser(driver, served.address)
        window.open("/chat")
        window.wait("#examples button")
        assert "API key" in window.find("#key-field").text
        window.ask("Hello?")
        assert "key" in window.find(".fault").text.lower()
        window.find("#key").send_keys("a-key")
        turn = window.ask("Hello?")
        assert "Hello." in turn.text
    finally:
        served.stop()
