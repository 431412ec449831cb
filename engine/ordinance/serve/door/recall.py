"""One conversation's place in what is remembered: asked before an answer, added to before its last word leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ordinance.policy.plan import Plan
from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.beginnings import Opening, opening_of
from ordinance.runtime.remembered import NOTHING_TOLD, Remembered
from ordinance.runtime.session import Session
from ordinance.serve.conversations.conversation_key import Beginning
from ordinance.serve.conversations.recollection import Recollection
from ordinance.serve.door.http_headers import Claims


@dataclass(frozen=True, slots=True)
class Recall:
    """The conversation of one request: whose it is (``client``, the SHA-256 of an API key), what the client ``claimed``
    as its id, how it began, and what was told in it."""

    recollection: Recollection
    client: str
    claimed: str
    opening: Opening
    remembered: Remembered

    async def keep(self, session: Session) -> None:
        """Remember what the answer tells: once nothing is added to it any more, and before its end leaves."""
        question, answer = self.opening
        answers = session.answers() if answer is None else [answer]
        beginnings = [Beginning(self.claimed, question, each) for each in answers]
        await self.recollection.keep(self.client, beginnings, session.given, datetime.now(UTC))


async def recall(
    recollection: Recollection, client: str, claims: Claims, api: Api, request: Request, plan: Plan
) -> Recall | None:
    """Recall what was told in the conversation of ``request``; None if it has none, as a completion."""
    opening = opening_of(api, request, plan)
    if opening is None:
        return None
    told = NOTHING_TOLD
    if opening.answer is not None:
        beginning = Beginning(claims.conversation, opening.question, opening.answer)
        told = await recollection.of(client, beginning, datetime.now(UTC), claims.elapsed)
    return Recall(recollection, client, claims.conversation, opening, told)
