"""Which fields of a request go upstream. What is in no list here does not: a server might act on it unseen.

A field is forwarded because it says what is asked, or how an answer is made of it; each is looked at for what it says.
What is known to servers and is not forwarded stands here with the reason. Fields that hold others have a list for those
too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ordinance.protocol.problems import bad_request

# forwarded, by reason

#: How tokens are chosen, and where the model stops.
_SAMPLING = frozenset({
    "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "seed",
    "stop", "stop_token_ids", "ignore_eos", "logit_bias", "skip_special_tokens", "include_stop_str_in_output",
})  # fmt: skip
#: The same, where an API has them: lengths, beams, and what a server says beside its answer that is governed.
_GENERATION = frozenset({
    "max_tokens", "max_completion_tokens", "min_tokens", "n", "best_of", "use_beam_search", "length_penalty",
    "bad_words", "allowed_token_ids", "repetition_detection", "thinking_token_budget", "stream_interval",
    "spaces_between_special_tokens", "add_special_tokens", "truncate_prompt_tokens", "logprobs", "top_logprobs",
    "return_token_ids", "echo",
})  # fmt: skip
#: The form of an answer; `structured.py` reads them, so that a region is replaced only where it may be.
_FORM = frozenset({
    "response_format", "structured_outputs", "guided_json", "guided_json_object", "guided_regex", "guided_choice",
    "guided_grammar", "json_schema", "json_object", "grammar", "regex", "ebnf", "structural_tag",
})  # fmt: skip
#: What clients of llama.cpp and of SGLang send to choose tokens.
_OTHER_SERVERS = frozenset({
    "n_predict", "min_keep", "typical_p", "top_n_sigma", "repeat_penalty", "repeat_last_n", "mirostat", "mirostat_tau",
    "mirostat_eta", "dynatemp_range", "dynatemp_exponent", "xtc_probability", "xtc_threshold", "dry_multiplier",
    "dry_base", "dry_allowed_length", "dry_penalty_last_n", "dry_sequence_breakers", "samplers", "cache_prompt",
    "reasoning_format", "no_stop_trim", "separate_reasoning", "stream_reasoning",
})  # fmt: skip
#: Who asks, in the client's own words; and a salt with which a client keeps its prompts out of a shared cache.
_SENDER = frozenset({"user", "cache_salt"})
#: What is said, and the tools that a model may name.
_CHAT = frozenset({
    "model", "messages", "tools", "tool_choice", "functions", "function_call", "parallel_tool_calls", "documents",
    "stream", "stream_options", "reasoning_effort", "include_reasoning", "continue_final_message",
    "add_generation_prompt", "chat_template_kwargs",
})  # fmt: skip
_COMPLETIONS = frozenset({"model", "prompt", "suffix", "stream", "stream_options"})
_RESPONSES = frozenset({
    "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "max_tool_calls", "stream",
    "max_output_tokens", "top_logprobs", "include", "reasoning", "include_reasoning", "text", "truncation",
    "structured_outputs", "chat_template_kwargs", "store",
})  # fmt: skip
_EMBEDDINGS = frozenset({
    "model", "input", "encoding_format", "dimensions", "truncate_prompt_tokens", "add_special_tokens", "user",
})  # fmt: skip
_MESSAGES = frozenset({
    "model", "messages", "system", "tools", "tool_choice", "max_tokens", "stream", "stop_sequences", "temperature",
    "top_k", "top_p", "thinking", "output_config", "metadata", "cache_salt", "chat_template_kwargs",
})  # fmt: skip

# known to servers and not forwarded, by reason

_NOT_FORWARDED: Mapping[str, frozenset[str]] = {
    "arguments for a server's plugins, or code by name: ours are the operator's": frozenset({
        "vllm_xargs", "logits_processors", "custom_logit_processor", "custom_params",
    }),
    "another server's caches: text that nobody here has seen": frozenset({
        "kv_transfer_params", "ec_transfer_params", "session_id", "session_params", "prompt_cache_key", "id_slot",
    }),
    "decides what an answer continues, in a way that cannot be seen here": frozenset({
        "chat_template", "truncation_side", "prompt_embeds", "input_ids", "input_embeds",
    }),
    "arguments for the code that reads images and sound": frozenset({
        "mm_processor_kwargs", "media_io_kwargs", "mm_payload", "return_mm_kwargs",
    }),
    "a name, a place in the line or a model part that is the operator's to give": frozenset({
        "request_id", "rid", "priority", "service_tier", "lora", "lora_path",
    }),
    "a mark on the text that law may ask for and a client may not switch off": frozenset({"watermarking"}),
    "asks for what no answer may carry: text of a prompt or of the model's own that nothing governs": frozenset({
        "prompt_logprobs", "return_prompt_text", "logprob_token_ids", "return_token_offsets",
        "routed_experts_prompt_start", "return_hidden_states", "return_tokens_as_token_ids",
        "enable_response_messages", "modalities", "audio",
    }),
    "an answer that is kept would be given out again ungoverned": frozenset({"metadata", "background"}),
    "a text on the server that the answer goes on from cannot be looked at": frozenset({
        "previous_response_id", "previous_input_messages", "conversation", "prompt",
    }),
}  # fmt: skip

# what may stand in a field that holds others

#: What a template may be told: a switch or a number, or one plain word. Anything else could replace the conversation.
_TEMPLATE = frozenset({"enable_thinking", "thinking", "thinking_budget", "reasoning_effort"})
_LONGEST_WORD = 16


@dataclass(frozen=True, slots=True)
class _Only:
    """Of an object that a field holds, the members with these ``names``, where their value may pass."""

    names: frozenset[str]
    may_pass: Callable[[Any], bool] = lambda _: True

    def __call__(self, where: str, value: Any) -> Any:
        if not isinstance(value, dict):
            raise bad_request(f"`{where}` must be an object.", where)
        return {name: each for name, each in value.items() if name in self.names and self.may_pass(each)}


def _only(*names: str) -> _Only:
    return _Only(frozenset(names))


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isalpha() and len(value) <= _LONGEST_WORD
    return value is None or isinstance(value, bool | int | float)


def _logprobs_only(where: str, value: Any) -> Any:
    if not isinstance(value, list):
        raise bad_request(f"`{where}` must be a list.", where)
    return [each for each in value if each == "message.output_text.logprobs"]


_INSIDE: Mapping[str, Callable[[str, Any], Any]] = {
    "chat_template_kwargs": _Only(_TEMPLATE, _is_plain),
    "stream_options": _only("include_usage"),
    "structured_outputs": _only(
        "json", "json_object", "regex", "choice", "grammar", "structural_tag", "whitespace_pattern",
        "disable_any_whitespace", "disable_additional_properties",
    ),
    "response_format": _only("type", "json_schema", "schema", "structures", "triggers", "format"),
    "include": _logprobs_only,
    "reasoning": _only("effort"),
    "text": _only("format", "verbosity"),
    "thinking": _only("type", "budget_tokens"),
    "output_config": _only("effort", "format"),
    "metadata": _only("user_id"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one API. ``forwarded`` go upstream; ``dropped`` are known to servers and do not, each with the
    reason. Of any other field nothing is known, so it does not either."""

    forwarded: frozenset[str]
    dropped: Mapping[str, str] = field(init=False)

    @property
    def names(self) -> frozenset[str]:
        """Everything that is forwarded, and as `field.member` what may stand in a field that holds others."""
        held = ((name, _INSIDE[name]) for name in self.forwarded if name in _INSIDE)
        inside = (f"{name}.{member}" for name, only in held if isinstance(only, _Only) for member in only.names)
        return self.forwarded.union(inside)

    def __post_init__(self) -> None:
        reasons = {name: why for why, names in _NOT_FORWARDED.items() for name in names}
        object.__setattr__(self, "dropped", {name: why for name, why in reasons.items() if name not in self.forwarded})

    def of(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part of a request that goes upstream. Raises ``Problem`` (400) if a field that must be an object
        is not one."""
        return {
            name: _INSIDE[name](name, value) if name in _INSIDE and value is not None else value
            for name, value in body.items()
            if name in self.forwarded
        }


CHAT = Fields(_CHAT | _SAMPLING | _GENERATION | _FORM | _OTHER_SERVERS | _SENDER)
COMPLETIONS = Fields(_COMPLETIONS | _SAMPLING | _GENERATION | _FORM | _OTHER_SERVERS | _SENDER)
RESPONSES = Fields(_RESPONSES | _SAMPLING | _SENDER)
MESSAGES = Fields(_MESSAGES)
EMBEDDINGS = Fields(_EMBEDDINGS)
