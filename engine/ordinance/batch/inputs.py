"""One prompt of a batch: put into the form in which a request comes by HTTP, and looked at as that is.

So the session, the red lines, the masks and what an answer continues are the server's, by construction.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from ordinance.batch.desk import Desk
from ordinance.errors import BatchError
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.asked import Request, trimmed
from ordinance.protocol.finish import FORCING
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.problems import Problem
from ordinance.protocol.watermark import watermark_of
from ordinance.runtime.session import Session

#: What a prompt may hold besides its text. Pictures, sounds and videos only where `parts` has them, as at the gateway:
#: nobody looks into them. Embeddings, prompts for an encoder, and what is not known do not.
_DATA = "multi_modal_data"
_OPTIONS = frozenset({_DATA, "multi_modal_uuids", "media_io_kwargs", "mm_processor_kwargs", "cache_salt"})
#: What of the sampling parameters can force an end, as requests by HTTP have it, and what those do not have. The model
#: reads the text of none, so none is masked.
_FORCING = tuple(name for name in FORCING if "." not in name)
_FORCING_TOO = ("extra_args", "trace_decode_token_ids")
#: Of these the model reads the text.
_STRUCTURE = "structured_outputs"
_FORMS = ("json", "regex", "choice", "grammar", "json_object", "structural_tag", "whitespace_pattern")
#: The same prompt without control tokens, which may stand within a phrase. It goes where a request by HTTP has another
#: text, so that it is looked at as that is; the model is not given it.
_PLAIN = "user"


class Tokenizer(Protocol):
    """What is needed of the model's tokenizer."""

    def decode(self, ids: Any, *, skip_special_tokens: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt that was looked at. ``given`` is what the model gets, with ``params``; None where a red line refused it.
    ``shared`` are the arguments of ``chat`` that were looked at with it."""

    request: Request
    session: Session
    given: Any
    params: Any
    shared: Mapping[str, Any]


def ask_prompt(desk: Desk, prompt: Any, params: Any, lora: Any, tokenizer: Tokenizer, place: str) -> Asked:
    """Look at one prompt of ``generate``, which ``lora`` is to answer.

    Raises ``BatchError``, with its ``place``, for what cannot be looked at.
    """
    text, ids, options = _parts(prompt, place)
    _check_data(options.get(_DATA), frozenset(desk.settings.parts), place)
    if ids is None:
        looked = _look(desk, COMPLETIONS, {"prompt": text}, params, lora, place)
        given = None if looked.sent is None else ({**options, "prompt": looked.sent["prompt"]} if options else
                                                  looked.sent["prompt"])  # fmt: skip
        return looked.asked(given)
    texts = [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (False, True)]
    looked = _look(desk, COMPLETIONS, {"prompt": texts[0], _PLAIN: texts[1]}, params, lora, place)
    if looked.sent is None:
        return looked.asked(None)
    if [looked.sent["prompt"], looked.sent[_PLAIN]] != texts:
        looked.session.prompt.confirm(texts)  # a mask is written in text; in token ids nothing can be masked
    return looked.asked(None if looked.session.prompt.refused else {**options, "prompt_token_ids": ids}, texts)


def ask_chat(desk: Desk, messages: Any, params: Any, lora: Any, shared: Mapping[str, Any], place: str) -> Asked:
    """Look at one conversation of ``chat``, with the arguments ``shared`` by all, and tell the model how to speak.
    Raises ``BatchError``."""
    if not isinstance(messages, list):
        raise BatchError(f"{place} is not a list of messages.", help='Write [{"role": "user", "content": "…"}].')
    looked = _look(desk, CHAT, {**shared, "messages": messages}, params, lora, place)
    if looked.sent is None:
        return looked.asked(None)
    given = desk.instruct(looked.session, looked.sent["messages"])
    return looked.asked(given, shared={name: looked.sent[name] for name in shared})


@dataclass(frozen=True, slots=True)
class _Looked:
    """``sent`` is the body that would go upstream; None where the prompt was refused."""

    request: Request
    session: Session
    params: Any
    sent: Mapping[str, Any] | None

    def asked(self, given: Any, continued: list[str] | None = None, shared: Mapping[str, Any] | None = None) -> Asked:
        """``continued``: other readings of what the answer continues."""
        request, params = self.request, self.params
        if continued is not None:
            request = replace(request, readings=(trimmed(continued),))
            self.session.continue_each(request.readings)
        if self.sent is not None and self.sent.get(_STRUCTURE) != request.body.get(_STRUCTURE):
            params = _restructured(params, self.sent[_STRUCTURE])
        return Asked(request, self.session, given, params, shared or {})


def _look(desk: Desk, api: Api, body: dict[str, Any], params: Any, lora: Any, place: str) -> _Looked:
    if not isinstance(getattr(params, "n", None), int):
        raise BatchError(f"{place}: {type(params).__name__} is not supported.", help="Give vLLM's SamplingParams.")
    if getattr(params, "detokenize", True) is False:
        raise BatchError(f"{place}: with detokenize=False there is no text to screen.", help="Leave it out.")
    try:
        raw = msgspec.json.encode({**body, **_said_by(params)})
        request = api.read_request(raw, frozenset(desk.settings.parts))
        request = replace(request, forced=any(getattr(params, name, None) for name in _FORCING_TOO))
        lost = [name for name, value in msgspec.json.decode(raw).items() if request.body.get(name) != value]
        session = desk.open(request.turn)
        sent = sent_on(api, request, session, system_is_ours=desk.system_is_ours)
    except Problem as problem:
        raise BatchError(f"{place}: {problem.message}", help="docs/batch.md says what can be asked.") from None
    except (TypeError, ValueError, RecursionError) as error:  # no JSON, half of a character, too deep
        raise BatchError(
            f"{place} contains something that cannot be screened ({type(error).__name__}).",
            help="Give text and plain values; a picture as a part with its data, in base64.",
        ) from None
    if lost:  # by HTTP it would not be forwarded; here nothing is left out without a word
        raise BatchError(f"{place}: `{lost[0]}` contains something that cannot be screened.", help="See docs/batch.md.")
    if sent is not None:
        desk.adapt(session, lora)
    if session.marking is not None:
        session.marking.watermark = watermark_of(
            desk.watermarked, {name: getattr(params, name, None) for name in ("temperature", "trace_decode_token_ids")}
        )
        params = _watermarking(params)
    return _Looked(request, session, params, None if sent is None or session.refused else msgspec.json.decode(sent))


def _parts(prompt: Any, place: str) -> tuple[str | None, list[int] | None, dict[str, Any]]:
    """Return the text or the token ids of a prompt, and the data beside it."""
    match prompt:
        case str():
            return prompt, None, {}
        case list() if prompt and all(isinstance(each, int) for each in prompt):
            return None, prompt, {}
        case Mapping():
            known = {name: value for name, value in prompt.items() if value is not None}
            options = {name: value for name, value in known.items() if name in _OPTIONS}
            strange = sorted(map(str, known.keys() - _OPTIONS - {"prompt", "prompt_token_ids"}))
            if strange:
                raise BatchError(
                    f"{place} has '{strange[0]}', which cannot be screened.",
                    help="Give the prompt as text, or as `prompt_token_ids`.",
                )
            if "prompt_token_ids" in known:  # the model reads these, whatever text is said to belong to them
                return None, _ids(known["prompt_token_ids"], place), options
            if isinstance(known.get("prompt"), str):
                return known["prompt"], None, options
    raise BatchError(
        f"{place} is {type(prompt).__name__}, which cannot be screened.",
        help='Give text, {"prompt": "…"}, token ids, or {"prompt_token_ids": […]}.',
    )


def _check_data(data: Any, taken: Set[str], place: str) -> None:
    """Raise ``BatchError`` for data that is not text and that ``taken`` does not allow."""
    if data is None:
        return
    if not isinstance(data, Mapping):
        raise BatchError(f"{place}: `{_DATA}` is not a mapping.", help='Write {"image": …}.')
    for name, value in data.items():
        if name not in ("image", "audio", "video"):
            raise BatchError(f"{place}: `{_DATA}` contains an unknown kind of data.", help="See docs/batch.md.")
        if name not in taken:
            raise BatchError(
                f"{place} contains {name}, which is not screened.", help=f'Allow it: govern(llm, parts=["{name}"], …).'
            )
        if isinstance(value, Mapping):
            raise BatchError(f"{place} contains embeddings, which cannot be screened.", help=f"Give the {name} itself.")


def _ids(value: Any, place: str) -> list[int]:
    if isinstance(value, list | tuple) and all(isinstance(each, int) for each in value):
        return list(value)
    raise BatchError(f"{place}: `prompt_token_ids` must be whole numbers.", help="Give a list of the tokenizer's ids.")


def _said_by(params: Any) -> dict[str, Any]:
    """Return what the sampling parameters would say in a request by HTTP. ``extra_args`` are the caller's own."""
    said: dict[str, Any] = {"n": params.n}
    said |= {name: getattr(params, name) for name in _FORCING if getattr(params, name, None)}
    structure = getattr(params, _STRUCTURE, None)
    if structure is not None:
        forms = ((name, getattr(structure, name, None)) for name in _FORMS)
        said[_STRUCTURE] = {name: value for name, value in forms if value is not None}
    return said


def _watermarking(params: Any) -> Any:
    """``params`` of an answer that a law marks: whether vLLM's watermark is in it is not theirs to say."""
    if getattr(params, "watermarking", None) is not False:
        return params
    changed = params.clone()
    changed.watermarking = None
    return changed


def _restructured(params: Any, masked: Mapping[str, Any]) -> Any:
    """``params`` whose structure is asked for in masked words."""
    changed = params.clone()
    setattr(changed, _STRUCTURE, replace(params.structured_outputs, **masked))
    return changed
