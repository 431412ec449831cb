"""One governed choice: what the model says goes in, and what may leave comes out, in the same form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ordinance.policy.vocabulary import Channel, NoticeKind, Verdict
from ordinance.protocol.asked import MOST_CALLS, Request
from ordinance.protocol.finish import kind_of
from ordinance.protocol.govern.calls import GovernedCall
from ordinance.protocol.govern.stops import stops_of
from ordinance.protocol.govern.token_ids import TokenIds
from ordinance.protocol.govern.tokens import Tokens, of_thoughts
from ordinance.protocol.problems import malformed
from ordinance.protocol.said import CALL_REASONS, CONTENT, FILTERED, FINISH_REASONS, REFUSAL, Call, Said
from ordinance.runtime.redact.continuation import Beginning
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.redact.text_contract import Text
from ordinance.runtime.session import Session
from ordinance.runtime.stream import Stream

#: The part of an answer that a text belongs to; the model's own refusal is shown to people as content is.
_PARTS = {
    CONTENT: Channel.CONTENT,
    REFUSAL: Channel.CONTENT,
    "reasoning": Channel.REASONING,
    "reasoning_content": Channel.REASONING,
}
#: Notices that something is missing from a text.
_LEFT_OUT = frozenset({NoticeKind.OMISSION, NoticeKind.CUT})


@dataclass(slots=True)
class _Block:
    """The block in which a text is: where it began, and what the model said in it."""

    beginning: Beginning
    said: list[str] = field(default_factory=list)
    ended: bool = False


class GovernedChoice:
    """Give it what each event says of the choice until ``finished``. In a session for whole answers nothing comes
    out before that."""

    def __init__(self, request: Request, session: Session, index: int) -> None:
        self.stream: Stream = request.open(session, index)
        self.finished = False
        self._session = session
        self._forced = request.can_force
        self._stops = stops_of(request, session)
        self._in_blocks = request.in_blocks and not session.whole
        self._structured = request.structure is not None
        self._blocks: dict[str, _Block] = {}
        self._resting: str | int | None = None  # the block that has ended, while nothing shows what ended it
        self._calls: dict[int | None, GovernedCall] = {}
        self._calling = False  # the model has begun a call
        self._called = False  # a call has left
        self._said_content = False
        self._tokens: dict[str, Tokens] = {}
        self._of_thoughts = not request.in_blocks  # whether the content's tokens are those of reasoning as well
        self._token_ids = TokenIds(request)
        self._late = Said()  # of a whole answer: what leaves at the end
        #: Takes more of a text, and its name, by a shorter way, if that has begun (and in blocks is open); returns what
        #: may leave.
        listens = self._in_blocks or self._stops is not None
        self.more: Callable[[str, str], str] = self._more if listens else self.stream.feed

    @property
    def filtered(self) -> bool:
        """Whether the choice ended before the model did."""
        return self.stream.ended

    def take(self, said: Said) -> Said:
        """Take what the model has said, and return what may leave now. The result has a ``finish`` if the choice ends
        here."""
        out = self._late if self._session.whole else Said()
        out.role = out.role or said.role
        for _ in self._take(said, out):
            if self.stream.ended:
                return self._finish(out, None)
        if said.finish is not None:
            return self._finish(out, said)
        if self._session.whole:
            return Said()
        self._ready(out)
        return out

    def _take(self, said: Said, out: Said) -> Iterator[None]:
        """Take what the model says, one thing after the other: any may end the choice."""
        if said.ends is not None:
            self._resting = said.ends
        if self._resting is not None and (said.calls or any(said.texts.values())):
            self._end_block(self._resting, out)
            yield
        self._token_ids.take(said)
        if self._session.whole and said.tokens:
            self._of_thoughts = of_thoughts(said)
        for name, tokens in said.tokens.items():
            self._tokens_of(name).add(tokens)
        for name, text in said.texts.items():
            self._say(name, text, out)
            yield
        if self._session.whole and said.calls:  # all of them are known: what ends the choice there comes first
            self._close_texts(self._end_beside_calls(said), out)
            self.stream.pause(self._end_beside_calls(said))
            yield
        for call in said.calls:
            self._call(call, out, self._end_of(said))
            yield

    def _more(self, text: str, name: str) -> str:
        if self._in_blocks:
            self._blocks[name].said.append(text)
        if self._stops is not None:
            self._stops.hear(name, text)
        return self.stream.feed(text, name)

    def passed(self, text: str, name: str = CONTENT) -> Said:
        """Note that ``text`` left by a shorter way, and end the choice if it ended with it."""
        self._said_content = True
        out = Said({name: text} if text else {})
        return self._finish(out, None) if self.stream.ended else out

    def end(self) -> Said:
        """End the choice, because the upstream has no more to say and gave no reason."""
        return self._finish(self._late if self._session.whole else Said(), Said(finish="stop"))

    def fail(self, name: str) -> Said:
        """End a choice that cannot go on, because of what ``name`` says."""
        self.finished = True
        text = self.stream.fault(name)
        return Said({CONTENT: text} if text else {})

    def _say(self, name: str, text: str, out: Said) -> None:
        if self._in_blocks and text:
            self._go_on(name, text)
        if self._stops is not None:
            self._stops.hear(name, text)
        self._said_content = self._said_content or name == CONTENT
        if name == REFUSAL and text and (opening := self.stream.speak()):
            out.texts[CONTENT] = out.texts.get(CONTENT, "") + opening
        self._note(name, self.stream.named(name, _PARTS[name]), text)
        text = self.stream.feed(text, name)
        if text:
            out.texts[name] = out.texts.get(name, "") + text

    # blocks

    def _go_on(self, name: str, text: str) -> None:
        """Remember what is said. The first of it after the end of a block begins another, which continues that one
        (semantics, rule 10): a phrase that is cut over two blocks is found."""
        block = self._blocks.get(name)
        if block is None:
            block = self._blocks[name] = _Block(self.stream.beginning(_PARTS[name]))
        elif block.ended:
            if self._stops is not None:
                self._stops.begin(name)
            beginning = self.stream.after(_PARTS[name], block.beginning, "".join(block.said))
            block = self._blocks[name] = _Block(beginning)
            self.stream.resume(beginning, name, _PARTS[name])
        block.said.append(text)

    def _end_block(self, ends: str | int, out: Said) -> None:
        """Another block begins, so the model ended this one, unless the request can force an end. What is held of it
        leaves before that."""
        self._resting = None
        end = kind_of(own=True, forced=self._forced)
        if isinstance(ends, int):
            call = self._calls.get(ends)
            if call is not None:
                self._put(call.close(end), out)
            return
        block = self._blocks.get(ends)
        if block is None or block.ended or (self._structured and ends == CONTENT):  # a form is one, however it comes
            return
        block.ended = True
        rest = self.stream.pause(end, ends)
        if rest and not self.stream.ended:
            out.texts[ends] = out.texts.get(ends, "") + self.stream.leave(rest, ends)

    def _call(self, call: Call, out: Said, end: End) -> None:
        """Govern a call, or a piece of one; in a whole answer, which has this ``end``, it leaves whole or not at
        all."""
        self._calling = True
        if call.index is not None and not 0 <= call.index < MOST_CALLS:
            raise malformed(f"a tool call has no number from 0 to {MOST_CALLS - 1}")
        governed = self._calls.get(call.index)
        if governed is None:
            named = kind_of(own=True, forced=self._forced)
            governed = GovernedCall(self.stream, self._session, named, custom=call.custom)
            if not self._session.whole:
                self._calls[call.index] = governed
        if self._session.whole:
            self._put(governed.whole(call, end), out)
        else:
            self._put(governed.take(call), out)

    def _put(self, call: Call | None, out: Said) -> None:
        if call is not None:
            self._called = True
            out.calls.append(call)

    # tokens

    def _tokens_of(self, name: str) -> Tokens:
        found = self._tokens.get(name)
        if found is None:
            found = self._tokens[name] = Tokens(self.stream.texts)
        return found

    def _note(self, name: str, governed: Text, text: str) -> None:
        """Lay tokens along this text, where there are any."""
        for of, tokens in self._tokens.items():
            if isinstance(governed, Redactor) and not governed.received:
                block = self._blocks.get(name)
                tokens.screen(governed, self.stream.alternatives(_PARTS[name], block.beginning if block else None))
            tokens.say(governed, text, covered=name == of or (self._of_thoughts and REFUSAL not in (name, of)))

    def _ready(self, out: Said, *, closed: bool = False) -> None:
        if not (closed or self.stream.opened):
            return  # the text of the first tokens waits
        for name, tokens in self._tokens.items():
            ready = tokens.ready(closed=closed)
            if ready:
                out.tokens.setdefault(name, []).extend(ready)

    # the end

    def _finish(self, out: Said, last: Said | None) -> Said:
        """Close everything; ``last`` is what the upstream said at the end, None where Ordinance ends the choice. All
        that is open ends in one way, for in which order a whole answer was said is not known."""
        self.finished = True
        stream = self.stream
        end = self._end_beside_calls(last) if self._calling else self._end_of(last)
        self._close_texts(end, out)
        for call in self._calls.values():
            if not stream.ended:
                self._put(call.close(self._end_of(last)), out)
        rest = stream.close(end)
        if self._session.whole and stream.refused:
            out.texts, out.calls, out.tokens = {}, [], {}
            self._tokens.clear()
        if self._in_blocks and out.calls:
            out.closing = rest
        elif rest or (self._session.whole and (self._said_content or not (out.calls or out.texts))):
            out.texts[CONTENT] = out.texts.get(CONTENT, "") + rest
        if self._structured and not (self._session.whole or self._in_blocks or stream.ended):
            self._tell_where_helpers_look(out)
        self._ready(out, closed=True)
        untouched = stream.verdict < Verdict.WITHHOLD and not stream.rewritten
        out.finish = self._reason(last, out)
        if untouched and last is not None:
            out.token_ids = self._token_ids.leaving(last)
            if last.stop is not None and self._may_tell(last.stop):
                out.stop = last.stop
        return out

    def _tell_where_helpers_look(self, out: Said) -> None:
        """Say in the model's refusal what was left out of a form on a stream: helpers that parse it drop the metadata,
        and a stream has no header for notices (docs/decisions/029)."""
        told = [notice.text for notice in self.stream.notices if notice.kind in _LEFT_OUT]
        if told and self.stream.content.omitted:
            said = out.texts.get(REFUSAL, "")
            added = self.stream.leave(("\n\n" if said else "") + "\n\n".join(told), REFUSAL)
            out.texts[REFUSAL] = said + added

    def _close_texts(self, end: End, out: Said) -> None:
        """No more comes of any text but the content: what is left of it."""
        for name in self.stream.others:
            if not (self.stream.ended or self.stream.paused(name)):
                rest = self.stream.leave(self.stream.pause(end, name), name)
                out.texts[name] = out.texts.get(name, "") + rest

    def _end_of(self, last: Said | None) -> End:
        """Return the kind of end of what was said last."""
        return kind_of(own=last is not None and last.own, forced=self._forced)

    def _end_beside_calls(self, last: Said | None) -> End:
        """Return the kind of end for a text of a choice that has calls: servers say that it ended with these even if it
        was cut after them."""
        return End.CUT if last is not None and last.finish in CALL_REASONS else self._end_of(last)

    def _may_tell(self, stop: str) -> bool:
        """Whether it may be told that the model stopped at this. Behind a call nothing is."""
        if self._stops is None or self._calling:
            return False
        places = {name: _PARTS[name] for name in (CONTENT, *self.stream.others)}
        beginnings = {
            name: (part, self._blocks[name].beginning if name in self._blocks else self.stream.beginning(part))
            for name, part in places.items()
        }
        return self._stops.may_tell(stop, beginnings)

    def _reason(self, last: Said | None, out: Said) -> str:
        """Return a reason that clients know; a tool call's is true only if a call has left."""
        if last is None or self.stream.ended:
            return FILTERED
        if last.finish in CALL_REASONS and self._called:
            return str(last.finish)
        return str(last.finish) if last.finish in FINISH_REASONS else "stop"
