"""``govern(llm)``: the two governed methods, the few that pass, and all others closed."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from ordinance.batch.desk import Desk, desk_of
from ordinance.batch.inputs import Asked, Tokenizer, ask_chat, ask_prompt
from ordinance.batch.outputs import answered, refused
from ordinance.errors import BatchError, ClosedMethodError

#: Methods that give no text and lead to none.
PASSED = frozenset({
    "get_tokenizer", "get_default_sampling_params", "get_world_size", "get_metrics", "reset_prefix_cache",
    "reset_mm_cache", "start_profile", "stop_profile", "sleep", "wake_up",
})  # fmt: skip
#: Arguments with a value for each prompt, if they are lists.
_PAIRED = ("lora_request", "priority")
#: Arguments of ``chat`` whose strings the model reads, and those that decide what an answer continues.
_SHARED = ("tools", "chat_template_kwargs", "add_generation_prompt", "continue_final_message")
#: With these the caller decides how a prompt is written out, or how much of it the model sees.
_WRITING = frozenset({"chat_template", "tokenization_kwargs"})
_KNOWN = frozenset({
    "use_tqdm", "mm_processor_kwargs", "chat_template_content_format", *_PAIRED, *_SHARED, *_WRITING,
})  # fmt: skip


class GovernedLLM:
    """A ``vllm.LLM`` that answers under a policy; ``govern`` makes one.

    ``generate`` and ``chat`` have vLLM's own arguments. Each output is a ``RequestOutput`` of vLLM's with one attribute
    more: ``ordinance``, the object that the server puts into an answer (policy, verdict, notices).

    - ``outputs[i].text`` is the governed answer, with notices as paragraphs, byte for byte what the gateway gives for
      the same words of the model (``stream: false``). A refusal is the notices alone, ``finish_reason`` is
      ``content_filter``.
    - ``token_ids``, ``logprobs``, ``cumulative_logprob`` and ``stop_reason`` are there if nothing of the answer was
      removed and they say nothing that its text does not; otherwise empty or None. ``prompt`` and ``prompt_token_ids``
      are there if besides nothing in the prompt would be removed from an answer. ``prompt_logprobs`` never are.

    Both raise ``BatchError`` before the model is asked anything, for a prompt that cannot be looked at, for an
    argument that is not known, and where a record is required that cannot be written.
    """

    def __init__(self, llm: Any, desk: Desk) -> None:
        self._llm = llm
        self._desk = desk

    def generate(self, prompts: Any, sampling_params: Any = None, *rest: Any, **more: Any) -> list[Any]:
        """As ``vllm.LLM.generate``: prompts are texts, ``{"prompt": …}``, token ids or ``{"prompt_token_ids": …}``."""
        more = _named(self._llm.generate, prompts, sampling_params, rest, more)
        tokenizer = self._llm.get_tokenizer()
        asked = [
            ask_prompt(self._desk, prompt, params, lora, tokenizer, f"prompt {number}")
            for number, (prompt, params, lora) in enumerate(self._each_with(_each(prompts, int), sampling_params, more))
        ]
        return self._ask(self._llm.generate, asked, more, tokenizer)

    def chat(self, messages: Any, sampling_params: Any = None, *rest: Any, **more: Any) -> list[Any]:
        """As ``vllm.LLM.chat``: ``messages`` is one conversation or a list of them."""
        more = _named(self._llm.chat, messages, sampling_params, rest, more)
        shared = {name: more[name] for name in _SHARED if more.get(name) is not None}
        asked = [
            ask_chat(self._desk, conversation, params, lora, shared, f"conversation {number}")
            for number, (conversation, params, lora) in enumerate(
                self._each_with(_each(messages, Mapping), sampling_params, more)
            )
        ]
        return self._ask(self._llm.chat, asked, more, self._llm.get_tokenizer())

    def __getattr__(self, name: str) -> Any:
        if name in PASSED:
            return getattr(self._llm, name)
        raise ClosedMethodError(
            f"'{name}' is closed: Ordinance governs only `generate` and `chat`.",
            help=f"Open are: {', '.join(sorted(PASSED))}.",
        )

    def _each_with(self, prompts: Sequence[Any], params: Any, more: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
        """Each prompt with its sampling parameters and its adapter."""
        if params is None:
            params = [self._llm.get_default_sampling_params() for _ in prompts]
        loras = more.get("lora_request")
        return [
            *zip(
                prompts,
                _for_each("sampling_params", params, len(prompts)),
                _for_each("lora_request", loras, len(prompts)),
                strict=True,
            )
        ]

    def _ask(
        self, method: Callable[..., Any], asked: list[Asked], more: dict[str, Any], tokenizer: Tokenizer
    ) -> list[Any]:
        """Give the model what may be given, and govern what it says; the order is that of the prompts."""
        for name in _PAIRED:
            if isinstance(more.get(name), Sequence):
                _paired(name, more[name], len(asked))
        outputs: list[Any] = [refused(each) if each.given is None else None for each in asked]
        # What all prompts share was masked for each by itself; where a detector failed for one, it differs.
        together: dict[bytes, list[int]] = {}
        for number, each in enumerate(asked):
            if each.given is not None:
                together.setdefault(msgspec.json.encode(each.shared), []).append(number)
        rendered = any(more.get(name) is not None for name in _WRITING)
        names = [uuid.uuid4().hex for _ in asked]
        given = {name: each.session for name, each in zip(names, asked, strict=True) if each.given is not None}
        self._desk.begin(given)
        for numbers in together.values():
            chosen = [asked[number] for number in numbers]
            paired = {
                name: [more[name][number] for number in numbers]
                for name in _PAIRED
                if isinstance(more.get(name), Sequence)
            }
            arguments = {**more, **paired, **chosen[0].shared}
            said = method([each.given for each in chosen], [each.params for each in chosen], **arguments)
            for number, output in zip(numbers, said, strict=True):
                outputs[number] = answered(output, asked[number], tokenizer, rendered=rendered)
        for name, each, output in zip(names, asked, outputs, strict=True):
            self._desk.record(name, output.request_id, each.session)
        return outputs


def govern(
    llm: Any,
    *,
    jurisdiction: str | None = None,
    locale: str | None = None,
    packs: Sequence[Path | str] | None = None,
    parts: Sequence[str] | None = None,
    config: Path | str | None = None,
    attested: Mapping[str, str] | None = None,
    system_messages_are_ours: bool = False,
    on: date | None = None,
) -> GovernedLLM:
    """``llm``, a ``vllm.LLM``, governed by a policy.

    ``jurisdiction`` is whose law applies, such as ``"DE"``; without one only the charter does, and a warning says so.
    ``locale`` is the language that notices are in, such as ``"de-DE"``; it decides no law. ``packs`` are packs or
    folders of packs; none given, all that ship. ``parts`` are what prompts may hold beside text, of ``image``,
    ``audio``, ``video`` and ``file``; nobody looks into them. ``config`` is a file of settings
    (``docs/configuration.md``), else the one that ``ORDINANCE_CONFIG`` names; an argument wins over it. Of the file,
    what is about a server does nothing here; ``audit`` and ``limits.detector_*`` do. ``attested`` are facts that you
    vouch for, such as ``{"purpose": "education"}``. ``system_messages_are_ours``: you write the system messages, so a
    red line that they name refuses nothing. ``on`` takes that day for today.

    Whoever holds ``llm`` itself can still ask it directly: keep only what this returns. Raises ``OrdinanceError``
    where the settings are wrong, the policy does not load, or does not know what is attested.
    """
    if not callable(getattr(llm, "generate", None)):
        raise BatchError("the first argument is not a `vllm.LLM`.", help='Give one: govern(LLM("org/model"), …).')
    desk = desk_of(
        jurisdiction=jurisdiction, locale=locale, packs=packs, parts=parts, config=config, attested=attested,
        system_messages_are_ours=system_messages_are_ours, on=on,
    )  # fmt: skip
    return GovernedLLM(llm, replace(desk, watermarked=_watermarked(llm)))


def _watermarked(llm: Any) -> bool | None:
    """Return whether a vLLM has a watermark; None if it does not show its configuration. Before 0.32 none has."""
    config = getattr(getattr(llm, "llm_engine", None), "vllm_config", None)
    return None if config is None else getattr(config, "watermark_config", None) is not None


def _named(method: Callable[..., Any], first: Any, params: Any, rest: tuple[Any, ...],
           more: dict[str, Any]) -> dict[str, Any]:  # fmt: skip
    """Return the arguments after the first two, by the names that vLLM gives them."""
    if rest:
        bound = inspect.signature(method).bind(first, params, *rest, **more).arguments
        more = dict(list(bound.items())[2:])
    strange = sorted(more.keys() - _KNOWN)
    if strange:
        raise BatchError(
            f"unknown argument '{strange[0]}': Ordinance cannot check what it does.",
            help="docs/batch.md lists the arguments.",
        )
    return more


def _each(given: Any, kind: type) -> Sequence[Any]:
    """Return the prompts of a batch, or the one prompt: a list of ``kind`` is one prompt, as vLLM reads it."""
    if isinstance(given, str | bytes | Mapping):
        return [given]
    prompts = list(given)
    return [prompts] if prompts and all(isinstance(each, kind) for each in prompts) else prompts


def _for_each(name: str, value: Any, count: int) -> Sequence[Any]:
    """Return an argument's value for each prompt; one value may be given for all."""
    return _paired(name, value, count) if isinstance(value, Sequence) else [value] * count


def _paired(name: str, values: Sequence[Any], count: int) -> Sequence[Any]:
    if len(values) != count:
        raise BatchError(f"`{name}` has {len(values)} values for {count} prompts.", help="Give one, or one for each.")
    return values
