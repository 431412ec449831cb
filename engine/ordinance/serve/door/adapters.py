"""What is changed of a request before it goes upstream: the model is told how to speak, and an adapter that the
operator maps to the language answers in its place.

Slots become sentences of a catalogue (``ordinance.instructions``); nothing that a pack or a client wrote is
among them. The client's body was read and looked at before; it cannot take anything of this back.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ordinance.instructions.composition import instruction, language_of
from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.placement import Turn, has_place, placed
from ordinance.protocol.problems import Problem
from ordinance.protocol.routes import MODELS
from ordinance.runtime.manners import Manner
from ordinance.runtime.redact.disclose import parents
from ordinance.runtime.session import Session
from ordinance.serve.behind.contract import ModelServer
from ordinance.serve.behind.loras import Loras
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.threads import aside
from ordinance.settings.model import Settings


class Adapting:
    """An operator's adapters, and the turn of the instruction. Frozen, but for what the server is known to have."""

    def __init__(self, settings: Settings, behind: ModelServer, loras: Loras) -> None:
        self._mapped = loras_of(settings)
        self._turn = turn_of(settings)
        self._behind = behind
        self._loras = loras

    async def adapt(
        self, exchange: Exchange, api: Api, request: Request, sent: bytes, session: Session
    ) -> tuple[Request, bytes | None]:
        """Return the request and the body as they go upstream, from the body that may be ``sent``; None if a pack
        refuses to answer without an adapter, which the session then reports. Raises ``Problem`` (502) if an adapter is
        mapped that the server lacks and no pack says what to do, or if the server does not list its models."""
        manner = session.manner()
        lora = await self._lora(exchange, manner, session)
        if session.refused:
            return request, None
        words = instruct(session) if self._turn and has_place(api.path) else ""
        if not words and not lora:
            return request, sent
        body = await aside(len(sent), False, _adapted, api, sent, words, self._turn, lora)
        return replace(request, adapter=lora), body

    async def once_more(self, api: Api, sent: bytes, session: Session, missed: Container[str]) -> bytes | None:
        """Return the body with which the server is asked once more: what was ``sent``, and the sentences of the
        slots that the answer ``missed`` behind it. None if they have no place: the same question would have the same
        answer."""
        if not self._turn or not has_place(api.path):
            return None
        words = instruction(session.manner().slots, session.plan.catalogues, missed)
        return await aside(len(sent), False, _adapted, api, sent, words, self._turn, "")

    async def _lora(self, exchange: Exchange, manner: Manner, session: Session) -> str:
        """Return the adapter that answers; an empty string for none."""
        language = manner.language
        if language is None:
            return ""
        lora = mapped(self._mapped, language)
        if lora and lora in await self._loras.names(lambda: self._behind.read(exchange, "GET", MODELS)):
            return lora
        if manner.without is not None:
            session.go_without(manner.without)
        elif lora:
            raise adapter_missing(language)
        return ""


def instruct(session: Session) -> str:
    """Return what the model is told of how to speak, an empty string for nothing; the session notes in which
    language."""
    slots, catalogues = session.manner().slots, session.plan.catalogues
    words = instruction(slots, catalogues)
    if words:
        session.instructed_in(language_of(slots, catalogues))
    return words


def loras_of(settings: Settings) -> Mapping[str, str]:
    """Return the operator's adapters by language."""
    return {tag: adapter.lora for tag, adapter in settings.adapters.items()}


def turn_of(settings: Settings) -> Turn | None:
    """In whose turn the model is told how to speak; None for nowhere."""
    place = settings.speak.instruction
    return None if place == "nowhere" else place


def mapped(loras: Mapping[str, str], language: str) -> str:
    """Return the adapter of a language or of what CLDR falls back to; an empty string for none."""
    return next((loras[tag] for tag in parents(language) if tag in loras), "")


def _adapted(api: Api, sent: bytes, words: str, turn: Turn | None, lora: str) -> bytes:
    body: dict[str, Any] = msgspec.json.decode(sent)
    if words and turn:
        body = placed(api.path, body, words, turn)
    if lora:
        body["model"] = lora
    return msgspec.json.encode(body)


def adapter_missing(language: str) -> Problem:
    """502: the model server lacks the adapter of the language to be spoken, and no pack says what follows."""
    return Problem(
        502,
        "adapter_missing",
        f"The model server does not have the adapter that is set up for the language {language}. "
        "The operator can load it, or remove it from `adapters`.",
    )
