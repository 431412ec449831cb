"""Completions."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.doctor.protocols.canaries import Canary
from ordinance.doctor.protocols.protocol import LONG, Patch, saying, schema
from ordinance.protocol import routes


class Completions:
    """See ``Api``."""

    path = routes.COMPLETIONS

    def harmless(self, model: str) -> Patch:
        return {"model": model, "max_tokens": 1, "prompt": "Hello."}

    def fields(self, word: str) -> Iterator[tuple[str, Patch]]:
        yield "prompt", {"prompt": f"Say {word} now."}
        yield "prompt, the second of a list", {"prompt": ["Hello.", word]}
        yield "suffix", {"suffix": word}
        yield (
            "response_format, a name in the schema",
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema(word)}}},
        )
        yield "structured_outputs, choice", {"structured_outputs": {"choice": [word, "no"]}}

    def means(self, canary: Canary) -> Iterator[tuple[str, Patch]]:
        first, rest = canary.halves
        more: Patch = {"max_tokens": LONG, "logprobs": 1, "return_token_ids": True}
        begun = {"prompt": f"The code is {first}", "structured_outputs": {"choice": [rest]}}
        yield "a prompt to go on with", {**more, **begun}
        yield "a prompt to go on with, echoed", {**more, **begun, "echo": True}
        if canary.jurisdiction is not None:  # asking for it is no red line
            yield "an echo", {"logprobs": 1, "prompt": f"The code is {canary.word}.", "echo": True}
        yield "a pattern", {**more, "n": 2, "structured_outputs": {"regex": canary.pattern}}
        yield "a schema", {**more, "structured_outputs": {"json": saying(canary)}}

    def settings(self) -> Iterator[tuple[str, Patch]]:
        yield "vllm_xargs", {"vllm_xargs": "no object"}
        yield "prompt_logprobs", {"prompt_logprobs": 1}
        yield "return_token_ids", {"return_token_ids": True}
        yield "prompt_embeds", {"prompt": None, "prompt_embeds": "AAAA"}


COMPLETIONS = Completions()
