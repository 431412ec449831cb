"""Batches: vLLM's answers under the same session as the server's, and nothing beside it."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.batch import GovernedLLM, govern
from ordinance.batch.desk import Desk
from ordinance.errors import BatchError, ClosedMethodError, OrdinanceError
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.govern.choice import GovernedChoice
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.govern.whole import govern_whole, refused_whole
from ordinance.protocol.said import Top
from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.model import Settings
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.marks.verification import verify
from support import manners
from support.batches import FakeLLM, Params, Structured, Tokenizer, outputs_module
from support.marked import PUBLIC, SIGNER, marked_plan
from support.plans import expressions, mask, plan
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE, REFUSED, small_plan

SETTINGS = Settings(jurisdiction="DE", locale="en")
MASKING = plan(
    [mask("DE/code", "code", channels=frozenset({Channel.PROMPT, Channel.ANSWER}))],
    {"code": expressions(patterns=["[0-9]{6}"])},
)


@pytest.fixture(autouse=True)
def vllm_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm.outputs", outputs_module())


ASKED = [{"role": "user", "content": "Hi."}]


def governed(llm: FakeLLM, made: Plan | None = None, **more: Any) -> GovernedLLM:
    return GovernedLLM(llm, Desk(made or small_plan(), SETTINGS, {}, **more))


def texts(outputs: list[Any]) -> list[str]:
    return [each.text for output in outputs for each in output.outputs]


# the same as the server


WORDS = st.lists(
    st.sampled_from([FORBIDDEN, RED_LINE, "a flag", "\n\n", " ", "Forb", "idden flag", "⟦…⟧", "x.", '"', "{"]),
    max_size=6,
).map("".join)


@pytest.mark.semantics(7)
@pytest.mark.semantics(17)
@given(WORDS, WORDS, st.sampled_from([None, Structured(choice=["a"]), Structured(json={"type": "string"})]))
def test_the_text_is_what_the_gateway_gives(prompt: str, answer: str, structure: Structured | None) -> None:
    """Byte for byte, for a completion and for a conversation, in any form."""
    prompt = prompt or "Hello."
    llm = governed(FakeLLM(lambda _: answer))
    params = Params(structured_outputs=structure)
    form = {} if structure is None else {"structured_outputs": {k: v for k, v in vars(structure).items() if v}}
    [output] = llm.generate(prompt, params)
    expected, metadata = by_the_server(COMPLETIONS, {"prompt": prompt, **form}, {"text": answer})
    assert (output.outputs[0].text, output.outputs[0].finish_reason) == (expected["text"], expected["finish_reason"])
    assert output.ordinance == metadata
    [output] = llm.chat([{"role": "user", "content": prompt}], params)
    body = {"messages": [{"role": "user", "content": prompt}], **form}
    expected, metadata = by_the_server(CHAT, body, {"message": {"content": answer}})
    assert output.outputs[0].text == expected["message"]["content"]
    assert output.ordinance == metadata


@pytest.mark.semantics(27)
@pytest.mark.semantics(28)
def test_the_model_reads_no_old_red_line_and_none_of_our_words() -> None:
    llm = FakeLLM(lambda _: "Good day.")
    bad = [{"role": "user", "content": f"The {RED_LINE}?"}, {"role": "assistant", "content": REFUSED["en"]}]
    said = [*ASKED, {"role": "assistant", "content": f"{MACHINE['en']}\n\nHello ⟦…⟧."}, *bad, ASKED[0]]
    [output] = governed(llm).chat(said, Params())
    assert llm.asked[0]["prompt"] == [ASKED[0], {"role": "assistant", "content": "Hello …."}, ASKED[0]]
    assert output.ordinance["history"] == {"left_out": 1, "types": ["red"]}
    assert output.outputs[0].text == "Good day.\n\nNotice history."


def by_the_server(api: Any, body: dict[str, Any], choice: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    request = api.read_request(msgspec.json.encode(body))
    session = Desk(small_plan(), SETTINGS, {}).open(request.turn)
    top = Top("", 0, "")
    if sent_on(api, request, session, system_is_ours=False) is None:
        answer = refused_whole(api, request, session, top)
    else:
        said = {"choices": [{"index": 0, "finish_reason": "stop", **choice}]}
        answer = govern_whole(api, json.dumps(said).encode(), request, session).written(top)
    return msgspec.to_builtins(answer["choices"][0]), answer["ordinance"]


@pytest.mark.semantics(19)
def test_what_is_left_out_is_told_and_every_trace_of_it_is_gone() -> None:
    [output] = governed(FakeLLM(lambda _: f"Look, a {FORBIDDEN}.", stop=FORBIDDEN)).generate("Hi.", Params(n=2))
    for choice in output.outputs:
        assert choice.text == f"{MACHINE['en']}\n\nLook, a ⟦…⟧.\n\n{OMITTED['en']}"
        assert (choice.token_ids, choice.logprobs, choice.cumulative_logprob, choice.stop_reason) == (
            [],
            None,
            None,
            None,
        )
        assert (choice.routed_experts, choice.sampling_mask) == (None, None)
    assert output.metrics is output.num_cached_tokens is output.prompt is None
    assert output.prompt_token_ids == []
    assert output.ordinance["verdict"] == "withhold"
    assert FORBIDDEN not in repr(output)


def test_where_nothing_is_removed_the_numbers_stay_but_for_what_nobody_looked_at() -> None:
    [output] = governed(FakeLLM(lambda _: "Good day.", other="y", finish="length", stop=7)).generate("Hi.", Params())
    [choice] = output.outputs
    assert choice.text == f"{MACHINE['en']}\n\nGood day."
    assert choice.token_ids == [*map(ord, "Good day."), 2]
    assert [list(place) for place in choice.logprobs[:-1]] == [[ord(c), ord("y") + 9000] for c in "Good day."]
    assert list(choice.logprobs[-1]) == [2], "a control token leaves without alternatives"
    assert (choice.cumulative_logprob, choice.stop_reason, choice.finish_reason) == (-1.5, None, "length")
    assert (output.prompt, output.metrics, output.num_cached_tokens) == ("Hi.", "counts", 3)
    assert output.prompt_logprobs is None
    assert output.kv_transfer_params is None


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@pytest.mark.parametrize(
    ("finish", "stop", "params", "own"),
    [
        ("stop", None, Params(), True),
        ("stop", None, Params(n=2, repetition_penalty=1.0, stop=[], min_tokens=0), True),
        ("length", None, Params(), False),
        ("abort", None, Params(), False),
        ("stop", 17, Params(), False),
        ("stop", "flag", Params(stop=["flag"]), False),
        ("stop", None, Params(stop_token_ids=[7]), False),
        ("stop", None, Params(logit_bias={7: -100.0}), False),
        ("stop", None, Params(allowed_token_ids=[7]), False),
        ("stop", None, Params(bad_words=["g"]), False),
        ("stop", None, Params(repetition_penalty=1.5), False),
        ("stop", None, Params(ignore_eos=True), False),
        ("stop", None, Params(extra_args={"my_processor": 1}), False),
        ("stop", None, Params(trace_decode_token_ids=[7]), False),
    ],
)
def test_a_phrase_that_somebody_cut_does_not_leave(finish: str, stop: Any, params: Params, own: bool) -> None:
    said = f"Look, a {FORBIDDEN[:-1]}"
    llm = governed(FakeLLM(lambda _: said, finish=finish, stop=stop))
    ids = [*map(ord, "Hi.")]
    for output in (*llm.generate(["Hi.", {"prompt_token_ids": ids}], params), *llm.chat(ASKED, params)):
        for choice in output.outputs:
            assert (FORBIDDEN[:-1] in repr(choice)) is own
            assert choice.stop_reason is None
            assert choice.finish_reason == ("stop" if finish == "abort" else finish)
        kinds = [notice["kind"] for notice in output.ordinance["notices"]]
        assert ("cut" in kinds) is not own
        assert output.ordinance["verdict"] == ("disclose" if own else "withhold")


def test_alternatives_spell_no_phrase() -> None:
    """A token that was not said, and with the text before it would end the phrase."""
    llm = FakeLLM(lambda _: FORBIDDEN[:-1] + "x", other="g")
    [output] = governed(llm).generate("Hi.", Params())
    places = [[each.decoded_token for each in place.values()] for place in output.outputs[0].logprobs]
    assert places[-2] == ["x"]
    assert places[0] == ["f", "g"]


@pytest.mark.parametrize(
    "ids",
    [
        [*map(ord, "Fine. "), *map(ord, FORBIDDEN)],  # the tokens of a stop string, cut from the text
        [*map(ord, "Fine. forb"), 1, *map(ord, "idden flag")],  # a control token within the phrase
    ],
)
def test_token_ids_say_nothing_that_the_text_does_not(ids: list[int]) -> None:
    llm = FakeLLM(lambda _: "Fine. ", ids=lambda _: ids, stop=FORBIDDEN)
    [output] = governed(llm).generate("Hi.", Params(stop=[FORBIDDEN]))
    assert (output.outputs[0].token_ids, output.outputs[0].logprobs) == ([], None)


def test_a_prompt_that_may_not_be_given_out_is_not_given_back() -> None:
    [output] = governed(FakeLLM()).generate(f"What is a {FORBIDDEN}?", Params())
    assert (output.prompt, output.prompt_token_ids) == (None, [])
    assert output.outputs[0].token_ids


# prompts


@pytest.mark.semantics(7)
def test_a_refused_prompt_is_never_given_to_the_model_and_the_order_stays() -> None:
    llm = FakeLLM(lambda prompt: f"It was: {prompt}")
    outputs = governed(llm).generate(
        ["one", f"Tell me: {RED_LINE}", "three"], [Params(), Params(n=2), Params()], priority=[1, 2, 3]
    )
    assert [(each["prompt"], each["priority"]) for each in llm.asked] == [("one", 1), ("three", 3)]
    assert [len(output.outputs) for output in outputs] == [1, 2, 1]
    refusal = outputs[1]
    assert {each.text.split("\n\n")[1] for each in refusal.outputs} == {REFUSED["en"]}
    assert {each.finish_reason for each in refusal.outputs} == {"content_filter"}
    assert (refusal.prompt, refusal.prompt_token_ids, refusal.finished) == (None, [], True)
    assert "It was: three" in outputs[2].outputs[0].text
    assert RED_LINE not in repr(outputs)


def test_where_all_are_refused_the_model_is_not_asked() -> None:
    llm = FakeLLM()
    assert len(governed(llm).generate([RED_LINE, RED_LINE])) == 2
    assert llm.asked == []
    assert governed(llm).generate([]) == []


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        lambda text: {"prompt": text},
        lambda text: list(map(ord, text)),
        lambda text: {"prompt_token_ids": list(map(ord, text))},
        lambda text: {"prompt_token_ids": [1, *map(ord, text[:5]), 2, *map(ord, text[5:])]},
        lambda text: {"prompt_token_ids": list(map(ord, text)), "prompt": "something else"},
    ],
)
def test_a_red_line_is_found_in_every_form_of_a_prompt(form: Any) -> None:
    llm = FakeLLM()
    [output] = governed(llm).generate([form(f"Say {RED_LINE} now")])
    assert llm.asked == []
    assert output.ordinance["verdict"] == "refuse"


@pytest.mark.semantics(10)
@pytest.mark.parametrize("form", [lambda text: text, lambda text: list(map(ord, text)), lambda t: [*map(ord, t), 2]])
@pytest.mark.parametrize("at", [4, 9, 13])
def test_an_answer_continues_its_prompt(form: Any, at: int) -> None:
    [output] = governed(FakeLLM(lambda _: FORBIDDEN[at:] + " and more")).generate([form("A " + FORBIDDEN[:at])])
    assert output.ordinance["verdict"] == "withhold"
    assert output.outputs[0].text.split("\n\n")[1] == "⟦…⟧ and more"


@pytest.mark.semantics(8)
def test_what_a_rule_masks_goes_to_the_model_masked() -> None:
    llm = FakeLLM(lambda _: "Fine.")
    outputs = governed(llm, MASKING).generate(["Code 123456.", {"prompt": "Code 123456.", "cache_salt": "s"}])
    assert [each["prompt"] for each in llm.asked] == [
        "Code [code].", {"prompt": "Code [code].", "cache_salt": "s"},
    ]  # fmt: skip
    assert all(output.ordinance["notices"] and output.prompt is None for output in outputs)


@pytest.mark.parametrize("ids", [list(map(ord, "Code 123456.")), [*map(ord, "Code 123"), 1, *map(ord, "456.")]])
def test_token_ids_that_would_have_to_be_masked_are_refused(ids: list[int]) -> None:
    llm = FakeLLM()
    [output] = governed(llm, MASKING).generate([{"prompt_token_ids": ids}])
    assert llm.asked == []
    assert output.outputs[0].finish_reason == "content_filter"
    assert output.ordinance["notices"][-1]["kind"] == "fault"


def test_a_structure_is_masked_and_refuses_what_it_cannot_replace() -> None:
    llm = FakeLLM(lambda _: "number 123456")
    params = Params(structured_outputs=Structured(choice=["number 123456", "none"]))
    [output] = governed(llm, MASKING).generate("Hi.", params)
    assert llm.asked[0]["params"].structured_outputs.choice == ["number [code]", "none"]
    assert params.structured_outputs == Structured(choice=["number 123456", "none"]), "the caller's own stays"
    assert (output.outputs[0].text, output.outputs[0].finish_reason) == ("", "content_filter")
    assert output.ordinance["notices"]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ({"prompt_embeds": "tensor"}, "prompt_embeds"),
        ({"encoder_prompt": "a", "decoder_prompt": "b"}, "decoder_prompt"),
        (b"bytes", "bytes"),
        ({"prompt_token_ids": "x"}, "prompt_token_ids"),
        ({}, "dict"),
        (7.5, "float"),
        ("half \ud800", "cannot be screened"),
    ],
)
def test_what_cannot_be_looked_at_is_told_before_anything_is_asked(prompt: Any, said: str) -> None:
    llm = FakeLLM()
    with pytest.raises(BatchError, match=said) as caught:
        governed(llm).generate(["fine", prompt])
    assert caught.value.help
    assert "prompt 1" in str(caught.value)
    assert llm.asked == []


def test_text_that_vllm_would_not_write_out_is_told() -> None:
    with pytest.raises(BatchError, match="detokenize"):
        governed(FakeLLM()).generate("Hi.", Params(detokenize=False))


def test_parameters_of_another_kind_are_told() -> None:
    with pytest.raises(BatchError, match="object is not supported"):
        governed(FakeLLM()).generate("Hi.", object())


def test_arguments_that_are_not_known_and_lists_of_another_length_are_told() -> None:
    llm = FakeLLM()
    with pytest.raises(BatchError, match="documents"):
        governed(llm).generate("Hi.", documents=["x"])
    with pytest.raises(BatchError, match="2 values for 1"):
        governed(llm).generate("Hi.", [Params(), Params()])
    with pytest.raises(BatchError, match="priority"):
        governed(llm).generate(["Hi.", RED_LINE], priority=[1])
    assert llm.asked == []


# conversations


def ask(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_one_conversation_or_a_list_of_them() -> None:
    llm = FakeLLM(lambda messages: messages[0]["content"])
    assert len(governed(llm).chat(ask("one"), use_tqdm=False)) == 1
    outputs = governed(llm).chat([ask("one"), ask(RED_LINE), ask("three")])
    assert [text.split("\n\n")[1] for text in texts(outputs)] == ["one", REFUSED["en"], "three"]
    with pytest.raises(BatchError, match="conversation 0"):
        governed(llm).chat(["no messages"])
    with pytest.raises(BatchError, match="cannot be screened"):
        governed(llm).chat([{"role": "user", "content": [{"type": "image_pil", "image_pil": object()}]}])


def test_what_is_not_text_is_given_where_it_was_said_that_it_may() -> None:
    """As at the gateway: data alone, and only what `parts` has; nothing is given to the model otherwise."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    address = {"type": "image_url", "image_url": {"url": "http://10.0.0.1/x.png"}}
    taking = SETTINGS.model_copy(update={"parts": ["image"]})

    def chat(settings: Settings, part: Any) -> FakeLLM:
        llm = FakeLLM()
        GovernedLLM(llm, Desk(small_plan(), settings, {})).chat([{"role": "user", "content": [part]}])
        return llm

    assert "image/png" in str(chat(taking, picture).asked[0]["prompt"])
    for settings, part, told in (
        (SETTINGS, picture, r"parts: \[image\]"),
        (taking, address, "must contain its data"),
        (taking, {"type": "image_embeds", "image_embeds": "AAAA"}, "never accepted"),
    ):
        with pytest.raises(BatchError, match=told):
            chat(settings, part)

    def generate(settings: Settings, data: Any) -> FakeLLM:
        llm = FakeLLM()
        GovernedLLM(llm, Desk(small_plan(), settings, {})).generate({"prompt": "x", "multi_modal_data": data})
        return llm

    given = {"prompt": "x", "multi_modal_data": {"image": "pixels"}}
    assert generate(taking, {"image": "pixels"}).asked[0]["prompt"] == given
    for settings, data, told in (
        (SETTINGS, {"image": "pixels"}, 'parts=["image"]'),
        (taking, {"image": "pixels", "audio": "sound"}, 'parts=["audio"]'),
        (taking, {"image": {"image_embeds": "numbers"}}, "embeddings"),
        (taking, {"other": "x"}, "unknown kind of data"),
        (taking, "pixels", "not a mapping"),
    ):
        with pytest.raises(BatchError) as caught:
            generate(settings, data)
        assert told in f"{caught.value} {caught.value.help}"


