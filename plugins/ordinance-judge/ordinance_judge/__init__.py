"""Asks a guard model behind an OpenAI-style address (``POST /v1/chat/completions``) what a judged rule asks.

How the model is asked, and what its answer means, is one file of ``renderers/`` for each shape. Whatever is not exactly
a known label with a finite probability is a fault, and a fault counts as found.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from ordinance.plugin import Asked, Judged, Passage, Question, Served, Settings, Unconfigured, hookimpl
from ordinance_judge.fence import Fence
from ordinance_judge.renderers import RENDERERS, Renderer
from ordinance_judge.server import Server
from ordinance_judge.way import Way

NAME = "judge.served"

#: One for each address, so that the questions share connections.
_servers: dict[tuple[str, float], Server] = {}


@hookimpl
def judge(asked: Asked, settings: Settings, question: Question, served: Served | None) -> Judged | Unconfigured | None:
    """Return how the model that is served judges ``question``."""
    if asked.name != NAME:
        return None
    if served is None:
        return Unconfigured("`url`, `model` and `renderer`, in an entry of `judges`")
    make = RENDERERS.get(served.renderer)
    if make is None:
        raise ValueError(f"there is no renderer {served.renderer}, but {', '.join(RENDERERS)}")
    renderer = make(question, served.labels, Way.of(settings))
    if renderer is None:
        return Unconfigured(f"`labels` that name {question.rule}")
    key = served.url, served.seconds
    server = _servers.setdefault(key, Server(served, str(settings["key"]), str(settings["ca"])))
    return Judged(Scoring(renderer, server, served).scores, version=f"{served.renderer} {renderer.VERSION}")


class Scoring:
    """Scores passages by asking ``server`` in the shape of ``renderer``."""

    def __init__(self, renderer: Renderer, server: Server, served: Served) -> None:
        self._renderer = renderer
        self._ask = server.together if renderer.ALIKE else server.ask
        self._served = served
        self._fence = Fence()

    def scores(self, passages: Sequence[Passage]) -> list[float]:
        """Return a number from 0 to 1 for each of ``passages``. Raises ``JudgeFaultError``."""
        return [self._score(each) for each in passages]

    def _score(self, passage: Passage) -> float:
        until = time.monotonic() + self._served.seconds
        body = self._renderer.body(self._fence.around(passage.text, passage.before))
        return self._renderer.score(self._ask(body, until))
