"""One conversation's place in what is remembered: asked before an answer, added to before its last word leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.beginnings import opening_of
from ordinance.protocol.govern.transcript import Transcript
from ordinance.runtime.redact.own_words import GAP
from ordinance.runtime.remembered import NOTHING_TOLD, Remembered
from ordinance.runtime.session import Session
from ordinance.serve.conversations.conversation_key import Beginning, fingerprint
from ordinance.serve.conversations.recollection import Recollection
from ordinance.serve.door.http_headers import Claims
from ordinance.serve.http.threads import HEARING, aside

#: A first answer may have many choices, and each begins a conversation: of so many different ones it is remembered.
_MOST_CHOICES = 8


@dataclass(frozen=True, slots=True)
class Recall:
    """The conversation of one request: whose it is (``client``, the SHA-256 of an API key), how it ``began`` (without
    an answer if the one that is given now is the first), and what was told in it."""

    recollection: Recollection
    client: str
    began: Beginning
    remembered: Remembered

    @property
    def begins(self) -> bool:
        """Whether the answer that is given now is the first."""
        return not self.began.answer

    async def keep(self, session: Session) -> None:
        """Remember what the answer tells: once nothing is added to it any more, and before its end leaves."""
        beginnings = [self.began]
        if self.begins:
            answers = list(islice(dict.fromkeys(session.answers()), _MOST_CHOICES))
            beginnings = await aside(sum(map(len, answers)), False, self._begun_with, answers)
        await self.recollection.keep(self.client, beginnings, session.given, datetime.now(UTC))

    def _begun_with(self, answers: list[str]) -> list[Beginning]:
        began = self.began
        return [Beginning(began.claimed, began.question, fingerprint(each.replace(GAP, ""))) for each in answers]


async def recall(
    recollection: Recollection,
    client: str,
    claims: Claims,
    api: Api,
    request: Request,
    transcript: Transcript | None,
    size: int,
) -> Recall | None:
    """Recall what was told in the conversation of ``request``, which has ``size`` bytes and of which ``transcript`` was
    read; None if it has none, as a completion."""
    began = await aside(HEARING * size, False, _began, claims.conversation, api, request, transcript)
    if began is None:
        return None
    told = NOTHING_TOLD
    if began.answer:
        told = await recollection.of(client, began, datetime.now(UTC), claims.elapsed)
    return Recall(recollection, client, began, told)


def _began(claimed: str, api: Api, request: Request, transcript: Transcript | None) -> Beginning | None:
    opening = opening_of(api, request, transcript)
    if opening is None:
        return None
    return Beginning(claimed, fingerprint(opening.question, opening.others), fingerprint(opening.answer or ""))
