"""Clients of others: what passes at a server passes through the gateway before it, but what docs/fields.md says."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from support.checkout import ROOT
from support.clients import SUITES, Outcomes

pytestmark = pytest.mark.server

FIELDS = (ROOT / "docs" / "fields.md").read_text("utf-8")
_NOTICE = "What precedes an answer, such as the disclosure of a machine, leaves"
_REFERENCE = "So are items of an `input` that cannot be screened (references,"
#: The cases that pass without the gateway and fail with it, and the words of docs/fields.md that say why.
DIFFERENCES = {
    "langchain-tests": {},
    "Open Responses": {},
    "openai-node": {
        "chat: an answer is the model's alone": _NOTICE,
        "chat: a picture by its address": "A URL (`https:`, `file:` or any other), an id,",
        "completions: token ids as a prompt": "Token ids and `prompt_embeds` cannot be screened: status 400",
        "responses: a response that the server keeps": "`previous_response_id`, `conversation`, `prompt`,",
        "errors: the server's own words": "no other word of the server's error passes",
        "errors: the server's own status": "A failure of the server is status 502",
    },
    "@anthropic-ai/sdk": {
        "an answer is the model's alone": _NOTICE,
        "a signature is the server's": "`signature` is a random word of Ordinance's",
    },
    "AI SDK": {
        "openai.responses: a text is the model's alone": _NOTICE,
        "openai.chat: a text is the model's alone": _NOTICE,
        "openai-compatible: a text is the model's alone": _NOTICE,
        "anthropic: a text is the model's alone": _NOTICE,
        "openai.responses: a conversation by reference": _REFERENCE,
    },
}


def of_the_gateway(case: str) -> bool:
    """Whether a case is about what only the gateway does, by its name."""
    return "governed" in case


def counted(outcomes: Outcomes) -> Counter[str]:
    return Counter(outcome.result for outcome in outcomes.values())


def test_nothing_passes_ungoverned_and_fails_governed_but_what_the_page_says(
    both: tuple[Outcomes, Outcomes], request: pytest.FixtureRequest, subtests: pytest.Subtests
) -> None:
    ungoverned, governed = both
    differ = DIFFERENCES[request.node.callspec.params["both"]]
    assert ungoverned.keys() == governed.keys()
    assert differ.keys() <= governed.keys()
    for case, before in ungoverned.items():
        with subtests.test(case):
            after = governed[case]
            if of_the_gateway(case):
                assert (before.result, after.result) == ("skipped", "passed"), after.why
                continue
            assert before.result in ("passed", "skipped"), f"the actor does not play it: {before.why}"
            if case in differ:
                assert (before.result, after.result) == ("passed", "failed"), "it is no difference any more"
            else:
                assert after.result == before.result, after.why


@pytest.mark.parametrize("words", {words for cases in DIFFERENCES.values() for words in cases.values()})
def test_each_difference_is_in_the_page(words: str) -> None:
    assert words in " ".join(FIELDS.split())


def test_the_table_of_the_page_is_what_came_of_them(
    both: tuple[Outcomes, Outcomes], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["both"]
    rows = dict(re.findall(r"^\| ([^|]+?) \| (\d+ \| \d+ \| \d+) \|", FIELDS, re.MULTILINE))
    ungoverned, governed = map(counted, both)
    cases = sum(not of_the_gateway(case) and each.result != "skipped" for case, each in both[0].items())
    shown = governed["passed"] - sum(of_the_gateway(case) for case in both[1])
    assert rows.keys() == SUITES.keys()
    assert rows[name] == f"{cases} | {ungoverned['passed']} | {shown}"
