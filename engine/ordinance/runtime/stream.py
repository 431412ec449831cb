"""One choice of an answer: the texts that it consists of, and what it tells.

Everything that the model says in a choice is a text of its own: content, reasoning, a refusal, the name and the
arguments of a tool call (semantics, rule 4). Each is matched by itself; what any of them meets is joined here, told
once in the content and once in the metadata (rule 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ordinance.policy.plan import PlannedRule
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Verdict
from ordinance.runtime.occasions import OPENING
from ordinance.runtime.redact.alternatives import Alternatives
from ordinance.runtime.redact.continuation import Beginning, follow
from ordinance.runtime.redact.disclose import Cause, Notice, cause_of
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import FREE_NOWHERE, JsonText, Structure
from ordinance.runtime.redact.ledger import Cut, Ledger
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.redact.signs import imitation
from ordinance.runtime.situation import contacts_at

if TYPE_CHECKING:
    from ordinance.runtime.session import Session

_PARAGRAPH = "\n\n"


class Text(Protocol):
    """A governed text. ``refused`` to ``failed`` are numbers of rules, as in ``Redactor``; ``received`` is
    how much came in, ``settled`` the position up to which it is known what left, and ``cuts`` are the edits before."""

    refused: frozenset[int]
    severed: frozenset[int]
    omitted: set[int]
    observed: set[int]
    tried: set[int]
    failed: set[int]
    fault: str
    cuts: list[Cut]
    ledger: Ledger

    @property
    def received(self) -> int: ...

    @property
    def settled(self) -> int: ...

    def feed(self, text: str) -> str: ...

    def close(self, end: End = End.OWN) -> str: ...

    def abandon(self) -> None: ...


class Stream:
    """One choice on its way to people: feed it, then close it once.

    ``feed`` and ``close`` are about its content; other texts come from ``text`` and ``arguments``, are fed and closed
    by themselves, and before ``close``. In an answer with a ``structure`` notices stand in the metadata alone.
    """

    def __init__(self, session: Session, part: Channel, prompt: int, structure: Structure | None) -> None:
        self._session = session
        self._part = part
        self._prompt = prompt
        self._texts: list[Text] = []
        self._structured = structure is not None
        self.content: Text
        if structure is None or structure.free is None:
            self.content = self.text(part, rigid=structure is not None)
        else:
            self.content = self._json(part, structure)
        self._fault = session.prompt.fault
        self._barred = session.refused
        self._opened = False
        self._paused = False
        self._sent = False
        self._kept: list[str] = []
        self.notices: tuple[Notice, ...] = ()
        self.rules: frozenset[str] = frozenset()
        self.failed: frozenset[str] = frozenset()
        self.trials: frozenset[str] = frozenset()
        self.verdict = Verdict.PASS
        self.balanced = True

    @property
    def texts(self) -> Sequence[Text]:
        """Those that have begun, in that order."""
        return self._texts

    def text(self, part: Channel, *, rigid: bool = False, beginning: Beginning | None = None) -> Redactor:
        """A text of its own, of this part of an answer. A ``rigid`` one may not be edited. Its ``beginning`` is that of
        the choice, unless it continues another block."""
        session = self._session
        beginning = beginning or self.beginning(part)
        text = Redactor(session.activation_of(part), beginning, session.placeholders, rigid=rigid)
        self._texts.append(text)
        return text

    def beginning(self, part: Channel) -> Beginning:
        """Where a text of this part begins."""
        return self._session.beginning_of(part, self._prompt)

    def after(self, part: Channel, before: Beginning, said: str) -> Beginning:
        """Where the next block of a text of this part begins: the last one began at ``before`` and was ``said``."""
        return follow(self._session.activation_of(part), before, said)

    def arguments(self) -> JsonText:
        """The arguments of a tool call: JSON that may not be edited."""
        return self._json(Channel.TOOL_CALL, FREE_NOWHERE)

    def _json(self, part: Channel, structure: Structure) -> JsonText:
        session = self._session
        text = JsonText(session.activation_of(part), self.beginning(part), structure, session.placeholders)
        self._texts.append(text)
        return text

    def alternatives(self, part: Channel, beginning: Beginning | None = None) -> Alternatives:
        """What decides, along a text of this part, about tokens that the model could have said instead."""
        return Alternatives(self._session.activation_of(part), beginning or self.beginning(part))

    @property
    def refused(self) -> bool:
        """Whether the choice was refused: nothing more of the model's text leaves, ``finish_reason`` is
        ``content_filter``."""
        if self._fault or self._barred or (self._structured and self.content.severed):
            return True
        return any(text.refused or text.fault for text in self._texts)

    @property
    def ended(self) -> bool:
        """Whether the choice has ended before the model did: refused, or with a tool call that was removed."""
        for text in self._texts:  # asked after every piece of text, so it is the plainest loop
            if text.refused or text.severed or text.fault:
                return True
        return self._barred or bool(self._fault)

    def feed(self, text: str) -> str:
        """What may leave now that the model has said ``text``."""
        return "" if self._barred or self._fault else self._send(self.content.feed(text))

    def pause(self, end: End = End.OWN) -> str:
        """A block of the content ends, in this way, though another may follow: what is held is certain now. Feed no
        more before ``resume``."""
        self._paused = True
        return "" if self.refused else self._send(self.content.close(end))

    def resume(self, beginning: Beginning) -> None:
        """The content goes on in another block, which begins there."""
        self._paused = False
        self.content = self.text(self._part, beginning=beginning)

    def fault(self, name: str) -> str:
        """Instead of ``close``: end the choice as refused, because of what ``name`` says. Nothing held leaves."""
        self._fault = name
        return self.close()

    def close(self, end: End = End.OWN) -> str:
        """The rest of the content, which ends in this way, and the notices. After a refusal the notices alone, and for
        a whole answer nothing but them."""
        rest = "" if self.refused or self._paused else self._send(self.content.close(end))
        for text in self._texts:
            if self.refused or text is not self.content:
                text.abandon()
        if not all(text.ledger.balanced for text in self._texts):
            self._fault = self._fault or "ledger"
            self.balanced = False
        before, after = self._tell()
        self.notices = (*before, *after)
        if self._structured:
            before = after = []
        if not self._session.whole:
            return rest + self._open() + "".join(self._paragraph(notice.text) for notice in after)
        body = "" if self.refused else "".join(self._kept)
        return _PARAGRAPH.join([*(n.text for n in before), *([body] if body else []), *(n.text for n in after)])

    def take_stock(self) -> None:
        """Set ``verdict``, ``rules``, ``failed`` and ``trials`` as they are now: an answer that nobody waits for any
        more is recorded as truly as one that was closed."""
        self._tell()

    # what leaves

    def _send(self, text: str) -> str:
        if self._session.whole:
            self._kept.append(text)
            return ""
        if self._opened:
            self._sent = self._sent or bool(text)
            return text
        opening = self._open()
        self._sent = bool(text)
        return opening + text

    def _open(self) -> str:
        """What stands before the answer, once."""
        if self._opened or self._session.whole:
            return ""
        self._opened = True
        return "" if self._structured else "".join(notice.text + _PARAGRAPH for notice in self._before())

    def _paragraph(self, text: str) -> str:
        """A paragraph of its own; what stands before the answer has brought its own break."""
        lead = _PARAGRAPH if self._sent else ""
        self._sent = True
        return lead + text

    # what is told

    def _before(self) -> list[Notice]:
        opening = self._session.opening
        return self._session.discloser.told(rule for rule in opening if rule.occasion in OPENING)

    def _tell(self) -> tuple[list[Notice], list[Notice]]:
        """The notices that stand before and after the answer; sets verdict and rules on the way."""
        session = self._session
        rules = session.activation.rules
        say = session.discloser
        refusing = [rules[tag] for tag in sorted(self._joined("refused"))]
        refusing += [rule for rule in session.prompt.rules if rule.effect is Effect.REFUSE]
        providing = [rules[tag] for tag in sorted(self._joined("observed")) if rules[tag].effect is Effect.PROVIDE]
        providing += [rule for rule in session.prompt.rules if rule.effect is Effect.PROVIDE]
        shown = set() if session.whole and self.refused else self._joined("omitted")
        shown |= self._joined("severed")
        masked = session.prompt.masked
        forged = {tag for tag in shown if tag < 0 or tag == session.activation.forged}
        omitting = [rules[tag] for tag in sorted(shown | masked) if 0 <= tag < len(rules)]
        saying = [rule for rule in session.opening if rule.occasion not in OPENING]
        before = self._before()
        after = say.told(rule for rule in omitting if rule.told)
        if not forged <= {imitation(tag) for tag in masked}:  # the placeholder of a masked prompt is only repeated
            after.append(self._engine_notice(NoticeKind.OMISSION, "forged_marker", "forged_marker"))
        if session.activation.cut in shown:
            after.append(say.engine(NoticeKind.CUT, session.plan.engine_notices["cut"], ()))
        after += say.told(dict.fromkeys(refusing))
        fault = self._fault or next((text.fault for text in self._texts if text.fault), "")
        failed = [*(rules[tag] for tag in self._joined("failed")), *session.prompt.failed]
        if not fault and any(not rule.trial for rule in failed):
            fault = "detector"
        if fault:
            after.append(self._engine_notice(NoticeKind.FAULT, "fault", fault))
        after += say.told(saying)
        without = session.without
        if without is not None:
            cause = Cause(without.id, NoticeKind.ADAPTER.value, None)
            after.append(say.engine(NoticeKind.ADAPTER, without.notice, (cause,)))
        if providing or refusing:
            after.append(self._contacts(providing, refusing))
        fired = dict.fromkeys([*refusing, *providing, *omitting, *session.opening])
        self.rules = frozenset([*(rule.id for rule in fired), *([without.id] if without else [])])
        self.failed = frozenset(rules[tag].id for tag in self._joined("failed"))
        self.trials = frozenset(rules[tag].id for tag in self._joined("tried"))
        if self.refused:
            self.verdict = Verdict.REFUSE
        elif shown or masked:
            self.verdict = Verdict.WITHHOLD
        elif before or after:
            self.verdict = Verdict.DISCLOSE
        return before, after

    def _joined(self, name: str) -> set[int]:
        return set().union(*(getattr(text, name) for text in self._texts))

    def _engine_notice(self, kind: NoticeKind, template: str, name: str) -> Notice:
        cause = Cause(f"engine/{name}", kind.value if kind is NoticeKind.FAULT else name, None)
        return self._session.discloser.engine(kind, self._session.plan.engine_notices[template], (cause,))

    def _contacts(self, providing: Sequence[PlannedRule], refusing: Sequence[PlannedRule]) -> Notice:
        """Whom to call: the groups that rules name; after a red line all that the situation has (rule 14). A fault
        says nothing about people, so it brings none."""
        plan = self._session.plan
        here = contacts_at(plan, self._session.situation)
        groups = {rule.contacts for rule in providing}
        chosen = [contact for contact in here if refusing or contact.group in groups]
        named = tuple(dict.fromkeys(cause_of(rule) for rule in providing or refusing))
        notices = plan.engine_notices
        return self._session.discloser.contacts(notices["contacts"], notices["contacts_unknown"], chosen, named)
