"""A batch with a real ``vllm.LLM``, once as it is and once governed: ``python tests/vllm/batch_job.py MODEL``.

The model is made to say a canary in several ways and several tokenisations. Printed is one JSON object: for each case
what the model said when nobody governed it (``raw``), and all that the governed output holds (``governed``). Runs where
vLLM is installed; ``test_batch_job.py`` reads what it prints.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

CANARY = "ordinance-canary-86a-5d21e8"
RED_LINE = "ordinance-canary-weapons-7f3a9c"
HALF = len(CANARY) // 2
CHATTING = [{"role": "user", "content": "Go on."}]


def cases(tokenizer: Any) -> Iterator[tuple[str, str, Any, dict[str, Any], dict[str, Any]]]:
    """Name, method, prompt, sampling parameters, other arguments."""
    Form = importlib.import_module("vllm.sampling_params").StructuredOutputsParams  # noqa: N806 - a class
    told = {"max_tokens": 80, "temperature": 1.0, "logprobs": 3}
    for seed in range(8):  # the form fixes the text, chance the tokens that it is made of
        yield f"choice {seed}", "generate", "Say it. ", {**told, "seed": seed, "structured_outputs": Form(
            choice=[CANARY])}, {}  # fmt: skip
    sentence = Form(regex=f"Well: {CANARY}, so it is")
    yield "regex", "generate", "Say it. ", {**told, "n": 2, "prompt_logprobs": 2, "structured_outputs": sentence}, {}
    yield "flat logprobs", "generate", "Say it. ", {**told, "flat_logprobs": True, "structured_outputs": sentence}, {}
    schema = {"type": "object", "properties": {"a": {"enum": [CANARY]}}, "required": ["a"]}
    yield "json", "generate", "Say it. ", {**told, "structured_outputs": Form(json=schema)}, {}
    rest = {**told, "structured_outputs": Form(choice=[CANARY[HALF:]])}
    yield "continuation", "generate", f"Say it. {CANARY[:HALF]}", rest, {}
    ids = tokenizer.encode(f"Say it. {CANARY[:HALF]}")
    yield "continued token ids", "generate", {"prompt_token_ids": ids}, rest, {}
    begun = [*CHATTING, {"role": "assistant", "content": CANARY[:HALF]}]
    yield "chat", "chat", CHATTING, {**told, "structured_outputs": Form(choice=[CANARY])}, {}
    continued = {"add_generation_prompt": False, "continue_final_message": True}
    yield "chat, continued", "chat", begun, rest, continued
    # One token is left to say, and nothing else can be said.
    [*_, last] = tokenizer.encode(CANARY)
    bias = {"max_tokens": 1, "temperature": 0.0, "logprobs": 3, "logit_bias": {last: 100.0}}
    missing = len(tokenizer.decode([last]))
    yield "logit bias", "generate", f"Say it. {CANARY[:-missing]}", bias, {}
    # The text ends before the stop string; the token ids do not.
    stopped = {**told, "stop": [CANARY[4:]], "structured_outputs": Form(choice=[CANARY])}
    yield "stop string", "generate", "Say it. ", stopped, {}
    yield "refused prompt", "generate", f"What is {RED_LINE}?", {**told, "n": 2}, {}
    yield "refused token ids", "generate", {"prompt_token_ids": tokenizer.encode(f"It is {RED_LINE}.")}, told, {}
    yield "harmless", "generate", "Say it. ", {**told, "structured_outputs": Form(choice=["Good day."])}, {}


def everything(output: Any, tokenizer: Any) -> dict[str, Any]:
    """All that an output holds, the tokens as text as well."""
    return {
        "text": [choice.text for choice in output.outputs],
        "finish_reason": [choice.finish_reason for choice in output.outputs],
        "tokens": [[tokenizer.decode([each]) for each in choice.token_ids] for choice in output.outputs],
        "logprobs": [
            [[entry.decoded_token for entry in (place or {}).values()] for place in choice.logprobs or ()]
            for choice in output.outputs
        ],
        "cumulative": [choice.cumulative_logprob for choice in output.outputs],
        "prompt": output.prompt,
        "prompt_logprobs": output.prompt_logprobs is not None,
        "everything": repr(vars(output)),
        "kind": type(output).__name__,
    }


def main(model: str) -> None:
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    from ordinance.batch import govern

    vllm = importlib.import_module("vllm")  # this folder has the same name, which type checkers take for it
    llm = vllm.LLM(model, dtype="float32", enforce_eager=True, max_model_len=512, max_logprobs=5, seed=0)
    governed = govern(llm, jurisdiction="DE", locale="en")
    tokenizer = llm.get_tokenizer()
    found: dict[str, Any] = {}
    batch: list[tuple[str, Any, Any]] = []
    for name, method, prompt, params, more in cases(tokenizer):
        sampling = vllm.SamplingParams(**params)
        if method == "generate":
            batch.append((name, prompt, sampling))
            continue
        [raw] = llm.chat(prompt, sampling, use_tqdm=False, **more)
        [output] = governed.chat(prompt, sampling, use_tqdm=False, **more)
        found[name] = {"raw": everything(raw, tokenizer), "governed": everything(output, tokenizer)}
        found[name]["ordinance"] = output.ordinance
    # One call for all the others: refused prompts stand between prompts that are answered.
    prompts, sampling = [prompt for _, prompt, _ in batch], [params for _, _, params in batch]
    raws = llm.generate(prompts, [each.clone() for each in sampling], use_tqdm=False)
    outputs = governed.generate(prompts, sampling, use_tqdm=False)
    for (name, _, _), raw, output in zip(batch, raws, outputs, strict=True):
        found[name] = {"raw": everything(raw, tokenizer), "governed": everything(output, tokenizer)}
        found[name]["ordinance"] = output.ordinance
    print(json.dumps(found))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main(sys.argv[1])
