"""One request: what it may say and what it must tell. The same session serves every door.

A door cuts its protocol into texts and puts released text back; it decides nothing. A session lives as long as the
request and is the only thing that changes while it is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ordinance.policy.plan import Plan, PlannedRule, WithoutAdapter
from ordinance.policy.vocabulary import Channel, Effect, Verdict
from ordinance.runtime.history import Asked
from ordinance.runtime.manners import Manner, manner
from ordinance.runtime.memory import Memory
from ordinance.runtime.occasions import due
from ordinance.runtime.prompt import Prompt
from ordinance.runtime.redact.activation import Activation, activate, removing
from ordinance.runtime.redact.continuation import Beginning, begin
from ordinance.runtime.redact.disclose import Cause, Discloser, Notice, cause_of
from ordinance.runtime.redact.json_text import Structure
from ordinance.runtime.remembered import Remembered, believed, names_of
from ordinance.runtime.situation import Situation, contacts_at, notice_language, rules_in_force
from ordinance.runtime.stream import Stream

#: Texts that are remembered as clean or not, and the longest of them.
_MOST_CLEARED = 4096
_SHORT = 1024


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
    under which answers show the policy; without it, the jurisdiction. ``speaks`` says that somebody chose the locale,
    so that it also decides how to speak; ``asked`` are the slots that the request sets. ``memory`` is what is known of
    the texts that the same client sent, and ``salt`` sets apart those that it said under another. ``remembered`` is
    what earlier answers of the conversation told; None believes what the request claims.
    """

    def __init__(
        self,
        plan: Plan,
        situation: Situation,
        locale: str,
        *,
        whole: bool = False,
        policy_name: str = "",
        speaks: bool = True,
        asked: Mapping[str, str] | None = None,
        memory: Memory | None = None,
        salt: bytes = b"",
        remembered: Remembered | None = None,
    ) -> None:
        remembered = believed(situation) if remembered is None else remembered
        self.plan = plan
        self.situation = situation
        self.locale = locale
        self.whole = whole
        self.policy_name = policy_name
        #: What a pack says of the adapter that is not there, once that is known (``go_without``).
        self.without: WithoutAdapter | None = None
        self._speaks = speaks
        self._asked = asked or {}
        self.activation: Activation = activate(plan, rules_in_force(plan, situation), contacts_at(plan, situation))
        self.discloser = Discloser(plan, notice_language(plan, locale) or "en")
        self.placeholders = self.discloser.placeholders(self.activation.rules)
        self.prompt = Prompt(plan, self.activation, self.placeholders, memory, salt, remembered)
        saying = due(plan, self.activation.rules, situation, remembered)
        self.opening = [rule for rule in saying if not rule.trial]
        self.marks = [rule for rule in self.activation.rules if _marks(rule) and not rule.trial]
        self._tried = [rule for rule in self.activation.rules if rule.trial and (rule in saying or _marks(rule))]
        self._continued: tuple[tuple[tuple[str, ...], bool], ...] = (((), True),)
        self._beginnings: dict[tuple[Channel, tuple[str, ...], bool], Beginning] = {}
        self._streams: list[Stream] = []

    def screen(self, texts: Iterable[str]) -> bool:
        """Look at what is asked. True if a red line refuses: then the upstream is not asked, and each stream of
        this session is refused from its start."""
        self.prompt.screen(Asked(tuple(texts)))
        return self.prompt.refused

    def hear(self, asked: Asked) -> frozenset[int]:
        """Look at a conversation. Returns the numbers of the old exchanges that the model is not to read; what remains
        is to be heard again, until there are none. If ``refused`` then, the upstream is not asked."""
        return self.prompt.screen(asked)

    def ask(self, prompt: str) -> str | None:
        """Look at a ``prompt`` that is one text: screen it and mask it. Returns what may be sent on of it; None if the
        prompt is refused."""
        if self.screen([prompt]):
            return None
        masked = self.mask(prompt)
        return None if self.prompt.refused else masked

    @property
    def masks(self) -> bool:
        """Whether ``mask`` may change anything."""
        return self.prompt.masks

    def mask(self, text: str) -> str:
        """What may be sent on of ``text``, which is asked and was screened: what masks find in it is replaced, and told
        with the answer."""
        return self.prompt.mask(text)

    def manner(self) -> Manner:
        """How the model is to speak."""
        return manner(self.plan, self.situation, self.locale if self._speaks else None, self._asked)

    def go_without(self, said: WithoutAdapter) -> bool:
        """There is no adapter for the language to be spoken: each stream that is opened from now on tells it as a pack
        has ``said``. True if it refuses: then the upstream is not asked."""
        self.without = said
        return said.declines

    @property
    def refused(self) -> bool:
        """Whether no stream of this session gives anything of the model's."""
        return self.prompt.refused or (self.without is not None and self.without.declines)

    @property
    def waits(self) -> bool:
        """Whether looking at a text may take as long as a detector's budget, since one that sees sentences is asked."""
        return self.activation.asks

    def continue_from(self, texts: Sequence[str], *, certain: bool = False) -> None:
        """Say what the answer may continue, before its streams are opened: readings of the same text, the likeliest
        first (semantics, rule 10). ``certain`` says that the server does continue it."""
        self._continued = ((tuple(texts), certain),)

    def continue_each(self, prompts: Sequence[Sequence[str]]) -> None:
        """The same where there are several prompts; ``stream`` says which of them a choice continues."""
        self._continued = tuple((tuple(texts), False) for texts in prompts)

    def activation_of(self, part: Channel) -> Activation:
        """The automata for one part of an answer."""
        return activate(self.plan, self.activation.rules, contacts_at(self.plan, self.situation), part)

    def beginning_of(self, part: Channel, prompt: int = 0) -> Beginning:
        """Where a text of one part begins in a choice that answers the prompt of that number."""
        texts, certain = self._continued[prompt if len(self._continued) > 1 else 0]
        found = self._beginnings.get((part, texts, certain))
        if found is None:
            found = self._beginnings[part, texts, certain] = begin(self.activation_of(part), texts, certain)
        return found

    def stream(self, part: Channel = Channel.CONTENT, *, prompt: int = 0, structure: Structure | None = None) -> Stream:
        """One choice, which answers the prompt of that number, in a ``structure`` if one was asked for. Its content is
        governed as this ``part`` of an answer."""
        stream = Stream(self, part, prompt, structure)
        self._streams.append(stream)
        return stream

    def fail(self, name: str) -> None:
        """The answer cannot be given because of what ``name`` says, though its streams may have been closed: it counts
        as refused."""
        (self._streams or [self.stream()])[-1].fault(name)

    def clean(self, text: str) -> bool:
        """Whether no rule that removes finds anything in a whole ``text`` of an answer. Short texts are remembered:
        what stands around an answer is the same for all."""
        activation = self.activation
        known = activation.cleared.get(text)
        if known is None:
            known = not removing(activation.checks.matches_in(activation.answer, text))
            if len(activation.cleared) >= _MOST_CLEARED:
                activation.cleared.clear()
            if len(text) <= _SHORT:
                activation.cleared[text] = known
        return known

    def outcome(self) -> Outcome:
        """What came of the request so far; final once every stream is closed."""
        notices = dict.fromkeys(notice for stream in self._streams for notice in stream.notices)
        left_out = self.prompt.left_out
        rules = {rule.id for rule in (*self.prompt.rules, *left_out.rules, *self.marks)}
        failed = {rule.id for rule in (*self.prompt.failed, *left_out.failed)}
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
            **self._history(),
        }

    def _history(self) -> dict[str, Any]:
        """What answers and records say of the old exchanges that the model did not read; nothing where it read all."""
        left_out = self.prompt.left_out
        return {"history": {"left_out": left_out.exchanges, "types": left_out.types}} if left_out.exchanges else {}

    @property
    def told(self) -> frozenset[str]:
        """The names under which a memory of the conversation is to note what this answer told, once it has closed."""
        return names_of(self.outcome().notices)

    def under(self) -> dict[str, Any]:
        """The part of the record that is known from the beginning: under which policy, for whom."""
        return {
            "digest": self.plan.digest,
            "jurisdiction": self.situation.jurisdiction,
            "locale": self.locale,
        }

    def record(self) -> dict[str, Any]:
        """The audit record: which policy, which verdict, which rules fired or failed; no text, no counts of it. Of a
        request that its client left, what had come of it by then."""
        for stream in self._streams:
            stream.take_stock()
        outcome = self.outcome()
        return {
            **self.under(),
            "verdict": outcome.verdict.word,
            "rules": list(outcome.rules),
            "failed": list(outcome.failed),
            "trials": list(outcome.trials),
            "notices": [notice.kind.value for notice in outcome.notices],
            "choices": len(self._streams),
            "balanced": outcome.balanced,
            **self._history(),
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
