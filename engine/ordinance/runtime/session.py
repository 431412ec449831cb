"""One request: what it may say and what it must tell. The same session serves every door.

A door cuts its protocol into texts and puts released text back; it decides nothing. A session lives as long as the
request and is the only thing that changes while it is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Verdict
from ordinance.runtime.activation import Activation, activate
from ordinance.runtime.continuation import Beginning, begin
from ordinance.runtime.disclose import Cause, Discloser, Notice, cause_of
from ordinance.runtime.occasions import OPENING, due
from ordinance.runtime.prompt import Prompt
from ordinance.runtime.redactor import Redactor
from ordinance.runtime.rendering import imitation
from ordinance.runtime.situation import Situation, contacts_at, notice_language, rules_in_force

_PARAGRAPH = "\n\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: the joined verdict, the notices, the rules that fired, whether the ledger balances, and
    the rules whose detector failed, and the rules on trial that would have fired."""

    verdict: Verdict
    notices: tuple[Notice, ...]
    rules: tuple[str, ...]
    balanced: bool
    failed: tuple[str, ...] = ()
    trials: tuple[str, ...] = ()


class Session:
    """Opened with a frozen situation; see the module.

    ``whole`` is for a door that sends nothing before the end: ``Stream.feed`` gives nothing and ``Stream.close``
    the entire answer, which after a refusal is the notices alone (semantics, rule 7). ``policy_name`` is the name
    under which answers show the policy; without it, the jurisdiction.
    """

    def __init__(
        self, plan: Plan, situation: Situation, locale: str, *, whole: bool = False, policy_name: str = ""
    ) -> None:
        self.plan = plan
        self.situation = situation
        self.locale = locale
        self.whole = whole
        self.policy_name = policy_name
        self.activation: Activation = activate(plan, rules_in_force(plan, situation), contacts_at(plan, situation))
        self.discloser = Discloser(plan, notice_language(plan, locale) or "en")
        self.placeholders = self.discloser.placeholders(self.activation.rules)
        self.prompt = Prompt(plan, self.activation, self.placeholders)
        saying = due(plan, self.activation.rules, situation)
        self.opening = [rule for rule in saying if not rule.trial]
        self.marks = [rule for rule in self.activation.rules if _marks(rule) and not rule.trial]
        self._tried = [rule for rule in self.activation.rules if rule.trial and (rule in saying or _marks(rule))]
        self._continued: tuple[Sequence[str], bool] = ((), True)
        self._beginnings: dict[Channel, tuple[Activation, Beginning]] = {}
        self._streams: list[Stream] = []

    def screen(self, texts: Iterable[str]) -> bool:
        """Look at what is asked. True if a red line refuses: then the upstream is not asked, and each stream of
        this session is refused from its start."""
        self.prompt.screen(texts)
        return self.prompt.refused

    def mask(self, text: str) -> str:
        """What may be sent on of ``text``, which is asked and was screened: what masks find in it is replaced, and told
        with the answer."""
        return self.prompt.mask(text)

    @property
    def waits(self) -> bool:
        """Whether looking at a text may take as long as a detector's budget, since one that sees sentences is asked."""
        return self.activation.asks

    def continue_from(self, texts: Sequence[str], *, certain: bool = False) -> None:
        """Say what the answer may continue, before its streams are opened: readings of the same text, the likeliest
        first (semantics, rule 10). ``certain`` says that the server does continue it."""
        self._continued = (texts, certain)
        self._beginnings.clear()

    def stream(self, part: Channel = Channel.CONTENT) -> Stream:
        """The text of one choice, or of one ``part`` of it."""
        if part not in self._beginnings:
            activation = activate(self.plan, self.activation.rules, contacts_at(self.plan, self.situation), part)
            self._beginnings[part] = (activation, begin(activation, *self._continued))
        stream = Stream(self, *self._beginnings[part])
        self._streams.append(stream)
        return stream

    def outcome(self) -> Outcome:
        """What came of the request so far; final once every stream is closed."""
        notices = dict.fromkeys(notice for stream in self._streams for notice in stream.notices)
        rules = {rule.id for rule in (*self.prompt.rules, *self.marks)}
        failed = {rule.id for rule in self.prompt.failed}
        trials = {rule.id for rule in (*self.prompt.trials, *self._tried)}
        return Outcome(
            max((stream.verdict for stream in self._streams), default=Verdict.PASS),
            tuple(notices),
            tuple(sorted(rules.union(*(stream.rules for stream in self._streams)))),
            all(stream.balanced for stream in self._streams),
            tuple(sorted(failed.union(*(stream.failed for stream in self._streams)))),
            tuple(sorted(trials.union(*(stream.trials for stream in self._streams)))),
        )

    @property
    def policy(self) -> tuple[str, str]:
        """Name and version of the policy as answers show them."""
        packs = {pack.name: pack.version for pack in self.plan.packs if pack.kind == "jurisdiction"}
        jurisdiction = self.situation.jurisdiction
        if jurisdiction in packs:
            return self.policy_name or str(jurisdiction), packs[str(jurisdiction)]
        charter = self.plan.charter
        return self.policy_name or charter.name, charter.version

    def metadata(self) -> dict[str, Any]:
        """The ``ordinance`` object of an answer, ready for JSON."""
        outcome = self.outcome()
        name, version = self.policy
        return {
            "policy": {
                "name": name,
                "version": version,
                "digest": self.plan.digest,
                "packs": [{"name": pack.name, "version": pack.version} for pack in self.plan.packs],
            },
            "jurisdiction": self.situation.jurisdiction,
            "locale": self.locale,
            "verdict": outcome.verdict.word,
            "balanced": outcome.balanced,
            "notices": notices_as_json(outcome.notices),
            "marks": [_cause_as_json(cause_of(rule)) for rule in self.marks],
        }

    def record(self) -> dict[str, Any]:
        """The audit record: which policy, which verdict, which rules fired or failed; no text, no counts of it."""
        outcome = self.outcome()
        return {
            "digest": self.plan.digest,
            "jurisdiction": self.situation.jurisdiction,
            "locale": self.locale,
            "verdict": outcome.verdict.word,
            "rules": list(outcome.rules),
            "failed": list(outcome.failed),
            "trials": list(outcome.trials),
            "notices": [notice.kind.value for notice in outcome.notices],
            "choices": len(self._streams),
            "balanced": outcome.balanced,
        }


