"""All APIs that are examined: those of the governed routes."""

from __future__ import annotations

from ordinance.doctor.protocols.chat import CHAT
from ordinance.doctor.protocols.completions import COMPLETIONS
from ordinance.doctor.protocols.messages import MESSAGES
from ordinance.doctor.protocols.protocol import Api
from ordinance.doctor.protocols.responses import RESPONSES
from ordinance.protocol.routes import GOVERNED

_KNOWN: dict[str, Api] = {api.path: api for api in (CHAT, COMPLETIONS, RESPONSES, MESSAGES)}

APIS: tuple[Api, ...] = tuple(_KNOWN[path] for path in GOVERNED)
