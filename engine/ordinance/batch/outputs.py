"""One answer of a batch: vLLM's output in, the governed one out, made anew from what may leave.

What is not read here does not pass: a field that a later vLLM adds is empty until somebody has looked at it.
"""

from __future__ import annotations

import importlib
import uuid
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from ordinance.batch.inputs import Asked, Tokenizer
from ordinance.policy.vocabulary import Verdict
from ordinance.protocol.asked import trimmed
from ordinance.protocol.finish import said_own
from ordinance.protocol.govern.choice import GovernedChoice
from ordinance.protocol.said import CONTENT, Said, Token
from ordinance.runtime.session import Session
from ordinance.serve.http.stderr import described

#: Token ids at the end of a prompt that an answer may continue; the session looks at fewer characters.
_REACH = 4096


def answered(output: Any, asked: Asked, tokenizer: Tokenizer, *, rendered: bool) -> Any:
    """Return the governed ``RequestOutput``. ``rendered``: the caller decided how the prompt was written out, so the
    answer is also read as a continuation of that."""
    session = asked.session
    prompt_ids = list(output.prompt_token_ids or ())
    if rendered:
        readings = asked.request.readings[0] or ("",)
        written = tokenizer.decode(prompt_ids[-_REACH:], skip_special_tokens=False)
        session.continue_each([(*readings, *trimmed([written]))])
    outputs = [_choice(asked, completion, tokenizer) for completion in output.outputs]
    whole = session.outcome().verdict < Verdict.WITHHOLD
    shown = whole and session.clean(_prompt_of(output, prompt_ids, tokenizer))
    return _told(
        session,
        request_id=output.request_id,
        prompt=output.prompt if shown else None,
        prompt_token_ids=prompt_ids if shown else [],
        outputs=outputs,
        finished=output.finished,
        metrics=output.metrics if whole else None,
        lora_request=output.lora_request,
        num_cached_tokens=output.num_cached_tokens if whole else None,
    )


def refused(asked: Asked) -> Any:
    """Return the output for a prompt that a red line refused; the model was not asked."""
    choices = [
        _completion(number, GovernedChoice(asked.request, asked.session, number).take(Said(finish="stop", own=True)))
        for number in range(asked.request.choices)
    ]
    name = f"ordinance-{uuid.uuid4().hex}"
    return _told(
        asked.session, request_id=name, prompt=None, prompt_token_ids=[], outputs=choices, finished=True
    )  # fmt: skip


def _told(session: Session, **fields: Any) -> Any:
    output = _vllm().RequestOutput(prompt_logprobs=None, **fields)
    output.ordinance = session.metadata(output.request_id)
    return output


def _choice(asked: Asked, completion: Any, tokenizer: Tokenizer) -> Any:
    ids = list(completion.token_ids)
    tokens = None if completion.logprobs is None else list(_tokens(ids, completion.logprobs))
    said = Said({CONTENT: completion.text}, token_ids=ids, finish=completion.finish_reason or "stop")
    said.own = said_own(completion.finish_reason, completion.stop_reason)
    said.stop = completion.stop_reason if isinstance(completion.stop_reason, str) else None
    if tokens is not None:
        said.tokens[CONTENT] = tokens
    choice = GovernedChoice(asked.request, asked.session, completion.index)
    out = take_or_refuse(choice, said)
    if choice.stream.verdict >= Verdict.WITHHOLD or not _says_no_more(ids, completion.text, asked, tokenizer):
        return _completion(completion.index, out, lora=completion.lora_request)
    return _completion(
        completion.index, out, ids, completion.cumulative_logprob,
        None if tokens is None else _logprobs(ids, completion.logprobs, tokens, out.tokens.get(CONTENT, ())),
        completion.lora_request,
    )  # fmt: skip


def take_or_refuse(choice: GovernedChoice, said: Said) -> Said:
    """Return what may leave of a choice. A bug in Ordinance ends this answer as refused, and no other."""
    try:
        return choice.take(said)
    except Exception as error:
        told = f"defect: {described(error)}; the answer is refused"
        warnings.warn(f"ordinance: {told}", stacklevel=2)
        failed = choice.fail("internal_error")
        failed.finish = "content_filter"
        return failed


def _completion(
    index: int, out: Said, ids: Sequence[int] = (), cumulative: float | None = None, logprobs: Any = None,
    lora: Any = None,
) -> Any:  # fmt: skip
    return _vllm().CompletionOutput(
        index=index,
        text=out.texts.get(CONTENT, ""),
        token_ids=list(ids),
        cumulative_logprob=cumulative,
        logprobs=logprobs,
        finish_reason=out.finish,
        stop_reason=out.stop,
        lora_request=lora,
    )


# tokens


def _says_no_more(ids: list[int], text: str, asked: Asked, tokenizer: Tokenizer) -> bool:
    """Return whether token ids say nothing that was not looked at: those of a stop string, or control tokens within a
    phrase, are not in the text."""
    said = tokenizer.decode(ids, skip_special_tokens=True)
    if said == text:
        return True
    forms = (said, tokenizer.decode(ids, skip_special_tokens=False))
    starts = ("", *asked.request.readings[0])
    return all(asked.session.clean(start + form) for start in starts for form in forms)


def _tokens(ids: list[int], logprobs: Any) -> Iterable[Token]:
    for chosen, place in zip(ids, logprobs, strict=False):
        found = (place or {}).get(chosen)
        others = [(each.decoded_token or "", each.logprob) for each in (place or {}).values()]
        yield Token("" if found is None else found.decoded_token or "", None, others)


def _logprobs(ids: list[int], logprobs: Any, tokens: list[Token], left: Iterable[Token]) -> Any:
    """Return the log probabilities with the chosen token at each place, and alternatives only if the token left and
    they may."""
    gone = {id(token): {text for text, _ in token.alternatives or ()} for token in left}
    kept = type(logprobs)()
    for chosen, token, place in zip(ids, tokens, logprobs, strict=False):
        allowed = gone.get(id(token), set())
        kept.append({
            number: entry
            for number, entry in (place or {}).items()
            if number == chosen or (entry.decoded_token or "") in allowed
        })  # fmt: skip
    return kept


def _prompt_of(output: Any, ids: list[int], tokenizer: Tokenizer) -> str:
    return output.prompt if isinstance(output.prompt, str) else tokenizer.decode(ids, skip_special_tokens=True)


def _vllm() -> Any:
    """Import the module with vLLM's output classes, which only a batch needs."""
    return importlib.import_module("vllm.outputs")
