"""The server is asked while a judge looks at what was asked: nothing that it says is taken before the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from ordinance.runtime.session import Session
from ordinance.serve.behind.contract import Answer, Want
from ordinance.serve.http.threads import aside


async def unless_refused(
    session: Session, answer: Answer, ask: Callable[[Answer], Coroutine[None, None, None]]
) -> bool:
    """``ask`` the server for an ``answer`` while the prompt of ``session`` is judged. Returns False if that refuses:
    then the server is cancelled, and nothing of the answer was taken. Raises as ``ask`` does."""
    if not session.prompt.pending:
        await ask(answer)
        return True
    judging = asyncio.create_task(aside(0, True, session.prompt.settle))
    asking = asyncio.create_task(ask(_Waiting(answer, session, judging)))
    try:
        await judging
        if not session.prompt.refused:
            await asking
        return not session.prompt.refused
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


class _Waiting:
    """An answer that begins once ``judging`` is done; one to a prompt that is refused never begins."""

    def __init__(self, answer: Answer, session: Session, judging: asyncio.Task[None]) -> None:
        self._answer = answer
        self._session = session
        self._judging = judging

    async def begin(self) -> None:
        await asyncio.shield(self._judging)
        if self._session.prompt.refused:
            await asyncio.get_running_loop().create_future()  # until it is cancelled
        await self._answer.begin()

    async def take(self, piece: bytes) -> Want:
        return await self._answer.take(piece)
