"""One choice of an answer: the texts that it consists of, and what it tells.

Everything that the model says in a choice is a text of its own: content, reasoning, a refusal, the name and the
arguments of a tool call (semantics, rule 4). Each is matched by itself; what any of them meets is joined, told
once in the content and once in the metadata (rule 19).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ordinance.policy.vocabulary import Channel, Verdict
from ordinance.runtime.adherence.looking import Look
from ordinance.runtime.call_name import CallName
from ordinance.runtime.forms.rewritten_text import RewrittenText
from ordinance.runtime.imprint import Imprint
from ordinance.runtime.judged.judged_redactor import JudgedRedactor
from ordinance.runtime.judged.judged_text import JudgedText
from ordinance.runtime.redact.alternatives import Alternatives
from ordinance.runtime.redact.continuation import Beginning, follow
from ordinance.runtime.redact.disclose import Notice
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import FREE_NOWHERE, JsonText, Structure
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.redact.text_contract import Text
from ordinance.runtime.terms import Terms
from ordinance.runtime.told import Told, met, tell

#: The name of the content among the texts of a choice.
CONTENT = "content"

_PARAGRAPH = "\n\n"

#: What a judge is told that a text is.
_JUDGED_AS = {
    Channel.ANSWER: "answer", Channel.CONTENT: "answer", Channel.REASONING: "reasoning", Channel.TOOL_CALL: "tool_call",
}  # fmt: skip


class Stream:
    """One choice on its way to people: feed it, then close it once.

    Its content and the texts that ``named`` begins are fed here; those of tool calls come from ``call``, are fed and
    closed by themselves, and before ``close``. It answers the prompt of that number, and its content is governed as
    this ``part`` of an answer. With a ``structure``, and under silent terms, notices are in the metadata alone.
    ``notices`` are those that were given; until it is closed there are none. ``called``: the model has begun a call.
    ``index`` is the choice's number in the answer; ``imprint`` has the digests of what has left, if a mark needs them.
    """

    def __init__(
        self,
        terms: Terms,
        part: Channel = Channel.CONTENT,
        prompt: int = 0,
        structure: Structure | None = None,
        index: int = 0,
    ) -> None:
        self.index = index
        self.imprint = _imprint(terms)
        self._terms = terms
        self._part = part
        self._prompt = prompt
        self._texts: list[Text] = []
        self._formed: list[RewrittenText] = []
        self._calls: list[JudgedText] = []  # names and arguments, of calls that are judged
        self._structured = structure is not None
        self._silent = self._structured or terms.silent
        self.content: Text
        if structure is None or structure.free is None:
            self.content = self.text(part, rigid=structure is not None)
        else:
            self.content = self._json(part, structure)
        self._fault = terms.screened.fault
        self._barred = terms.refused
        self._spoken = False  # the model has said something that people read
        self._opened = terms.whole or self._silent or not terms.before
        self._blank = ""  # the white space with which the content begins, until what stands before it
        self.called = False
        self._named: dict[str, Text] = {}
        self._read: set[str] = set()  # those of them that people read as they do the content
        self._paused: set[str] = set()
        self._sent = False
        self._free = False  # content leaves as it comes, and nobody keeps it
        self._kept: list[str] = []
        self._kept_beside: list[str] = []
        self._looks: dict[str, Look] | None = None if terms.wanted is None or self._structured else {}
        self._told: Told | None = None  # once closed
        self.notices: tuple[Notice, ...] = ()
        self.balanced = True

    @property
    def texts(self) -> list[Text]:
        """Those that have begun, in that order."""
        return self._texts

    def text(self, part: Channel, *, rigid: bool = False, beginning: Beginning | None = None) -> Text:
        """Begin a text of its own, of this part of an answer. A ``rigid`` one may not be edited. Its ``beginning`` is
        that of the choice, unless it continues another block."""
        terms, activation = self._terms, self._terms.activation_of(part)
        before = "" if beginning else terms.before_it(self._prompt)
        beginning = beginning or self.beginning(part)
        if activation.judged and terms.rulings is not None:
            inner = JudgedRedactor(activation, beginning, terms.placeholders, rigid=rigid)
            judged = JudgedText(inner, terms.rulings, activation, beginning, _JUDGED_AS[part])
            self._judged(judged, part)
        else:
            self._begun(Redactor(activation, beginning, terms.placeholders, rigid=rigid))
        if part is Channel.CONTENT and terms.rewriting and not (rigid or terms.silent):
            self._formed.append(terms.rewriting.text(self._texts[-1], activation, beginning, before))
            self._texts[-1] = self._formed[-1]
        return self._texts[-1]

    def _begun(self, text: Text) -> Text:
        self._texts.append(text)
        return text

    def beginning(self, part: Channel) -> Beginning:
        """Where a text of this part begins."""
        return self._terms.beginning(part, self._prompt)

    def after(self, part: Channel, before: Beginning, said: str) -> Beginning:
        """Where the next block of a text of this part begins: the last one began at ``before`` and was ``said``."""
        return follow(self._terms.activation_of(part), before, said)

    def call(self, *, custom: bool = False) -> tuple[CallName, Text]:
        """Begin the name and the arguments of a tool call. Those of a ``custom`` tool are a text and no JSON."""
        self.called = True
        rules = self._terms.activation.rules
        removes = frozenset(tag for tag, rule in enumerate(rules) if rule.removes)
        tries = frozenset(tag for tag, rule in enumerate(rules) if rule.trial)
        name = CallName(self.text(Channel.TOOL_CALL, rigid=True), self._terms.calling(), removes, tries)
        self._texts[-1] = name
        return name, self.text(Channel.TOOL_CALL, rigid=True) if custom else self.arguments()

    def arguments(self) -> Text:
        """Begin the arguments of a tool call: JSON that may not be edited."""
        return self._json(Channel.TOOL_CALL, FREE_NOWHERE)

    def _json(self, part: Channel, structure: Structure) -> Text:
        terms, activation = self._terms, self._terms.activation_of(part)
        beginning = self.beginning(part)
        text = JsonText(activation, beginning, structure, terms.placeholders)
        if activation.judged and terms.rulings is not None:
            judged = JudgedText(text, terms.rulings, activation, beginning, _JUDGED_AS[part], decoded=True)
            return self._judged(judged, part)
        return self._begun(text)

    def _judged(self, text: JudgedText, part: Channel) -> Text:
        """Begin a text that is judged; those of all calls are judged together."""
        if part is Channel.TOOL_CALL:
            text.follow(self._calls)
            self._calls.append(text)
        return self._begun(text)

    def alternatives(self, part: Channel, beginning: Beginning | None = None) -> Alternatives:
        """Make what decides, along a text of this part, about tokens that the model could have said instead."""
        return Alternatives(self._terms.activation_of(part), beginning or self.beginning(part))

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

    @property
    def others(self) -> Sequence[str]:
        """The names of the texts beside the content that ``named`` has begun."""
        return tuple(self._named)

    def paused(self, name: str) -> bool:
        """Whether the last block of the text of this ``name`` has ended and none has begun since."""
        return name in self._paused

    def named(self, name: str, part: Channel) -> Text:
        """Return the text of this ``name``. Beside the content it begins here, as this ``part`` of an answer, if it is
        new."""
        if name == CONTENT:
            return self.content
        text = self._named.get(name)
        if text is None:
            text = self._named[name] = self.text(part)
            if part is Channel.CONTENT:
                self._read.add(name)
        return text

    def feed(self, text: str, name: str = CONTENT) -> str:
        """Return what may leave now that the model has said ``text``, the next of the text of this ``name``. The first
        of the content that is no white space brings what stands before the answer."""
        if name != CONTENT:
            return self.leave(self._send_beside(name, self._named[name].feed(text)), name)
        if self._barred or self._fault:
            return ""
        if self._free:  # most of what is said comes here
            text = self.content.feed(text)
            if text and self._looks:
                self._looks[CONTENT].take(text)
            return text if self.imprint is None else self.leave(text)
        opening = "" if self._spoken or not text or text.isspace() else self.speak()
        return opening + self.leave(self._send(self.content.feed(text)))

    def speak(self) -> str:
        """Note that the model begins to say something that people read. Return what stands before it in the content,
        once."""
        self._spoken = True
        return self._open()

    @property
    def opened(self) -> bool:
        """Whether content leaves as it comes: what stands before it has left."""
        return self._opened

    def pause(self, end: End = End.OWN, name: str = CONTENT) -> str:
        """End a block of a text in this way, though another may follow: what is held is certain now. Return the rest.
        Feed no more of it before ``resume``. If it does leave, say so (``leave``)."""
        self._paused.add(name)
        if name != CONTENT:
            return self._send_beside(name, self._named[name].close(end))
        return "" if self.refused else self._send(self.content.close(end))

    def resume(self, beginning: Beginning, name: str = CONTENT, part: Channel | None = None) -> None:
        """Continue the text of this ``name`` in another block, which begins there. ``part`` is for other texts than
        the content."""
        self._paused.discard(name)
        text = self.text(part or self._part, beginning=beginning)
        if name == CONTENT:
            self.content = text
        else:
            self._named[name] = text

    def fault(self, name: str) -> str:
        """Instead of ``close``: end the choice as refused, because of what ``name`` says. Nothing held leaves."""
        self._fault = name
        return self.close()

    def close(self, end: End = End.OWN) -> str:
        """Return the rest of the content, which ends in this way, and the notices; after a refusal the notices alone. A
        whole answer is returned here, in one piece."""
        rest = "" if self.refused or CONTENT in self._paused else self.leave(self._send(self.content.close(end)))
        for text in self._texts:
            if self.refused or text is not self.content:
                text.abandon()
        if not all(text.ledger.balanced for text in self._texts):
            self._fault = self._fault or "ledger"
            self.balanced = False
        for look in (self._looks or {}).values():
            look.close()
        self._formed = [] if self._terms.whole and self.refused else self._formed  # nothing of it is shown
        told = self._told = self._tell()
        self.notices = (*told.before, *told.after)
        before, after = ([], []) if self._silent else (_texts(told.before), _texts(told.after))
        if not self._terms.whole:
            return rest + self._open() + "".join(map(self._paragraph, after))
        body = "" if self.refused else "".join(self._kept)
        return self._composed(_PARAGRAPH.join(before), body, _PARAGRAPH.join(after))

    @property
    def told(self) -> Told:
        """What the choice tells; of one that is not closed, what it would tell if it ended now."""
        return self._told or self._tell()

    @property
    def seen(self) -> bool:
        """Whether people read its notices: not in the metadata alone, and perhaps never beside a call, since clients
        may hide the steps of a tool loop."""
        return not (self.called or self._silent)

    @property
    def verdict(self) -> Verdict:
        """The joined verdict."""
        return self.told.verdict

    @property
    def looks(self) -> Sequence[Look]:
        """What was looked at of what people read, if a way to speak is set; nothing of a refused whole answer."""
        return () if self._looks is None or (self._terms.whole and self.refused) else tuple(self._looks.values())

    @property
    def rewritten(self) -> frozenset[str]:
        """The slots for which something that people read was rewritten."""
        return frozenset[str]().union(*(text.rewritten for text in self._formed))

    @property
    def left(self) -> frozenset[str]:
        """The slots of which something was left as it was, though answers are to be rewritten for them."""
        return frozenset[str]().union(*(text.left for text in self._formed))

    @property
    def unanswered(self) -> frozenset[str]:
        """The slots of which a plugin's form did not answer."""
        return frozenset[str]().union(*(text.unanswered for text in self._formed))

    def _look(self, name: str, text: str) -> None:
        """Look at what leaves of a text that people read."""
        if self._looks is None or self._terms.wanted is None or not text:
            return
        if name not in self._looks:
            self._looks[name] = Look(self._terms.wanted)
        self._looks[name].take(text)

    def _tell(self) -> Told:
        fault = self._fault or next((text.fault for text in self._texts if text.fault), "")
        seen = replace(met(self._texts), spoken=self._in_languages())
        return tell(self._terms, seen, refused=self.refused, fault=fault, defers=self._defers, rewritten=self.rewritten)

    def _in_languages(self) -> frozenset[int]:
        """Return the numbers of the rules for whose language what people read of the choice counts."""
        if self._terms.wanted is None or not self._terms.wanted.tells:
            return frozenset()
        rules, looks = self._terms.activation.rules, [look for look in self.looks if look.said]
        return frozenset(
            tag for tag, rule in enumerate(rules) if any(look.is_in(each) for look in looks for each in rule.spoken)
        )

    @property
    def _defers(self) -> bool:
        """Whether the choice says nothing but calls: what stands before an answer waits for the next of the loop."""
        return self.called and not (self._spoken or self.refused or self.ended)

    # what leaves

    def leave(self, text: str, name: str = CONTENT) -> str:
        """Note that ``text``, which the text of this ``name`` has given, leaves now. Returns it."""
        if self.imprint is not None:
            if name == CONTENT:
                self.imprint.release(text)
            else:
                self.imprint.beside(name, text)
        return text

    def _add(self, text: str) -> str:
        if self.imprint is not None:
            self.imprint.add(text)
        return text

    def _composed(self, before: str, body: str, after: str) -> str:
        """Return a whole answer, which leaves in one piece: notices, the model's text, notices."""
        if self.refused:
            self.imprint = _imprint(self._terms)  # nothing of what was said beside it leaves
        opening = self._add(before + (_PARAGRAPH if before and (body or after) else ""))
        return opening + self.leave(body) + self._add((_PARAGRAPH if body and after else "") + after)

    @property
    def released(self) -> str:
        """What has left of the content, and of what people read beside it, without additions, if the terms say that it
        is kept."""
        return "" if self._terms.whole and self.refused else "".join([*self._kept, *self._kept_beside])

    def _send_beside(self, name: str, text: str) -> str:
        if name in self._read:
            self._look(name, text)
            if self._terms.keeps:
                self._kept_beside.append(text)
        return text

    def _send(self, text: str) -> str:
        if not self._opened:
            self._blank += text
            return ""
        self._look(CONTENT, text)
        if self._terms.keeps:
            self._kept.append(text)
        if self._terms.whole:
            return ""
        self._sent = self._sent or bool(text)
        self._free = self._spoken and self._sent and not self._terms.keeps
        return text

    def _open(self) -> str:
        """Return what stands before the answer, and the white space with which it begins; once."""
        if self._opened:
            return ""
        self._opened = True
        before = [] if self._defers else _texts(self._terms.discloser.told(self._terms.before, self._terms.heard))
        opening = self._add("".join(text + _PARAGRAPH for text in before))
        return opening + self.leave(self._send(self._blank))

    def _paragraph(self, text: str) -> str:
        """Make ``text`` a paragraph of its own; what stands before the answer has brought its own break."""
        lead = _PARAGRAPH if self._sent else ""
        self._sent = True
        return self._add(lead + text)


def _imprint(terms: Terms) -> Imprint | None:
    return Imprint(terms.placeholders.values()) if terms.signed else None


def _texts(notices: Iterable[Notice]) -> list[str]:
    return [notice.text for notice in notices]
