"""Who ended an answer: the model, or somebody else (semantics, rule 6).

An end is the model's own only where the upstream says so and nothing in the request could force it. Every field that
goes upstream is in one of the two tables; a test holds that none is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import Structure

#: Reasons that say, where no stop is named, that the model had said all it wanted. Every other one is a cut.
OWN_REASONS = frozenset({"stop", "tool_calls", "function_call"})

#: Fields that can force an end, each with the values that do nothing; none given and nothing in it do nothing either.
FORCING: Mapping[str, tuple[Any, ...]] = {
    # where to stop
    "stop": (),
    "stop_sequences": (),
    "stop_token_ids": (),
    "repetition_detection": (),
    "suffix": (),  # the model ends where it begins
    # what may not be said next, so that only an end is left
    "logit_bias": (),
    "allowed_token_ids": (),
    "bad_words": (),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "repeat_penalty": (1,),
    "repeat_last_n": (0,),
    "dry_multiplier": (0,),
    "dry_base": (),
    "dry_allowed_length": (),
    "dry_penalty_last_n": (0,),
    "dry_sequence_breakers": (),
    "xtc_probability": (0,),  # drops the likeliest token
    "samplers": (),  # can put any of these to work
    # how long an answer, or the thoughts before it, may be
    "n_predict": (-1,),
    "min_tokens": (0,),  # the end that was put off comes at a place of the client's
    "ignore_eos": (False,),
    "thinking_token_budget": (),
    "thinking.budget_tokens": (),
    "chat_template_kwargs.thinking_budget": (),
    "use_beam_search": (False,),
    "length_penalty": (1,),
    # a grammar that can end an answer anywhere; see also _FORMS
    "structured_outputs.whitespace_pattern": (),
    "tool_choice": ("auto", "none", {"type": "auto"}, {"type": "none"}),
    "function_call": ("auto", "none"),
}

#: Of these, what can put another token in the place of the one that the model would say: then no phrase is completed,
#: and what stands before that token leaves.
STEERING = (
    "logit_bias", "allowed_token_ids", "bad_words", "frequency_penalty", "presence_penalty", "repetition_penalty",
    "repeat_penalty", "dry_multiplier", "xtc_probability", "samplers", "structured_outputs.whitespace_pattern",
)  # fmt: skip

#: Fields that ask for a form. One that is not JSON can end anywhere; in JSON the end of each string is looked at.
_FORMS = frozenset({
    "response_format", "structured_outputs", "guided_json", "guided_json_object", "guided_regex", "guided_choice",
    "guided_grammar", "json_schema", "json_object", "grammar", "regex", "ebnf", "structural_tag", "text.format",
    "output_config.format",
    *(f"structured_outputs.{name}" for name in (
        "json", "json_object", "regex", "choice", "grammar", "structural_tag", "disable_any_whitespace",
        "disable_additional_properties")),
    *(f"response_format.{name}" for name in ("type", "json_schema", "schema", "structures", "triggers", "format")),
})  # fmt: skip

#: Fields that cannot force an end, by reason.
NEUTRAL: Mapping[str, frozenset[str]] = {
    "an answer that it cuts says so: its reason is `length`": frozenset({
        "max_tokens", "max_completion_tokens", "max_output_tokens",
    }),
    "what is asked, and how the model is asked to speak or to think": frozenset({
        "model", "messages", "prompt", "input", "instructions", "system", "documents", "tools", "functions",
        "continue_final_message", "add_generation_prompt", "chat_template_kwargs",
        "chat_template_kwargs.enable_thinking", "chat_template_kwargs.thinking",
        "chat_template_kwargs.reasoning_effort", "reasoning_effort", "reasoning", "reasoning.effort", "text",
        "text.verbosity", "output_config", "output_config.effort", "thinking", "thinking.type", "truncation",
        "truncate_prompt_tokens", "add_special_tokens",
    }),
    "draws from what the model would say, all tokens by one measure": frozenset({
        "temperature", "top_p", "top_k", "min_p", "seed", "typical_p", "top_n_sigma", "min_keep", "mirostat",
        "mirostat_tau", "mirostat_eta", "dynatemp_range", "dynatemp_exponent", "n", "best_of",
    }),
    "does nothing without a field that forces": frozenset({
        "include_stop_str_in_output", "no_stop_trim", "xtc_threshold",
    }),
    "how an answer is sent, and what stands beside its text": frozenset({
        "stream", "stream_options", "stream_options.include_usage", "stream_interval", "logprobs", "top_logprobs",
        "return_token_ids", "echo", "include", "include_reasoning", "separate_reasoning", "stream_reasoning",
        "reasoning_format", "skip_special_tokens", "spaces_between_special_tokens",
    }),
    "which of the calls that were made are told, or how many of a server's own tools run": frozenset({
        "parallel_tool_calls", "max_tool_calls",
    }),
    "who asks, and what a server keeps": frozenset({
        "user", "cache_salt", "cache_prompt", "metadata", "metadata.user_id", "store",
    }),
}  # fmt: skip

CLASSIFIED = frozenset(FORCING) | _FORMS | frozenset().union(*NEUTRAL.values())


def forces(body: Mapping[str, Any], structure: Structure | None) -> bool:
    """Return whether a request can force an end: by a field of its ``body``, as it goes upstream, or by the form that
    it asks for."""
    if structure is not None and structure.free is None:
        return True
    return any(_does(_found(body, name), idle) for name, idle in FORCING.items())


def steering(body: Mapping[str, Any], structure: Structure | None) -> str | None:
    """Return the first field of a request's ``body`` that steers the model token by token, or by a form that is not
    JSON; None if there is none."""
    for name in STEERING:
        if _does(_found(body, name), FORCING[name]):
            return name
    if structure is None or structure.free is not None:
        return None
    return next((name for name in sorted(_FORMS) if "." not in name and body.get(name) is not None), "response_format")


def _found(body: Mapping[str, Any], name: str) -> Any:
    outer, _, inner = name.partition(".")
    value = body.get(outer)
    if not inner:
        return value
    return value.get(inner) if isinstance(value, dict) else None


def _does(value: Any, idle: tuple[Any, ...]) -> bool:
    return value is not None and value not in ("", [], {}) and value not in idle


def said_own(reason: str | None, stop: object) -> bool:
    """Return whether an upstream's ``reason`` for an end says that it was the model's own; ``stop`` is what it stopped
    at."""
    return reason in OWN_REASONS and stop is None


def kind_of(*, own: bool, forced: bool) -> End:
    """Return the kind of an end that the upstream reports as the model's ``own``, in a request that may have ``forced``
    it."""
    return End.OWN if own and not forced else End.CUT