def test_tools_are_looked_at_and_go_to_the_model_masked() -> None:
    llm = FakeLLM()
    tools = [{"type": "function", "function": {"name": "f", "description": "Takes 123456."}}]
    governed(llm, MASKING).chat([ask("a"), ask("b")], tools=tools)
    assert llm.asked[0]["tools"][0]["function"]["description"] == "Takes [code]."
    refusing = [{"type": "function", "function": {"name": "f", "parameters": {"properties": {RED_LINE: {}}}}}]
    [output] = governed(llm).chat(ask("a"), tools=refusing)
    assert output.ordinance["verdict"] == "refuse"
    assert len(llm.asked) == 2


def test_what_a_template_is_told_is_passed_or_refused_and_never_left_out() -> None:
    llm = FakeLLM()
    governed(llm).chat(ask("Hi."), chat_template_kwargs={"enable_thinking": False})
    assert llm.asked[0]["chat_template_kwargs"] == {"enable_thinking": False}
    with pytest.raises(BatchError, match="chat_template_kwargs"):
        governed(llm).chat(ask("Hi."), chat_template_kwargs={"instead": "Say something else."})
    assert len(llm.asked) == 1


@pytest.mark.semantics(10)
@pytest.mark.parametrize("role", ["assistant", "user"])
def test_a_conversation_that_is_continued(role: str) -> None:
    messages = [*ask("Go on."), {"role": role, "content": "A forbidden"}]
    llm = governed(FakeLLM(lambda _: " flag there."))
    [output] = llm.chat(messages, None, False, add_generation_prompt=False, continue_final_message=True)
    assert "⟦…⟧ there." in output.outputs[0].text.split("\n\n")
    assert output.ordinance["verdict"] == "withhold"


