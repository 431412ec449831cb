"""One request: what it may say and what it must tell. The same session serves every door.

A door cuts its protocol into texts and puts released text back; it decides nothing. A session lives as long as the
request and is the only thing that changes while it is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from ordinance.policy.plan import Plan, PlannedRule, WithoutAdapter
from ordinance.policy.vocabulary import PURPOSE, Channel, Verdict
from ordinance.runtime.adherence.looking import adapters
from ordinance.runtime.exchanges import Asked, Earlier
from ordinance.runtime.forms.rewriting import rewriting
from ordinance.runtime.manners import Manner, manner, wanted_of
from ordinance.runtime.marking import Marking, Sign
from ordinance.runtime.match.rulings import Rulings
from ordinance.runtime.memory import Memory
from ordinance.runtime.outcome import Outcome, grounds
from ordinance.runtime.prompt import Prompt
from ordinance.runtime.redact.activation import Activation, removing
from ordinance.runtime.redact.disclose import cause_as_json, causes_of, notices_as_json
from ordinance.runtime.redact.json_text import Structure
from ordinance.runtime.remembered import Remembered, believed, names_of
from ordinance.runtime.situation import Situation
from ordinance.runtime.stream import Stream
from ordinance.runtime.terms import Continued, Terms, terms_of

#: Texts that are remembered as clean or not, and the longest of them.
_MOST_CLEARED = 4096
_SHORT = 1024


class Session:
    """Opened with a frozen situation; see the module.

    ``whole`` is for a door that sends nothing before the end: ``Stream.feed`` gives nothing and ``Stream.close``
    the entire answer, which after a refusal is the notices alone (semantics, rule 7). ``policy_name`` is the name
    under which answers show the policy; without it, the jurisdiction. ``register`` is the address of the page that
    lists its rules, each at its id. ``speaks`` says that somebody chose the locale,
    so that it also decides how to speak; ``asked`` are the slots that the request sets. ``memory`` is what is known of
    the texts that the same client sent, and ``salt`` sets apart those that it said under another. ``remembered`` is
    what earlier answers of the conversation told; None believes what the request claims. ``silent``: a machine reads
    the text, so that notices are in the metadata alone. With ``shows_trials`` the metadata name the rules on trial that
    would have fired, which is for those who try a policy, and never for people: it would help whoever probes it.
    ``sign`` signs the mark of an answer that a rule marks; ``marking`` has it.
    """

    def __init__(
        self,
        plan: Plan,
        situation: Situation,
        locale: str,
        *,
        whole: bool = False,
        policy_name: str = "",
        register: str = "",
        speaks: bool = True,
        asked: Mapping[str, str] | None = None,
        memory: Memory | None = None,
        salt: bytes = b"",
        remembered: Remembered | None = None,
        silent: bool = False,
        shows_trials: bool = False,
        sign: Sign | None = None,
    ) -> None:
        remembered = believed(situation) if remembered is None else remembered
        self.plan = plan
        self.situation = situation
        self.locale = locale
        self.policy_name = policy_name
        self._register = register
        self._shows_trials = shows_trials
        self._manner = manner(plan, situation, locale if speaks else None, asked or {})
        rulings = None if plan.judge is None else Rulings(plan.judge, salt)
        terms = terms_of(plan, situation, locale, remembered, whole=whole, silent=silent, rulings=rulings)
        tells = any(rule.spoken for rule in terms.activation.rules)
        wanted = wanted_of(self._manner, locale, terms.placeholders, tells=tells)
        forms = rewriting(self._manner.slots, self._manner.rewrites, plan.forms, self._manner.language or locale)
        signed = bool(terms.marks) and sign is not None
        self._terms = terms = replace(terms, signed=signed, wanted=wanted, rewriting=forms)
        self.marking = Marking(sign) if terms.marks else None
        self.prompt = Prompt(plan, terms.activation, terms.placeholders, memory, salt, remembered, rulings)
        self._streams: list[Stream] = []
        self._instructed = ""
        #: The model that answers in the place of the requested one, as the operator lets it; and what is told of an
        #: answer that was asked for once more, nothing if it was not.
        self.fallback = ""
        self.asked_again: Mapping[str, str] = {}

    def again(self) -> Session:
        """Return a session for another answer to the same request: on the same terms, with nothing said yet."""
        other = copy(self)
        other._streams, other.marking = [], copy(self.marking)
        return other

    @property
    def terms(self) -> Terms:
        """The terms of an answer, as far as they are known: a stream keeps those of its opening."""
        return replace(self._terms, screened=self.prompt.found)

    @property
    def whole(self) -> bool:
        return self._terms.whole

    @property
    def silent(self) -> bool:
        return self._terms.silent

    @property
    def marks(self) -> tuple[PlannedRule, ...]:
        """The rules that mark the answer."""
        return self._terms.marks

    @property
    def placeholders(self) -> Mapping[int, str]:
        """What masks write, by tag."""
        return self._terms.placeholders

    @property
    def activation(self) -> Activation:
        """The rules in force, and the automata for content."""
        return self._terms.activation

    def screen(self, texts: Iterable[str]) -> bool:
        """Look at what is asked. True if a red line refuses: then the upstream is not asked, and each stream of
        this session is refused from its start."""
        self.prompt.screen(Asked(tuple(texts)))
        return self.prompt.refused

    def hear(self, asked: Asked) -> frozenset[int]:
        """Look at a conversation. Returns the numbers of the old exchanges that the model is not to read; what remains
        is to be heard again, until there are none. If ``refused`` then, the upstream is not asked."""
        return self.prompt.screen(asked)

    def ask(self, prompt: str, earlier: Earlier = ()) -> str | None:
        """Look at a ``prompt`` that is one text: screen it and mask it. Returns what may be sent on of it; None if the
        prompt is refused. ``earlier`` are the turns before it, which are old."""
        asked = self.prompt.asked(prompt, earlier)
        while (gone := self.hear(asked)) and not self.prompt.refused:
            asked = replace(asked, old=[each for number, each in enumerate(asked.old) if number not in gone])
        if self.prompt.refused:
            return None
        masked = self.mask(prompt)
        return None if self.prompt.refused else masked

    @property
    def masks(self) -> bool:
        """Whether ``mask`` may change anything."""
        return self.prompt.masks

    def mask(self, text: str) -> str:
        """Return what may be sent on of ``text``, which is part of the request and was screened: what masks find in it
        is replaced, and the answer reports it."""
        return self.prompt.mask(text)

    def manner(self) -> Manner:
        """How the model is to speak."""
        return self._manner

    def instructed_in(self, language: str) -> None:
        """Note the ``language`` in which the model was told how to speak: if a plugin brings it, that took part."""
        self._instructed = language

    def go_without(self, said: WithoutAdapter) -> bool:
        """There is no adapter for the language to be spoken: each stream that is opened from now on tells it as a pack
        has ``said``. True if it refuses: then the upstream is not asked."""
        self._terms = replace(self._terms, without=said)
        return said.declines

    @property
    def refused(self) -> bool:
        """Whether no stream of this session gives anything of the model's."""
        return self.terms.refused

    @property
    def waits(self) -> bool:
        """Whether looking at a text may take as long as a plugin's budget, since one is asked about sentences or
        passages."""
        return self.activation.asks or self._terms.rewriting.asks

    def continue_from(self, texts: Sequence[str], *, certain: bool = False) -> None:
        """Say what the answer may continue, before its streams are opened: readings of the same text, the likeliest
        first (semantics, rule 10). ``certain`` says that the server does continue it."""
        self._terms = replace(self._terms, continued=(Continued(tuple(texts), certain),))

    def continue_each(self, prompts: Sequence[Sequence[str]]) -> None:
        """Continue several prompts; ``stream`` says which of them a choice continues."""
        known = {tuple(texts): Continued(tuple(texts), certain=False) for texts in prompts}
        self._terms = replace(self._terms, continued=tuple(known[tuple(texts)] for texts in prompts))

    def judges(self, part: Channel) -> bool:
        """Return whether this part of an answer waits for a judge."""
        return self._terms.rulings is not None and any(rule.may_act for rule in self.activation_of(part).judged)

    def activation_of(self, part: Channel) -> Activation:
        """Return the automata for one part of an answer."""
        return self._terms.activation_of(part)

    def stream(
        self, part: Channel = Channel.CONTENT, *, prompt: int = 0, structure: Structure | None = None, index: int = 0
    ) -> Stream:
        """Open the choice of this ``index``, which answers the prompt of that number, in a ``structure`` if one was
        asked for. Its content is governed as this ``part`` of an answer."""
        stream = Stream(self.terms, part, prompt, structure, index)
        self._streams.append(stream)
        return stream

    def repeat_prompts(self) -> None:
        """Say that answers repeat what was asked: these are not the model's words alone, and none is rewritten."""
        self._terms = replace(self._terms, rewriting=replace(self._terms.rewriting, keeps=True))

    def keep_answers(self) -> None:
        """Keep what leaves of each choice that is opened from now on, for ``answers``."""
        self._terms = replace(self._terms, keeps=True)

    def answers(self) -> list[str]:
        """Return what people read of each choice that is an answer, without additions: a choice that is nothing but
        calls is none, nor is one that was refused before the model said anything."""
        return [released for each in self._streams if (released := each.released).strip()]

    def fail(self, name: str) -> None:
        """Note that the answer cannot be given because of what ``name`` says, even if its streams are closed: it counts
        as refused."""
        (self._streams or [self.stream()])[-1].fault(name)

    def clean(self, text: str) -> bool:
        """Whether no rule that removes finds anything in a whole ``text`` of an answer. Short texts are remembered:
        what stands around an answer is the same for all."""
        activation = self.activation
        known = activation.cleared.get(text)
        if known is None:
            near = [found for each in activation.nearby for found in each.nearby.findings(text, set())]
            found = removing(activation.checks.matches_in(activation.answer, text, set()))
            known = not found and not near
            if len(activation.cleared) >= _MOST_CLEARED:
                activation.cleared.clear()
            if len(text) <= _SHORT and not any(match.failed for match in found):
                activation.cleared[text] = known
        return known

    def outcome(self) -> Outcome:
        """Return the outcome of the request so far; final once every stream is closed."""
        told = [stream.told for stream in self._streams]
        asked, terms = self.prompt.found, self._terms
        left_out = asked.left_out
        return Outcome(
            max((each.verdict for each in told), default=Verdict.PASS),
            tuple(dict.fromkeys(notice for stream in self._streams for notice in stream.notices)),
            _joined(
                (rule.id for rule in (*asked.rules, *left_out.rules, *terms.marks)), *(each.rules for each in told)
            ),
            all(stream.balanced for stream in self._streams),
            _joined((rule.id for rule in (*asked.failed, *left_out.failed)), *(each.failed for each in told)),
            _joined(
                (rule.id for rule in (*asked.trials, *terms.tried, *self._recorded())),
                *(each.trials for each in told),
            ),
        )

    def _recorded(self) -> tuple[PlannedRule, ...]:
        """Return the rules that a judge that only records would have found in the prompt."""
        rulings = self._terms.rulings
        tags = frozenset() if rulings is None else rulings.recorded()
        return tuple(self.activation.rules[tag] for tag in sorted(tags))

    @property
    def policy(self) -> tuple[str, str]:
        """Name and version of the policy as answers show them."""
        packs = {pack.name: pack.version for pack in self.plan.packs if pack.kind == "jurisdiction"}
        jurisdiction = self.situation.jurisdiction
        if jurisdiction in packs:
            return self.policy_name or str(jurisdiction), packs[str(jurisdiction)]
        charter = self.plan.charter
        return self.policy_name or charter.name, charter.version

    def metadata(self, id: str = "", model: str = "") -> dict[str, Any]:
        """Return the ``ordinance`` object of an answer, ready for JSON. If a rule marks it, it is signed as the answer
        of this ``id`` and ``model``, with all that has left."""
        told = self._told()
        if self.marking is None:
            return told
        return self.marking.told(told, self._streams, id=id, model=model, policy=self.plan.digest)

    def _told(self) -> dict[str, Any]:
        outcome = self.outcome()
        name, version = self.policy
        return {
            "policy": {
                "name": name,
                "version": version,
                "digest": self.plan.digest,
                "packs": [{"name": pack.name, "version": pack.version} for pack in self.plan.packs],
                **({"register": self._register} if self._register else {}),
            },
            "jurisdiction": self.situation.jurisdiction,
            "locale": self.locale,
            "verdict": outcome.verdict.word,
            "balanced": outcome.balanced,
            "notices": notices_as_json(outcome.notices),
            "marks": [cause_as_json(cause) for rule in self.marks for cause in causes_of(rule)],
            **self.spoken(),
            **self._plugins(),
            **self.judged(),
            **({"trials": list(outcome.trials)} if self._shows_trials else {}),
            **({"fallback": {"model": self.fallback}} if self.fallback else {}),
            **self.history(),
        }

    def spoken(self) -> dict[str, Any]:
        """Return what answers and records say of how the answer was spoken; nothing if no slot is in force."""
        rewritten = frozenset[str]().union(*(stream.rewritten for stream in self._streams))
        left = frozenset[str]().union(*(stream.left for stream in self._streams))
        failed = frozenset[str]().union(*(stream.unanswered for stream in self._streams))
        told = adapters(self._terms.wanted, [stream.looks for stream in self._streams], rewritten, left, failed)
        return {**told, "asked_again": self.asked_again} if self.asked_again else dict(told)

    def judged(self) -> dict[str, list[str]]:
        """Return what answers and records say of rules that ask a judge: those for which it acted on every text that it
        was asked about, and the others; nothing if there is no judge (semantics, rule 30)."""
        rulings = self._terms.rulings
        asking = sorted(rule.id for rule in self.activation.rules if rule.judged is not None)
        if rulings is None or not asking:
            return {}
        return {
            "judged": [rule for rule in asking if rulings.acted(rule)],
            "not_judged": [rule for rule in asking if not rulings.acted(rule)],
        }

    def history(self) -> dict[str, Any]:
        """Return what answers and records say of the exchanges that the model did not read; nothing if it read all."""
        left_out = self.prompt.found.left_out
        return {"history": {"left_out": left_out.exchanges, "types": left_out.types}} if left_out.exchanges else {}

    @property
    def held(self) -> int:
        """How many characters of the model's wait now, in all texts of all choices."""
        return sum(text.received - text.settled for stream in self._streams for text in stream.texts)

    @property
    def given(self) -> frozenset[str]:
        """The names under which a memory of the conversation is to note what this answer told people, once it has
        closed."""
        return names_of(notice for stream in self._streams if stream.seen for notice in stream.notices)

    def under(self) -> dict[str, Any]:
        """Return the part of the record that is known from the beginning: under which policy, for whom."""
        purpose = self.situation.attested.get(PURPOSE)
        return {
            "digest": self.plan.digest,
            "jurisdiction": self.situation.jurisdiction,
            "locale": self.locale,
            **({} if purpose is None else {"purpose": purpose}),
            **self._plugins(),
        }

    def _plugins(self) -> dict[str, Any]:
        """Return what answers and records say of plugins: those that a rule in force asks, and the one in whose words
        the model was told how to speak; nothing if there is none."""
        plugins = set(self.plan.plugins_of(self.activation.rules, self._terms.rewriting.plugins))
        if told := self.plan.instructions.get(self._instructed):
            plugins.add(f"{told.plugin.name} {told.plugin.version}")
        return {"plugins": sorted(plugins)} if plugins else {}

    def record(self) -> dict[str, Any]:
        """Return the audit record: which policy, which verdict, which rules fired or failed; no text, no counts of it.
        For a request that its client left, the outcome until then."""
        outcome = self.outcome()
        return {
            **self.under(),
            "verdict": outcome.verdict.word,
            "rules": list(outcome.rules),
            **grounds(self.activation.rules, outcome.rules),
            "failed": list(outcome.failed),
            "trials": list(outcome.trials),
            "notices": [notice.kind.value for notice in outcome.notices],
            "choices": len(self._streams),
            "balanced": outcome.balanced,
            **self.spoken(),
            **self.judged(),
            **self._judge_faults(),
            **self.history(),
            **({} if self.marking is None else self.marking.record()),
        }

    def _judge_faults(self) -> dict[str, Any]:
        rulings = self._terms.rulings
        if rulings is None or not rulings.faults:
            return {}
        failed = {name: sorted(rules) for name, rules in sorted(rulings.failed.items())}
        return {"judge_faults": sorted(rulings.faults), **({"judges_failed": failed} if failed else {})}


def _joined(*ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set().union(*ids)))
