"""Every cut of a text into one, two and three pieces, with the first piece fed once for all that follow it.

A stream has fed the first piece, and is copied for each second piece: what it is goes into bytes and comes out of them
again. A copy shares what streams share, so that it goes on as the one would that it was made of.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator
from typing import Any

from ordinance.policy.plan import PlannedRule
from ordinance.runtime.adherence.looking import Wanted
from ordinance.runtime.match.automaton import Automaton, State
from ordinance.runtime.redact.activation import Activation, Withheld
from ordinance.runtime.redact.strides import Calm, Frame, Strides
from ordinance.runtime.redact.wordings import Wordings
from ordinance.runtime.stream import Stream
from ordinance.runtime.terms import Terms

#: What streams share: frozen values, and tables that fill as text is met. All else is a stream's own, and is copied.
SHARED = frozenset({
    Activation, Automaton, Calm, Frame, PlannedRule, State, Strides, Terms, Wanted, Withheld, Wordings,
})  # fmt: skip
#: What has been shared with a copy, by its number; kept, so that nothing else gets the number.
_shared: dict[int, Any] = {}


def answers(open_one: Callable[[], Stream], text: str) -> Iterator[tuple[tuple[int, ...], str]]:
    """Return each cut of ``text``, and what a client gets of an answer that comes in these pieces. ``open_one`` opens
    the stream of an answer."""
    stream = open_one()
    yield (), stream.feed(text) + stream.close()
    for first in range(1, len(text)):
        stream = open_one()
        sent, state = stream.feed(text[:first]), state_of(stream)
        yield (first,), sent + stream.feed(text[first:]) + stream.close()
        for second in range(first + 1, len(text)):
            stream = pickle.loads(state)
            yield (first, second), sent + stream.feed(text[first:second]) + stream.feed(text[second:]) + stream.close()
    _shared.clear()


def state_of(stream: Stream) -> bytes:
    """Return what ``pickle.loads`` makes a copy of ``stream`` of, as long as ``answers`` has not ended."""
    written = io.BytesIO()
    _Writer(written, pickle.HIGHEST_PROTOCOL).dump(stream)
    return written.getvalue()


class _Writer(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if type(value) not in SHARED:
            return NotImplemented
        _shared[id(value)] = value
        return shared, (id(value),)


def shared(number: int) -> Any:
    """Return what is shared with a copy by its ``number``."""
    return _shared[number]
