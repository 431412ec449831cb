"""Calls of tools that a rule names: told, or taken out unless the operator attests what the rule asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from ordinance.authoring.comparison import diff
from ordinance.authoring.costs import costs
from ordinance.authoring.explanation import explain
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.wording import Wording, words_in
from ordinance.language.format import format_source
from ordinance.language.source import Source
from ordinance.loading.load import Loaded
from ordinance.policy.vocabulary import Verdict
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.whole import govern_whole
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.governing import OWN, read
from support.packs import TODAY, load_on
from support.serving import chunk, completion

PACK = """jurisdiction XP 1.0.0 under charter baseline 1
title "Payland"
dimension approval attested one of given, withdrawn

law payments_4 {
  title "Payments Act" article "section 4" reaches place within XP, not unknown in force from 2024-01-01
  source "https://law.example/payments" seen 2026-01-01
}
label payments { en "payments without approval" }
notice paid { en "A payment was ordered for you ({law})." }

section 1 "Payments" {
  withhold 1.1 payments {
    means "No payment is ordered unless a person has approved it."
    when tool_call named "wire_transfer", "pay"
    except approved under payments_4 when approval is given
    under payments_4
    telling omitted about payments
    example fires tool_call named "pay"
    example fires tool_call named "wire_transfer"
    example fires tool_call named "pay" given approval withdrawn
    example quiet tool_call named "pay" given approval given
    example quiet tool_call named "paypal"
    example quiet tool_call "pay"
    example quiet answer "pay"
  }
  say 1.2 paid {
    means "People are told of each payment."
    when tool_call named "pay" and age below 99
    at every answer
    under payments_4
    telling paid
    example fires tool_call named "pay" given age 20, approval given
    example quiet tool_call named "pay" given age 20
    example quiet answer "pay" given age 20
  }
}
"""
PAID = "A payment was ordered for you (Payments Act section 4 (Payland))."


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return packed(tmp_path_factory.mktemp("pay"))


def packed(folder: Path, old: str = "", new: str = "") -> Loaded:
    assert old in PACK
    folder.mkdir(exist_ok=True)
    (folder / "XP.ord").write_text(PACK.replace(old, new, 1), "utf-8")
    return load_on(folder / "XP.ord")


def opened(loaded: Loaded, facts: dict[str, str], *, whole: bool = False) -> Session:
    situation = situate(loaded.plan, jurisdiction="XP", attested=facts, turn=9, on=TODAY)
    return Session(loaded.plan, situation, "en", whole=whole)


def call(loaded: Loaded, pieces: Iterable[str], **facts: str) -> tuple[str, str, Outcome]:
    """What leaves of a call whose name comes in these pieces, of the content beside it, and the outcome."""
    session = opened(loaded, facts)
    stream = session.stream()
    content = stream.feed("Done. ")
    name, arguments = stream.call()
    said = "".join(map(name.feed, pieces)) + name.close()
    if stream.ended:
        said = ""
    else:
        said += arguments.feed("{}") + arguments.close()
    return said, content + stream.close(), session.outcome()


def test_its_pack_has_no_error(loaded: Loaded) -> None:
    assert [item for item in loaded.diagnostics if item.severity == "error"] == []


@pytest.mark.requirement("SE-1")
@pytest.mark.semantics(32)
def test_a_call_that_needs_an_attested_fact_does_not_leave_without_it(loaded: Loaded) -> None:
    said, content, outcome = call(loaded, ["pay"])
    assert said == ""
    assert outcome.verdict is Verdict.WITHHOLD
    assert outcome.rules == ("XP/payments",)
    assert "payments without approval" in content
    assert call(loaded, ["pay"], approval="withdrawn")[0] == ""


@pytest.mark.requirement("SE-1")
@pytest.mark.semantics(32)
def test_a_call_that_leaves_is_told(loaded: Loaded) -> None:
    said, content, outcome = call(loaded, ["pay"], approval="given", age="20")
    assert said == "pay{}"
    assert content.endswith(PAID)
    assert outcome.rules == ("XP/paid",)
    assert outcome.verdict is Verdict.DISCLOSE


@pytest.mark.semantics(32)
@pytest.mark.parametrize("name", ["PAY", "Pay", "рay", "p\u200bay", "ｐａｙ", " pay "])
def test_a_name_is_compared_as_phrases_are(name: str, loaded: Loaded) -> None:
    assert call(loaded, [name])[0] == ""


@pytest.mark.semantics(32)
@pytest.mark.parametrize("name", ["paypal", "pay_back", "re_pay", "pay.back", "p a y", "", "look"])
def test_no_other_tool_is_meant(name: str, loaded: Loaded) -> None:
    assert call(loaded, [name])[0] == f"{name}{{}}"


@pytest.mark.semantics(32)
@pytest.mark.parametrize("facts", [{}, {"approval": "given", "age": "20"}])
def test_every_cut_of_a_name_gives_the_same(facts: dict[str, str], loaded: Loaded) -> None:
    for name in ("wire_transfer", "pay", "paypal"):
        whole = call(loaded, [name], **facts)
        assert call(loaded, name, **facts) == whole
        assert all(call(loaded, [name[:at], name[at:]], **facts) == whole for at in range(len(name)))


@pytest.mark.semantics(32)
def test_a_call_that_is_taken_out_for_what_it_says_is_not_told(tmp_path: Path) -> None:
    """Of a whole answer it is not there; so the notice would say what stood there."""
    secret = 'pattern code "X-[0-9]{4}" { example matches "X-1234" example skips "x" }\nlabel payments'
    made = packed(tmp_path, "label payments", secret)
    rule = """withhold 1.3 codes { when answer has pattern code scope span under payments_4
      telling omitted about payments example fires answer "X-1234" example quiet answer "x" }
  say 1.2"""
    (tmp_path / "XP.ord").write_text((tmp_path / "XP.ord").read_text("utf-8").replace("say 1.2", rule, 1), "utf-8")
    made = load_on(tmp_path / "XP.ord")
    assert [item for item in made.diagnostics if item.severity == "error"] == []
    outcome = governed(made, '{"to": "X-1234"}', streaming=False, approval="given", age="20")[1]
    assert outcome.rules == ("XP/codes",)


def governed(loaded: Loaded, arguments: str, *, streaming: bool, **facts: str) -> tuple[str, Outcome]:
    """The bytes that a client of chat completions gets of an answer with one call, and the outcome."""
    session, request = opened(loaded, facts, whole=not streaming), read(CHAT, stream=streaming)
    if not streaming:
        made = {"id": "call_a", "type": "function", "function": {"name": "pay", "arguments": arguments}}
        raw = json.dumps(completion("", finish="tool_calls", tool_calls=[made])).encode()
        return json.dumps(govern_whole(CHAT, raw, request, session).written(OWN), ensure_ascii=False), session.outcome()
    answer = GovernedStream(CHAT, request, session, OWN)
    begun = {"index": 0, "id": "call_a", "type": "function", "function": {"name": "pa", "arguments": ""}}
    more = [{"index": 0, "function": {"name": "y"}}, {"index": 0, "function": {"arguments": arguments}}]
    events = [chunk(tool_calls=[begun]), *(chunk(tool_calls=[each]) for each in more), chunk(finish="tool_calls")]
    sent = b""
    for event in events:
        if not answer.over:
            sent += answer.event(json.dumps(event).encode())
    return (sent + answer.end()).decode(), session.outcome()


@pytest.mark.requirement("SE-1")
@pytest.mark.semantics(32)
@pytest.mark.parametrize("streaming", [False, True])
def test_a_client_gets_the_call_and_its_notice_or_neither(streaming: bool, loaded: Loaded) -> None:
    sent, outcome = governed(loaded, "{}", streaming=streaming, approval="given", age="20")
    assert '"name": "pay"' in sent.replace('":"', '": "')
    assert PAID in sent
    assert outcome.rules == ("XP/paid",)
    sent, outcome = governed(loaded, '{"to": "somebody"}', streaming=streaming)
    assert "somebody" not in sent
    assert "call_a" not in sent
    assert "content_filter" in sent
    assert outcome.rules == ("XP/payments",)


def test_explain_shows_the_call(loaded: Loaded) -> None:
    situation = situate(loaded.plan, jurisdiction="XP", turn=9, on=TODAY)
    (account,) = explain(loaded.plan, situation, answer="pay", called=True, only="XP/payments").accounts
    assert account.came == "fired"
    assert [each.found.detector for each in account.sightings] == ['tool_call named "wire_transfer", "pay"']
    (account,) = explain(loaded.plan, situation, answer="pay", only="XP/payments").accounts
    assert account.came == "quiet"
    for name in ("", "\u0301", "pay" * 500):  # nothing, a mark alone, and more than a phrase may have
        (account,) = explain(loaded.plan, situation, answer=name, called=True, only="XP/payments").accounts
        assert account.came == "quiet"


def test_the_register_names_the_tools(loaded: Loaded) -> None:
    assert loaded.policy is not None
    wording = Wording.of("en", words_in("en"), loaded.policy)
    page = to_markdown(register(loaded.plan, loaded.policy, wording, TODAY))
    assert "wire\\_transfer" in page
    assert "the whole call of the tool" in page


def test_no_text_waits_for_it(loaded: Loaded) -> None:
    assert dict(costs(loaded.plan))["XP/payments"] == "takes out calls of tools, and holds no text"


def test_a_tool_more_is_stricter(loaded: Loaded, tmp_path: Path) -> None:
    more = packed(tmp_path, '"wire_transfer", "pay"', '"wire_transfer", "pay", "lend"')
    assert loaded.policy is not None
    assert more.policy is not None
    changes = [(each.kind, each.what) for each in diff(loaded.policy, more.policy).changes]
    assert changes == [("stricter", "it looks for 1 tool more")]


def test_it_is_formatted() -> None:
    text = format_source(Source(Path("XP.ord"), "XP.ord", PACK), "pack")
    assert text is not None
    assert '    when    tool_call named "wire_transfer", "pay"\n' in text
    assert '    example fires tool_call named "pay"\n' in text
    assert format_source(Source(Path("XP.ord"), "XP.ord", text), "pack") == text


@pytest.mark.parametrize(
    ("old", "new", "code", "message", "help"),
    [
        ('tool_call named "wire_transfer", "pay"', "tool_call named pay", "syntax", "found `pay`", "quotes"),
        ('"wire_transfer", "pay"', '"pay", ""', "pattern-invalid", "empty", "Write letters"),
        ("except approved under payments_4 when approval is given", "scope span", "syntax",
         "a rule that names tools has no `scope`", "Leave it out"),
        ('when tool_call named "pay" and', 'when answer named "pay" and', "syntax", "only calls of tools",
         "tool_call named"),
        ("except approved under payments_4 when approval is given", "except approved under payments_4 when turn 1 is 1",
         "syntax", "", ""),
        ("except approved under payments_4 when approval is given",
         "except approved under payments_4 when turn below 3", "reads-claimed", "", ""),
    ],
)  # fmt: skip
def test_a_mistake_says_what_to_write(old: str, new: str, code: str, message: str, help: str, tmp_path: Path) -> None:
    found = [item for item in packed(tmp_path, old, new).diagnostics if item.code == code]
    assert found
    assert message in found[0].message
    assert help in found[0].help