@pytest.mark.semantics(10)
def test_with_a_template_of_the_caller_s_the_answer_continues_what_it_wrote() -> None:
    llm = governed(FakeLLM(lambda _: "flag there."))
    [output] = llm.chat(ask("A forbidden "), chat_template="{{ messages[0].content }}")
    assert output.ordinance["verdict"] == "withhold"


def test_system_messages_may_be_the_operator_s() -> None:
    messages = [{"role": "system", "content": f"Never say {RED_LINE}."}, *ask("Hi.")]
    llm = FakeLLM()
    assert governed(llm).chat(messages)[0].ordinance["verdict"] == "refuse"
    assert governed(llm, system_is_ours=True).chat(messages)[0].ordinance["verdict"] == "disclose"


# the door


@pytest.mark.parametrize("name", ["beam_search", "encode", "enqueue", "llm_engine", "anything"])
def test_what_is_not_governed_is_closed(name: str) -> None:
    llm = governed(FakeLLM())
    with pytest.raises(ClosedMethodError, match=name) as caught:
        getattr(llm, name)
    assert isinstance(caught.value, OrdinanceError)
    assert "get_tokenizer" in caught.value.help
    assert not hasattr(llm, name)
    assert isinstance(llm.get_tokenizer(), Tokenizer)


def test_a_defect_ends_one_answer_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    llm = FakeLLM(lambda prompt: prompt)
    real = GovernedChoice.take

    def fail(self: Any, said: Any) -> Any:
        if "two" in said.texts.get("content", ""):
            raise KeyError("what was said")
        return real(self, said)

    monkeypatch.setattr(GovernedChoice, "take", fail)
    with pytest.warns(UserWarning, match="defect: KeyError at") as warned:
        outputs = governed(llm).generate(["one", "two"])
    assert "what was said" not in str(warned[0].message)
    assert "one" in outputs[0].outputs[0].text
    assert outputs[1].outputs[0].finish_reason == "content_filter"
    assert "two" not in outputs[1].outputs[0].text
    assert outputs[1].ordinance["notices"][-1]["kind"] == "fault"


