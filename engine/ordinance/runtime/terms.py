"""The terms of one answer: all that is settled before its first character. Session and streams read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ordinance.detection import Expressions
from ordinance.policy.plan import Contact, Plan, PlannedRule, WithoutAdapter
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.adherence.looking import Wanted
from ordinance.runtime.forms.rewriting import NOTHING_REWRITTEN, Rewriting
from ordinance.runtime.match.rulings import Rulings
from ordinance.runtime.occasions import OPENING, due
from ordinance.runtime.prompt import Screened
from ordinance.runtime.redact.activation import Activation, activate
from ordinance.runtime.redact.continuation import Beginning, begin
from ordinance.runtime.redact.disclose import Discloser
from ordinance.runtime.remembered import NOTHING_TOLD, Remembered
from ordinance.runtime.situation import Situation, contacts_at, notice_language, rules_in_force


@dataclass(frozen=True, slots=True)
class Continued:
    """The text that an answer may continue: ``readings`` of it, the likeliest first (semantics, rule 10). ``certain``
    says that the server does continue it. Each beginning is made once, for all choices and all parts that are alike."""

    readings: tuple[str, ...] = ()
    certain: bool = True
    _beginnings: dict[int, Beginning] = field(default_factory=dict, compare=False, repr=False)

    def beginning(self, activation: Activation) -> Beginning:
        """Where a text begins whose automata are ``activation``."""
        found = self._beginnings.get(activation.number)
        if found is None:
            found = self._beginnings[activation.number] = begin(activation, self.readings, self.certain)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What a plan means for one answer in one situation.

    ``whole``: nothing leaves before the end. ``activation`` has the rules in force and the automata of content,
    ``contacts`` are those of the place, ``placeholders`` what masks write, by tag. ``opening`` are the ``say`` rules
    that speak in this answer, ``answering`` those that speak if it contains what they look for, ``marks`` those that
    mark it, and ``tried`` those that say or mark whatever a text contains and are on trial. ``screened`` is what the
    prompt was found to contain, ``without`` what a pack says of an adapter that is not there, and ``continued`` has
    one text, or one for each prompt of the request. ``remembered`` is what earlier answers of the conversation told.
    ``silent``: a machine reads the text, so that notices are in the metadata alone. ``keeps``: what leaves is needed
    at the end. ``rulings`` are those of the judge, if there is one. ``signed``: a mark is signed over what leaves.
    ``wanted`` is how the answer was to be spoken; None if nothing sets that. ``rewriting`` is in which forms.
    """

    plan: Plan
    situation: Situation
    whole: bool
    activation: Activation
    contacts: tuple[Contact, ...]
    discloser: Discloser
    placeholders: Mapping[int, str]
    opening: tuple[PlannedRule, ...]
    answering: tuple[PlannedRule, ...]
    marks: tuple[PlannedRule, ...]
    tried: tuple[PlannedRule, ...]
    screened: Screened = field(default_factory=Screened)
    without: WithoutAdapter | None = None
    continued: tuple[Continued, ...] = field(default_factory=lambda: (Continued(),))
    remembered: Remembered = NOTHING_TOLD
    silent: bool = False
    keeps: bool = False
    rulings: Rulings | None = None
    signed: bool = False
    wanted: Wanted | None = None
    rewriting: Rewriting = NOTHING_REWRITTEN

    @property
    def refused(self) -> bool:
        """Whether nothing of the model's may leave."""
        return self.screened.refused or (self.without is not None and self.without.declines)

    def calling(self) -> dict[str, frozenset[int]]:
        """Return the rules that name tools, as numbers, by what the names are compared as."""
        found: dict[str, frozenset[int]] = {}
        for tag, rule in enumerate(self.activation.rules):
            for prepared in (self.plan.detectors[key] for key in rule.detectors):
                for name in prepared.calls if isinstance(prepared, Expressions) else ():
                    found[name] = found.get(name, frozenset()) | {tag}
        return found

    @property
    def before(self) -> tuple[PlannedRule, ...]:
        """Those of ``opening`` that speak before the answer."""
        return tuple(rule for rule in self.opening if rule.occasion in OPENING)

    @property
    def heard(self) -> frozenset[str]:
        """The notices that earlier answers are known to have told, so that their shorter form is enough. What a client
        claims does not count: an invented turn must not take the full text away."""
        return frozenset(self.remembered.notices)

    def activation_of(self, part: Channel) -> Activation:
        """Return the automata for one part of an answer."""
        return activate(self.plan, self.activation.rules, self.contacts, part)

    def beginning(self, part: Channel, prompt: int = 0) -> Beginning:
        """Where a text of one ``part`` begins in a choice that answers the prompt of that number."""
        return self._continued(prompt).beginning(self.activation_of(part))

    def before_it(self, prompt: int = 0) -> str:
        """Return the text that such a choice continues, in its likeliest reading; empty for none."""
        return next(iter(self._continued(prompt).readings), "")

    def _continued(self, prompt: int) -> Continued:
        return self.continued[prompt if len(self.continued) > 1 else 0]


def terms_of(
    plan: Plan,
    situation: Situation,
    locale: str,
    remembered: Remembered = NOTHING_TOLD,
    *,
    whole: bool = False,
    silent: bool = False,
    rulings: Rulings | None = None,
) -> Terms:
    """Make the terms before anything is known of the prompt. ``locale`` chooses the language of notices,
    ``remembered`` is what earlier answers told."""
    contacts = contacts_at(plan, situation)
    activation = activate(plan, rules_in_force(plan, situation), contacts)
    discloser = Discloser(plan, notice_language(plan, locale) or "en")
    saying = due(plan, activation.rules, situation, remembered)
    marking = [rule for rule in activation.rules if rule.effect is Effect.MARK]
    return Terms(
        plan,
        situation,
        whole,
        activation,
        contacts,
        discloser,
        discloser.placeholders(activation.rules),
        opening=tuple(rule for rule in saying if not (rule.trial or rule.by_text)),
        answering=tuple(rule for rule in saying if rule.by_text and not rule.trial),
        marks=tuple(rule for rule in marking if not rule.trial),
        tried=tuple(rule for rule in (*saying, *marking) if rule.trial and not rule.by_text),
        remembered=remembered,
        silent=silent,
        keeps=whole,
        rulings=rulings,
    )
