"""One request and one answer, governed under two policies by the code of the doors."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from ordinance.policy.plan import Plan
from ordinance.protocol.govern.echo import with_echo
from ordinance.protocol.govern.governed_stream import GovernedStream, refused_stream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import Top
from ordinance.runtime.compared.two_policies import Difference, Seen, difference
from ordinance.runtime.session import Session
from ordinance.serve.door.client_session import session_of
from ordinance.serve.door.doors import GOVERNABLE, SCREENABLE
from ordinance.serve.door.http_headers import Claims
from ordinance.serve.door.policies import Policies
from ordinance.serve.shadow.overheard import Overheard
from ordinance.settings.model import Settings

_DOORS = {**GOVERNABLE, **SCREENABLE}


class OtherPolicyError(Exception):
    """An answer was given under another policy than the one that this process has read as the one in force."""


@dataclass(frozen=True, slots=True)
class Twofold:
    """The policies in force (``old``) and those that are to be next (``new``)."""

    settings: Settings
    on: date | None
    old: Policies
    new: Policies

    def compare(self, heard: Overheard) -> tuple[Difference | None, Plan]:
        """Return how the next policy differs on an answer, None if it does not, and that policy. Raises
        ``OtherPolicyError``, and as the doors do."""
        old, new = self.old.of(heard.client), self.new.of(heard.client)
        if old.digest != heard.digest and not self.settings.judges:  # a judge is part of a digest
            raise OtherPolicyError
        return difference(*(Seen.of(self._governed(heard, plan)) for plan in (old, new))), new

    def _governed(self, heard: Overheard, plan: Plan) -> Session:
        door, settings = _DOORS[heard.api], self.settings
        api = door.api
        request = api.read_request(heard.body, frozenset(settings.parts))
        session = session_of(
            heard.client,
            plan,
            settings,
            Claims(heard.wanted, heard.elapsed, heard.slots),
            turn=request.turn,
            on=self.on,
            whole=not request.streaming,
            remembered=heard.remembered,
            now=heard.now,
        )
        session.keep_answers()
        request = with_echo(request, session)
        top = Top(f"{api.prefix}{'0' * 32}", 0, request.model)
        sent = sent_on(api, request, session, system_is_ours=heard.client.system_messages_are_ours)
        if sent is None and request.streaming:
            refused_stream(api, request, session, top)
        elif sent is None:
            with suppress(Problem):  # where an answer has no text, it is told as one
                door.refused(api, request, session, top)
        elif heard.said and request.streaming:
            limits = settings.limits
            stream = GovernedStream(api, request, session, top, limits.answer_bytes, limits.event_bytes)
            _stream(stream, heard.said)
        elif heard.said:
            door.whole(api, b"".join(heard.said), request, session).written(top)
        return session


def _stream(stream: GovernedStream, said: tuple[bytes, ...]) -> None:
    """Govern a stream. Where the policy in force ended it, the rest is not known, and it ends there."""
    for piece in said:
        stream.take(piece)
        if stream.done or (not stream.open and stream.over):
            break
    stream.end()
