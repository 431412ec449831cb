"""The doors behind which a session is: for each API what becomes of an answer, and of a prompt that is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.embeddings import EMBEDDINGS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.vectors import no_vectors, vectors
from ordinance.protocol.govern.whole import Governed, govern_whole, refused_whole


@dataclass(frozen=True, slots=True)
class Door:
    """``whole`` governs a whole answer of ``api``, ``refused`` makes what is sent for a refused prompt; both may raise
    ``Problem``. ``speaks``: a model answers, which may be told how to speak."""

    api: Api
    whole: Callable[..., Governed] = govern_whole
    refused: Callable[..., dict[str, Any]] = refused_whole
    speaks: bool = True


#: The APIs whose answers can be governed. Which of them are is said by the list of routes.
GOVERNABLE: Mapping[str, Door] = {api.path: Door(api) for api in (CHAT, COMPLETIONS, RESPONSES, MESSAGES)}
#: Those that an operator may open, whose prompts can be screened.
SCREENABLE: Mapping[str, Door] = {EMBEDDINGS.path: Door(EMBEDDINGS, vectors, no_vectors, speaks=False)}