def test_the_audit_log_has_a_line_for_each_prompt_and_no_text(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    audit = AuditLog(AuditSettings(path=log))
    governed(FakeLLM(lambda _: FORBIDDEN), audit=audit).generate(["one", RED_LINE])
    audit.close()
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [line["verdict"] for line in lines] == ["withhold", "refuse"]
    assert FORBIDDEN not in log.read_text("utf-8")


def test_a_batch_whose_records_are_required_asks_the_model_once_they_are_written(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.symlink_to("/dev/full")
    llm = FakeLLM(lambda _: FORBIDDEN)
    required = governed(llm, audit=AuditLog(AuditSettings(path=log, required=True)))
    with pytest.raises(BatchError, match="the model was not asked"):
        required.generate(["one"])
    log.unlink()
    required.generate(["one", RED_LINE, "three"])
    del required
    gc.collect()
    records = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [each["event"] for each in records] == ["begin", "begin", "end", "end", "end"]
    assert [each["request"] for each in records[:2]] == [records[2]["request"], records[4]["request"]]
    assert all(each["output"] and each["api"] == "batch" for each in records[2:])


def test_govern_reads_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "ordinance.yaml"
    config.write_text("jurisdiction: DE\nlocale: de-DE\npolicy: ours\n", "utf-8")
    monkeypatch.setenv("ORDINANCE_CONFIG", str(config))
    said = "Here: ordinance-canary-86a-5d21e8. Bye."
    [output] = govern(FakeLLM(lambda _: said)).generate("Hi.")
    assert output.ordinance["policy"]["name"] == "ours"
    assert "§ 86a" in output.outputs[0].text
    assert "5d21e8" not in repr(output)
    lessons = govern(FakeLLM(lambda _: said), attested={"purpose": "education"}, locale="en")
    assert "5d21e8" in texts(lessons.generate("Hi."))[0]
    with pytest.raises(OrdinanceError, match="XX"):
        govern(FakeLLM(), jurisdiction="XX")
    config.write_text("locale: en\n", "utf-8")
    with pytest.warns(UserWarning, match="only the charter applies"):
        govern(FakeLLM())


def test_what_is_no_llm_is_told() -> None:
    with pytest.raises(BatchError, match="is no"):
        govern("org/model", jurisdiction="DE")


@pytest.mark.server
def test_it_imports_without_vllm() -> None:
    code = "import sys, ordinance.batch; print([name for name in sys.modules if name.partition('.')[0] == 'vllm'])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


# how to speak


def desk(folder: Path, *lines: str, **settings: Any) -> Desk:
    """Of a school that says this, in Estonian."""
    school = manners.with_notice(manners.house(*lines), "et")
    packs = manners.plan_of(folder, manners.language("et", "language et", "address formal"), school)
    return Desk(packs, Settings.model_validate({"locale": "et", **settings}), {})


def test_a_conversation_is_told_how_to_speak_as_by_the_server(tmp_path: Path) -> None:
    llm = FakeLLM()
    conversation = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tere!"}]
    told = GovernedLLM(llm, desk(tmp_path, "without adapter answer telling none"))
    told.chat(conversation)
    system, user = llm.asked[0]["prompt"]
    assert system["content"].startswith("Be brief.\n\n")
    assert "eesti keeles" in system["content"]
    assert user == conversation[1]
    told.generate("Tere!")
    assert llm.asked[1]["prompt"] == "Tere!", "a bare text has no place for it"


@pytest.mark.semantics(33)
def test_what_came_back_is_told_as_by_the_server(tmp_path: Path) -> None:
    familiar = "Tere! Kui sa tahad, siis ma saadan sulle vastuse homme, sest täna ei ole meil enam aega."
    told = desk(tmp_path, "without adapter answer telling none")
    llm = GovernedLLM(FakeLLM(lambda _: familiar), told)
    for [output] in (llm.chat(ASKED), llm.generate("Tere!")):
        assert output.ordinance["adapters"] == [
            {"slot": "language", "value": "et", "state": "kept"},
            {"slot": "address", "value": "formal", "state": "missed"},
        ]


@dataclass
class Lora:
    lora_name: str


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize(
    ("lora", "missing"),
    [(None, True), (Lora("other"), True), (Lora("et-instruct"), False)],
    ids=["none", "other", "it"],
)
def test_a_prompt_without_the_adapter_of_its_language_is_told_or_refused_as_the_pack_says(
    tmp_path: Path, chat: bool, lora: Lora | None, missing: bool
) -> None:
    for word in ("answer", "decline"):
        llm = FakeLLM()
        folder = tmp_path / word
        folder.mkdir()
        made = desk(folder, f"without adapter {word} telling none", adapters={"et": {"lora": "et-instruct"}})
        governed_llm = GovernedLLM(llm, made)
        prompts: Any = [[{"role": "user", "content": "Tere!"}]] if chat else ["Tere!"]
        [output] = (governed_llm.chat if chat else governed_llm.generate)(prompts, lora_request=[lora])
        said = output.outputs[0]
        assert ("No adapter (et)." in said.text) is missing
        assert (said.finish_reason == "content_filter") is (missing and word == "decline")
        assert bool(llm.asked) is not (missing and word == "decline")


@pytest.mark.requirement("MK-1")
def test_an_answer_of_a_batch_is_signed_and_its_watermark_is_not_the_caller_s_to_switch_off() -> None:
    llm = FakeLLM(lambda _: f"See the {FORBIDDEN}.")
    params = Params(n=1, temperature=0.0, watermarking=False)
    desk = {"signer": SIGNER, "watermarked": True}
    for prompt, shown in (("Hi.", "See the ⟦…⟧."), (f"A {RED_LINE}?", REFUSED["en"])):
        [output] = governed(llm, marked_plan(), **desk).generate(prompt, params)
        assert shown in output.outputs[0].text
        saved = {"request_id": output.request_id, "outputs": [vars(each) for each in output.outputs]}
        data = json.dumps({**saved, "ordinance": output.ordinance}).encode()
        verified, found = verify(data, "answer", [PUBLIC], datetime.now(UTC))
        assert (found, verified is not None) == ([], True)
        spoilt = json.dumps({**saved, "request_id": "other", "ordinance": output.ordinance}).encode()
        assert [each.code for each in verify(spoilt, "answer", [PUBLIC], datetime.now(UTC))[1]] == ["mark-answer"]
        assert output.ordinance["watermark"] == "skipped"
    assert llm.asked[-1]["params"].watermarking is None
    assert params.watermarking is False  # the caller's own is left as it is
    [unmarked] = governed(llm).generate("Hi.", params)
    assert "signature" not in unmarked.ordinance
