"""The chat page as the gateway serves it: which requests it answers, when it is shown, what it may load."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from importlib.resources import files

import httpx2
import pytest

from ordinance.policy.vocabulary import NoticeKind, Verdict
from ordinance.serve.chat.questions import CANARY
from ordinance.settings.model import Settings
from support.serving import PATIENCE, OpenGateway, RunningGateway

FILES = ["/chat", "/chat/chat.css", "/chat/chat.js", "/chat/about"]
KEY = {"name": "a", "sha256": hashlib.sha256(b"a-key").hexdigest()}


def client(gateway: RunningGateway) -> httpx2.Client:
    return httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False)


@pytest.fixture
def http(gateway: RunningGateway) -> Iterator[httpx2.Client]:
    with client(gateway) as http:
        yield http


def test_the_address_that_the_terminal_prints_leads_to_the_page(http: httpx2.Client) -> None:
    moved = http.get("/")
    assert (moved.status_code, moved.headers["location"]) == (307, "chat")
    page = http.get("/", follow_redirects=True)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Chat" in page.text


@pytest.mark.parametrize("path", FILES)
def test_each_file_is_there_and_may_load_nothing_from_elsewhere(http: httpx2.Client, path: str) -> None:
    whole, head = http.get(path), http.head(path)
    assert (whole.status_code, head.status_code, head.content) == (200, 200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    policy = dict(part.strip().split(" ", 1) for part in whole.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert whole.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["chat.html", "chat.css", "chat.js"])
def test_the_files_name_no_other_server_and_set_no_html(name: str) -> None:
    text = files("ordinance.serve.chat").joinpath(name).read_text("utf-8")
    assert not re.search(r"https?://|//[a-z]+\.|@import|url\(", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|localStorage", text)


def test_every_word_of_the_page_is_used_and_every_use_is_a_word() -> None:
    folder = files("ordinance.serve.chat")
    words = set(json.loads((folder / "words" / "en.json").read_text("utf-8")))
    html, script = ((folder / name).read_text("utf-8") for name in ("chat.html", "chat.js"))
    used = set(re.findall(r'data-(?:word|label|placeholder)="(\w+)"', html)) | set(re.findall(r'say\("(\w+)"', script))
    used |= {"exchange", "exchanges"}  # one of two
    told = {kind.value for kind in NoticeKind} | {verdict.word for verdict in Verdict}
    assert used | told == words


def test_the_page_learns_the_policy_and_no_more(http: httpx2.Client) -> None:
    about = http.get("/chat/about").json()
    assert about == {
        "policy": "DE@2026.11.0+0123456789abcdef",
        "locales": ["de", "en"],
        "examples": about["examples"],
        "keys": False,
        "words": about["words"],
    }
    assert set(about["words"]) == {"de", "en", "et"}
    assert len({tuple(sorted(each)) for each in about["words"].values()}) == 1, "each language has every word"
    assert all(word for each in about["words"].values() for word in each.values())
    assert any(CANARY in example for example in about["examples"])


def test_a_page_of_another_name_cannot_reach_it(http: httpx2.Client) -> None:
    assert http.get("/chat", headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, True),
        ({"chat": False}, False),
        ({"keys": [KEY]}, False),
        ({"keys": [KEY], "chat": True}, True),
        ({"host": "192.0.2.1"}, False),
        ({"host": "0.0.0.0"}, False),
        ({"host": "::1"}, True),
        ({"host": "localhost"}, True),
        ({"host": "192.0.2.1", "chat": True}, True),
    ],
)
def test_it_is_off_by_default_where_others_could_reach_it(settings: dict[str, object], shown: bool) -> None:
    assert Settings.model_validate(settings).shows_chat is shown


def test_where_it_is_off_its_address_is_closed_as_any_other(open_gateway: OpenGateway) -> None:
    with client(open_gateway(chat=False)) as http:
        for path in ["/", *FILES]:
            answer = http.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "closed_door")


def test_the_page_needs_no_key_and_its_questions_do(open_gateway: OpenGateway) -> None:
    with client(open_gateway(chat=True, keys=[KEY])) as http:
        assert http.get("/chat").status_code == 200
        assert http.get("/chat/about").json()["keys"] is True
        assert http.get("/v1/models").status_code == 401
        asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        assert http.post("/v1/chat/completions", json=asked).status_code == 401
