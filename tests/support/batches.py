"""A stand-in for ``vllm.LLM`` and its output classes, with vLLM's names and signatures, that says what a test wants.

Its tokenizer has a token for each character; the ids 1 and 2 are control tokens that stand between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

_CONTROLS = {1: "<s>", 2: "</s>"}


@dataclass
class CompletionOutput:
    index: int
    text: str
    token_ids: Sequence[int]
    cumulative_logprob: float | None
    logprobs: Any
    routed_experts: Any = None
    finish_reason: str | None = None
    stop_reason: int | str | None = None
    lora_request: Any = None
    sampling_mask: Any = None


@dataclass
class RequestOutput:
    request_id: str
    prompt: str | None
    prompt_token_ids: list[int] | None
    prompt_logprobs: Any
    outputs: list[CompletionOutput]
    finished: bool
    metrics: Any = None
    lora_request: Any = None
    num_cached_tokens: int | None = None
    kv_transfer_params: Any = None
    ordinance: Any = None


@dataclass
class Structured:
    json: Any = None
    regex: str | None = None
    choice: list[str] | None = None


@dataclass
class Params:
    """``SamplingParams``."""

    n: int = 1
    stop: list[str] | None = None
    bad_words: list[str] | None = None
    structured_outputs: Structured | None = None
    detokenize: bool = True
    extra_args: dict[str, Any] | None = None
    stop_token_ids: list[int] | None = None
    logit_bias: dict[int, float] | None = None
    allowed_token_ids: list[int] | None = None
    repetition_penalty: float = 1.0
    min_tokens: int = 0
    ignore_eos: bool = False
    trace_decode_token_ids: list[int] | None = None
    temperature: float = 1.0
    watermarking: bool | None = None

    def clone(self) -> Params:
        return copy(self)


@dataclass
class Logprob:
    logprob: float
    rank: int | None = None
    decoded_token: str | None = None


class Tokenizer:
    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        controls = {} if skip_special_tokens else _CONTROLS
        return "".join(controls.get(each, "") if each in _CONTROLS else chr(each) for each in ids)

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        return [*([1] if add_special_tokens else []), *map(ord, text)]


def outputs_module() -> ModuleType:
    """What stands for ``vllm.outputs``."""
    module = ModuleType("vllm.outputs")
    module.RequestOutput = RequestOutput  # type: ignore[attr-defined]
    module.CompletionOutput = CompletionOutput  # type: ignore[attr-defined]
    return module


@dataclass
class FakeLLM:
    """``say`` gives the text of the answer to a prompt; ``ids`` the token ids of a text, ``other`` a token that could
    have stood at each place. ``asked`` is what it was given, one entry for each prompt."""

    say: Callable[[Any], str] = lambda _: "Hello."
    ids: Callable[[str], list[int]] = lambda text: [*map(ord, text), 2]
    finish: str = "stop"
    stop: int | str | None = None
    other: str = "z"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_tokenizer(self) -> Tokenizer:
        return Tokenizer()

    def get_default_sampling_params(self) -> Params:
        return Params()

    def beam_search(self, prompts: Any, params: Any) -> str:
        return "ungoverned"

    def generate(self, prompts: Any, sampling_params: Any = None, *, use_tqdm: bool = True, lora_request: Any = None,
                 priority: Any = None, tokenization_kwargs: Any = None) -> list[RequestOutput]:  # fmt: skip
        return self._answer(prompts, sampling_params, {"lora_request": lora_request, "priority": priority})

    def chat(self, messages: Any, sampling_params: Any = None, use_tqdm: bool = True, lora_request: Any = None,
             priority: Any = None, chat_template: str | None = None, chat_template_content_format: str = "auto",
             add_generation_prompt: bool = True, continue_final_message: bool = False, tools: Any = None,
             chat_template_kwargs: Any = None) -> list[RequestOutput]:  # fmt: skip
        shared = {"tools": tools, "chat_template_kwargs": chat_template_kwargs, "chat_template": chat_template,
                  "continue_final_message": continue_final_message, "priority": priority}  # fmt: skip
        return self._answer(messages, sampling_params, shared)

    def _answer(self, prompts: Any, params: Any, more: Mapping[str, Any]) -> list[RequestOutput]:
        found = []
        for number, (prompt, own) in enumerate(zip(prompts, params, strict=True)):
            paired = {
                name: value[number] for name, value in more.items() if isinstance(value, list) and name != "tools"
            }
            self.asked.append({"prompt": prompt, "params": own, **more, **paired})
            outputs = [self._completion(index, self.say(prompt)) for index in range(own.n)]
            written = self._written(prompt)
            found.append(RequestOutput(
                str(number), written, Tokenizer().encode(written), [{1: Logprob(-0.5, 1, "secret")}], outputs, True,
                metrics="counts", num_cached_tokens=3, kv_transfer_params={"secret": 1},
            ))  # fmt: skip
        return found

    def _completion(self, index: int, text: str) -> CompletionOutput:
        ids = self.ids(text)
        logprobs = [
            {each: Logprob(-0.1, 1, Tokenizer().decode([each])), ord(self.other[-1]) + 9000: Logprob(-3, 2, self.other)}
            for each in ids
        ]
        return CompletionOutput(
            index, text, ids, -1.5, logprobs, "experts", self.finish, self.stop, sampling_mask="mask"
        )

    def _written(self, prompt: Any) -> str:
        match prompt:
            case str():
                return prompt
            case {"prompt": str(text)}:
                return text
            case {"prompt_token_ids": ids}:
                return Tokenizer().decode(ids)
        return "\n".join(str(message.get("content")) for message in prompt)
