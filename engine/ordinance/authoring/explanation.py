"""Why a text got its answer: every rule of a plan, whether it acted, and if not, why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ordinance.authoring.applicability import Standing, standing
from ordinance.authoring.observer import Found, Observer
from ordinance.policy.plan import Law, Plan, PlannedRule
from ordinance.policy.vocabulary import Channel
from ordinance.runtime.exchanges import Earlier
from ordinance.runtime.opening import answer_in, open_session
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.redact.disclose import notices_as_json
from ordinance.runtime.session import Session
from ordinance.runtime.situation import Situation

#: How a rule came out. ``failed``: its detector could not say, and what that means is told. ``overtaken``: it found
#: something, but the answer had ended, or that text was already left out.
Came = Literal["fired", "failed", "excepted", "on trial", "out of date", "out of scope", "overtaken", "quiet"]

#: The order in which they are told: what happened first, what did not last.
ORDER: tuple[Came, ...] = (
    "fired", "failed", "excepted", "on trial", "out of date", "out of scope", "overtaken", "quiet",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a rule's detector found: in the answer, or in a text of what was asked, by its name."""

    where: str
    found: Found


class Asks(Protocol):
    """What was asked: its ``texts``, each with the name by which a sighting says where it was."""

    @property
    def texts(self) -> Mapping[str, str]: ...

    def ask(self, session: Session) -> object:
        """Ask it in ``session``."""


@dataclass(frozen=True, slots=True)
class Turns:
    """A prompt, and the turns before it."""

    prompt: str | None
    earlier: Earlier = ()

    @property
    def texts(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for number, (question, answer) in enumerate(self.earlier, 1):
            found |= {f"earlier prompt {number}": question, f"earlier answer {number}": answer}
        return {**found, "prompt": self.prompt or ""}

    def ask(self, session: Session) -> None:
        if self.prompt is not None or self.earlier:
            session.ask(self.prompt or "", self.earlier)


@dataclass(frozen=True, slots=True)
class Account:
    """One rule: how it came out, how it stands in the situation, and what it found. ``struck`` are its tests that
    nothing is configured for: they are struck out of its sentence."""

    rule: PlannedRule
    came: Came
    standing: Standing
    sightings: tuple[Sighting, ...]
    turn: int
    struck: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """What kept the rule from acting, in words; empty where it fired or found nothing."""
        if self.came == "overtaken":
            return "the answer ended before, or that text was left out under another rule"
        if self.came == "on trial" and self.standing.state == "in force":
            return "a judge would have found it, but only records for this text"
        if self.came == "quiet" and self.rule.occasion:
            return f"it speaks at {self.rule.occasion.value}, and this is turn {self.turn}"
        return self.standing.why


@dataclass(frozen=True, slots=True)
class Explanation:
    """``answer`` is what a client would get as one text, ``history`` what its metadata say of old exchanges that the
    model did not read, ``judged`` what they say of rules that ask a judge."""

    situation: Situation
    answer: str
    outcome: Outcome
    accounts: tuple[Account, ...]
    history: Mapping[str, Any] = field(default_factory=dict)
    judged: Mapping[str, list[str]] = field(default_factory=dict)


def explain(
    plan: Plan,
    situation: Situation,
    locale: str | None = None,
    *,
    asked: Asks | None = None,
    answer: str = "",
    part: Channel = Channel.CONTENT,
    called: bool = False,
    witness: Observer | None = None,
    only: str = "",
) -> Explanation:
    """Govern ``answer`` (or this ``part`` of one) to what was ``asked`` as a server would and account for every rule,
    or for the rule ``only``. Where it is ``called``, the answer is the name of a tool that the model calls. Notices are
    in the language of ``locale`` if the plan has them in it, else in English.

    ``witness`` saves making one where many texts are explained.
    """
    session = open_session(plan, situation, default=locale, whole=True)
    if asked is not None:
        asked.ask(session)
    said = answer_in(session, answer, part, called=called)
    outcome = session.outcome()
    watching = witness or Observer(plan)
    in_asked = [(name, watching.look(text)) for name, text in asked.texts.items()] if asked else []
    in_answer = watching.look(answer)
    if called:
        in_answer = (*in_answer, *watching.called(answer))
    accounts = []
    for rule in plan.rules:
        if only and rule.id != only:
            continue
        seen = [
            Sighting(name, each)
            for name, found in in_asked
            for each in found
            if each.rule == rule.id and _reads_prompt(rule)
        ]
        seen += [Sighting("answer", each) for each in in_answer if each.rule == rule.id and _reads_answer(rule)]
        stands = standing(rule, plan, situation)
        came = _came(rule, stands, outcome, found=bool(seen))
        struck = tuple(each.test for each in plan.struck if each.rule == rule.id)
        accounts.append(Account(rule, came, stands, tuple(seen), situation.turn, struck))
    accounts.sort(key=lambda account: ORDER.index(account.came))
    return Explanation(situation, said, outcome, tuple(accounts), session.history(), session.judged())


def _reads_prompt(rule: PlannedRule) -> bool:
    return Channel.PROMPT in rule.channels


def _reads_answer(rule: PlannedRule) -> bool:
    return any(channel is not Channel.PROMPT for channel in rule.channels)


def _came(rule: PlannedRule, stands: Standing, outcome: Outcome, *, found: bool) -> Came:
    if rule.id in outcome.rules:
        return "fired"
    if rule.id in outcome.failed:
        return "failed"
    if rule.id in outcome.trials:  # also of a rule in force, for which a judge only records
        return "on trial"
    if stands.state == "on trial":
        return "quiet"
    if stands.state != "in force":
        return stands.state
    return "overtaken" if found else "quiet"


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as ``--format json`` prints it. Offsets count characters from 0; the end is excluded."""
    situation = explanation.situation
    return {
        "jurisdiction": situation.jurisdiction,
        "situation": {**situation.claimed, **situation.attested},
        "on": str(situation.on or situation.now.date()),
        "verdict": explanation.outcome.verdict.word,
        "answer": explanation.answer,
        "notices": notices_as_json(explanation.outcome.notices),
        **explanation.history,
        **explanation.judged,
        "rules": [_account_as_json(account) for account in explanation.accounts],
    }


def _account_as_json(account: Account) -> dict[str, Any]:
    rule, exemption = account.rule, account.standing.exemption
    return {
        "rule": rule.id,
        "number": rule.number,
        "effect": rule.effect.value,
        "outcome": account.came.replace(" ", "_"),
        "why": account.why,
        "law": _law_as_json(rule.law),
        "laws": [_law_as_json(law) for law in rule.laws],
        "exception": exemption and {"name": exemption.name, "law": _law_as_json(exemption.law)},
        "trial": rule.trial,
        "struck": list(account.struck),
        "found": [
            {"in": each.where, "start": each.found.start, "end": each.found.end, "detector": each.found.detector}
            for each in account.sightings
        ],
    }


def _law_as_json(law: Law | None) -> dict[str, Any] | None:
    if law is None:
        return None
    start, end = law.in_force.start, law.in_force.end
    return {
        "title": law.title,
        "article": law.article,
        "jurisdiction": law.jurisdiction,
        "from": start and str(start),
        "until": end and str(end),
        "source": law.source,
    }