def notices_as_json(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Notices as answers and ``ordinance apply`` show them."""
    return [
        {
            "id": f"n{number}",
            "kind": notice.kind.value,
            "causes": [_cause_as_json(cause) for cause in notice.causes],
            "text": notice.text,
        }
        for number, notice in enumerate(notices, 1)
    ]


def _marks(rule: PlannedRule) -> bool:
    return rule.effect is Effect.MARK


def _cause_as_json(cause: Cause) -> dict[str, Any]:
    law = None if cause.law is None else dict(zip(("title", "article", "jurisdiction"), cause.law, strict=True))
    return {"rule": cause.rule, "type": cause.type, "law": law}


class Stream:
    """The text of one choice on its way to people: feed it, then close it once."""

    def __init__(self, session: Session, activation: Activation, beginning: Beginning) -> None:
        self._session = session
        self._redactor = Redactor(activation, beginning, session.placeholders)
        self._fault = session.prompt.fault
        self._opened = False
        self._sent = False
        self._kept: list[str] = []
        self.notices: tuple[Notice, ...] = ()
        self.rules: frozenset[str] = frozenset()
        self.failed: frozenset[str] = frozenset()
        self.trials: frozenset[str] = frozenset()
        self.verdict = Verdict.PASS
        self.balanced = True

    @property
    def refused(self) -> bool:
        """Whether the answer has ended: nothing more of the model's text leaves, ``finish_reason`` is
        ``content_filter``."""
        return bool(self._fault or self._redactor.fault or self._redactor.refused) or self._session.prompt.refused

    def feed(self, text: str) -> str:
        """What may leave now that the model has said ``text``."""
        return "" if self._fault or self._session.prompt.refused else self._send(self._redactor.feed(text))

    def fault(self, name: str) -> str:
        """Instead of ``close``: end the answer as refused, because of what ``name`` says. Nothing held leaves."""
        self._fault = name
        self._redactor.abandon()
        return self.close()

    def close(self) -> str:
        """The rest of the text and the notices. After a refusal the notices alone, and for a whole answer nothing
        but them."""
        rest = "" if self.refused else self._send(self._redactor.close())
        if not self._redactor.ledger.balanced:
            self._fault = self._fault or "ledger"
            self.balanced = False
        before, after = self._tell()
        self.notices = (*before, *after)
        if not self._session.whole:
            paragraphs = [notice.text for notice in after]
            return rest + self._open() + "".join(self._paragraph(text) for text in paragraphs)
        body = "" if self.refused else "".join(self._kept)
        return _PARAGRAPH.join([*(n.text for n in before), *([body] if body else []), *(n.text for n in after)])

    # what leaves

    def _send(self, text: str) -> str:
        if self._session.whole:
            self._kept.append(text)
            return ""
        opening = self._open()
        self._sent = self._sent or bool(text)
        return opening + text

    def _open(self) -> str:
        """What stands before the answer, once."""
        if self._opened or self._session.whole:
            return ""
        self._opened = True
        return "".join(notice.text + _PARAGRAPH for notice in self._before())

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
        session, redactor = self._session, self._redactor
        rules = session.activation.rules
        say = session.discloser
        refusing = [rules[tag] for tag in sorted(redactor.refused)]
        refusing += [rule for rule in session.prompt.rules if rule.effect is Effect.REFUSE]
        providing = [rules[tag] for tag in sorted(redactor.observed) if rules[tag].effect is Effect.PROVIDE]
        providing += [rule for rule in session.prompt.rules if rule.effect is Effect.PROVIDE]
        shown = set() if session.whole and self.refused else redactor.omitted
        masked = session.prompt.masked
        forged = {tag for tag in shown if tag < 0 or tag == session.activation.forged}
        omitting = [rules[tag] for tag in sorted(shown | masked) if 0 <= tag < len(rules)]
        saying = [rule for rule in session.opening if rule.occasion not in OPENING]
        before = self._before()
        after = say.told(rule for rule in omitting if rule.told)
        if not forged <= {imitation(tag) for tag in masked}:  # the placeholder of a masked prompt is only repeated
            after.append(self._engine_notice(NoticeKind.OMISSION, "forged_marker", "forged_marker"))
        after += say.told(dict.fromkeys(refusing))
        fault = self._fault or redactor.fault
        failed = [*(rules[tag] for tag in redactor.failed), *session.prompt.failed]
        if not fault and any(not rule.trial for rule in failed):
            fault = "detector"
        if fault:
            after.append(self._engine_notice(NoticeKind.FAULT, "fault", fault))
        after += say.told(saying)
        if providing or refusing:
            after.append(self._contacts(providing, refusing))
        fired = dict.fromkeys([*refusing, *providing, *omitting, *session.opening])
        self.rules = frozenset(rule.id for rule in fired)
        self.failed = frozenset(rules[tag].id for tag in redactor.failed)
        self.trials = frozenset(rules[tag].id for tag in redactor.tried)
        if self.refused:
            self.verdict = Verdict.REFUSE
        elif shown or masked:
            self.verdict = Verdict.WITHHOLD
        elif before or after:
            self.verdict = Verdict.DISCLOSE
        return before, after

    def _engine_notice(self, kind: NoticeKind, template: str, name: str) -> Notice:
        cause = Cause(f"engine/{name}", kind.value if kind is NoticeKind.FAULT else name, None)
        return self._session.discloser.engine(kind, self._session.plan.engine_notices[template], (cause,))

    def _contacts(self, providing: list[PlannedRule], refusing: list[PlannedRule]) -> Notice:
        """Whom to call: the groups that rules name; after a red line all that the situation has (rule 14). A fault
        says nothing about people, so it brings none."""
        plan = self._session.plan
        here = contacts_at(plan, self._session.situation)
        groups = {rule.contacts for rule in providing}
        chosen = [contact for contact in here if refusing or contact.group in groups]
        named = tuple(dict.fromkeys(cause_of(rule) for rule in providing or refusing))
        notices = plan.engine_notices
        return self._session.discloser.contacts(notices["contacts"], notices["contacts_unknown"], chosen, named)
