"""What is asked: looked at before an upstream is, and masked where a rule says so (semantics, rules 4, 7 and 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.cutter import Cutter
from ordinance.runtime.exchanges import NOTHING_LEFT_OUT, Asked, Earlier, Exchange, LeftOut
from ordinance.runtime.judged_prompt import NOTHING, JudgedPrompt
from ordinance.runtime.match.checks import Lost
from ordinance.runtime.match.rulings import Rulings
from ordinance.runtime.match.segments import Asking, SegmentScan
from ordinance.runtime.memory import SCREENED, UNMASKED, Memory, Recall
from ordinance.runtime.redact.activation import Activation, activate, removing
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.remembered import CONTACTS, HISTORY, NOTHING_TOLD, Remembered
from ordinance.runtime.rereading import matches_in
from ordinance.runtime.text.sentences import Sentences


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found in a prompt. ``rules`` are those that found something in what is new, and those by which help is
    due after something old; ``trials`` those on trial that did, ``failed`` those whose detector failed. ``left_out`` is
    what the model does not read of what is old. ``masked`` are the tags of what has removed something. ``unbalanced``:
    the ledger of a masked text did not balance; ``unmasked``: a mask could not reach what it finds."""

    rules: tuple[PlannedRule, ...] = ()
    trials: tuple[PlannedRule, ...] = ()
    failed: tuple[PlannedRule, ...] = ()
    left_out: LeftOut = NOTHING_LEFT_OUT
    masked: frozenset[int] = frozenset()
    unbalanced: bool = False
    unmasked: bool = False

    @property
    def refused(self) -> bool:
        """Whether the prompt alone ends the answer."""
        return bool(self.fault) or any(rule.effect is Effect.REFUSE for rule in self.rules)

    @property
    def fault(self) -> str:
        """What went wrong so that nothing is sent on: the detector of a red line, the ledger, or a mask."""
        if _red_lines(self.failed):
            return "detector"
        if self.unbalanced:
            return "ledger"
        return "mask" if self.unmasked else ""


class Prompt:
    """The texts of one request; ``found`` is what was found in them so far.

    If it ``defers``, what is new is judged when ``settle`` is called, and not by ``screen``.

    Texts that ``memory`` knows as clean, met under the same rules and the same ``salt``, are not looked at again. What
    comes of a prompt is the same with any memory.
    """

    def __init__(
        self,
        plan: Plan,
        activation: Activation,
        placeholders: Mapping[int, str],
        memory: Memory | None = None,
        salt: bytes = b"",
        remembered: Remembered = NOTHING_TOLD,
        rulings: Rulings | None = None,
    ) -> None:
        self.cutter = Cutter(plan, memory, salt)
        self._remembered = remembered
        self._lost: Lost = set()
        self._looked: dict[str, tuple[set[int], set[int]]] = {}
        self.found = Screened()
        self._activation = activation
        self._placeholders = placeholders
        asked = activate(plan, activation.rules, part=Channel.PROMPT)
        self._masking = asked if asked.placeholders else None
        self._recall: Recall | None = None if memory is None else memory.within(activation.number, salt)
        self.defers = False
        self._pending: Asked | None = None
        self._judged: JudgedPrompt | None = None
        if rulings is not None:
            cleared = None if memory is None else memory.within(activation.number, salt, rulings.era)
            self._judged = JudgedPrompt(activation, rulings, cleared)

    @property
    def masks(self) -> bool:
        """Whether any rule may change what is sent on."""
        return self._masking is not None

    @property
    def refused(self) -> bool:
        """Whether the prompt alone ends the answer."""
        return self.found.refused

    def unknown(self, asked: Asked) -> int:
        """How many characters of what is ``asked`` have to be looked at, for they were not met or were not clean."""
        facts = [SCREENED] if self._masking is None else [SCREENED, UNMASKED]
        texts = [*asked.new, *(text for exchange in asked.old for text in exchange.texts)]
        judged = 0 if self._judged is None else self._judged.unknown(asked)
        return judged + sum(max(self._left(fact, text) for fact in facts) for text in texts)

    def asked(self, prompt: str, earlier: Earlier) -> Asked:
        """Say what a ``prompt`` asks after ``earlier`` turns, without the engine's own words in their answers."""
        returned = [self.cutter.cut(answer) for _, answer in earlier]
        said = [(question, answer.text) for (question, _), answer in zip(earlier, returned, strict=True)]
        helped = [any(answer.contacts for answer in returned[number:]) for number in range(len(returned))]
        old = [Exchange(texts, found, texts) for texts, found in zip(said, helped, strict=True)]
        return Asked((prompt,), old, any(answer.history for answer in returned), (prompt,), prompt)

    def screen(self, asked: Asked) -> frozenset[int]:
        """Look at what is ``asked``, as it came. Returns the numbers of the old exchanges that meet a red line: the
        model is not to read them, and what remains is to be screened again."""
        fired, failed = self._found(asked.new)
        judged = self._judged
        if judged is not None:
            judged.show(asked.question or max(asked.new, key=len, default=""))
            self._pending = asked if self.defers and judged.unknown(replace(asked, old=())) else None
        if judged is not None and self._pending is None:
            found, lost_at = judged.new(asked)
            fired, failed = fired | found, failed | lost_at
        found_by = self._by_tag(fired)
        rules = [rule for rule in found_by if not rule.trial]
        left_out, gone = self.found.left_out, set[int]()
        told = asked.told and self._remembered.last(HISTORY) is not None
        of_old = [NOTHING] * len(asked.old) if judged is None else judged.old(asked.old, asked.form)
        for number, exchange in enumerate(asked.old):
            was_fired, was_failed = self._found(exchange.texts)
            was_fired, was_failed = was_fired | of_old[number][0], was_failed | of_old[number][1]
            met = [rule for rule in self._by_tag(was_fired) if not rule.trial]
            if not exchange.helped or self._remembered.last(CONTACTS) is None:
                rules += [rule for rule in met if rule.effect is Effect.PROVIDE]
            red, lost = _red_lines(met), _red_lines(self._by_tag(was_failed))
            if red or lost:
                gone.add(number)
                left_out = left_out.and_one(red, lost, told=told)
        self.found = replace(
            self.found,
            rules=tuple(dict.fromkeys([*rules, *self._helping])),
            trials=(*(rule for rule in found_by if rule.trial), *self._by_tag(judged.recorded if judged else ())),
            failed=self._by_tag(failed),
            left_out=left_out,
        )
        return frozenset(gone)

    @property
    def pending(self) -> bool:
        """Whether what is new is still to be judged, by ``settle``: until then nothing of an answer may leave."""
        return self._pending is not None

    def settle(self) -> None:
        """Judge what is new. Blocks until then."""
        asked, judged = self._pending, self._judged
        if asked is None or judged is None:
            return
        fired, failed = judged.new(asked)
        met = self._by_tag(fired)
        rules = [rule for rule in met if not rule.trial]
        trials = [*(rule for rule in met if rule.trial), *self._by_tag(judged.recorded)]
        self.found = replace(
            self.found,
            rules=tuple(dict.fromkeys([*self.found.rules, *rules])),
            trials=tuple(dict.fromkeys([*self.found.trials, *trials])),
            failed=tuple(dict.fromkeys([*self.found.failed, *self._by_tag(failed)])),
        )
        self._pending = None

    @property
    def _helping(self) -> list[PlannedRule]:
        """The rules by which help is due since the conversation was screened before."""
        return [rule for rule in self.found.rules if rule.effect is Effect.PROVIDE]

    def _by_tag(self, tags: Collection[int]) -> tuple[PlannedRule, ...]:
        return tuple(rule for tag, rule in enumerate(self._activation.rules) if tag in tags) if tags else ()

    def _found(self, texts: Iterable[str]) -> tuple[set[int], set[int]]:
        """Return the tags of what finds something in ``texts``, and of what failed at them."""
        fired: set[int] = set()
        failed: set[int] = set()
        asked = [(rule.tag, Asking(rule.segments)) for rule in self._activation.prompt_segments]
        for text in texts:
            if self._is(SCREENED, text):
                continue
            looked = self._looked.get(text)
            if looked is None:
                looked = self._looked[text] = self._look(text, asked)
                if not any(looked):
                    self._note(SCREENED, text)
            fired |= looked[0]
            failed |= looked[1]
        return fired, failed

    def _look(self, text: str, asked: Iterable[tuple[int, Asking]]) -> tuple[set[int], set[int]]:
        """Return the tags of the rules that find something in ``text``, and of those whose detector failed."""
        activation = self._activation
        matches = matches_in(activation.prompt, activation.checks, text, self._recall, SCREENED, self._lost)
        fired = {match.tag for match in matches if not match.failed}
        failed = {match.tag for match in matches if match.failed}
        for each in activation.prompt_nearby:
            for near in each.nearby.findings(text, self._lost):
                (failed if near.failed else fired).add(each.tag)
        for tag, asking in asked:
            scan, sentences = SegmentScan(asking, 0), Sentences()
            found = [one for char in text for one in scan.feed(char, sentences.feed(char))]
            for finding in (*found, *scan.close(sentences.close())):
                (failed if finding.failed else fired).add(tag)
        return fired, failed

    def mask(self, text: str) -> str:
        """``text`` as it may be sent on: what masks find in it is their placeholders, and where a mask's detector fails
        the marker. Empty where it cannot be sent."""
        if self._masking is None:
            return text
        if self._stays(self._masking, text):
            return "" if self.found.unbalanced else text
        redactor, masked = self._redacted(self._masking, text)
        rules, found = self._activation.rules, self.found
        self.found = replace(
            found,
            failed=(*found.failed, *(rules[tag] for tag in sorted(redactor.failed))),
            masked=found.masked | redactor.omitted,
            unbalanced=found.unbalanced or not redactor.ledger.balanced,
        )
        return "" if self.found.unbalanced else masked

    def keeps(self, text: str) -> bool:
        """Whether it is certain that no mask changes ``text``."""
        return self._masking is None or self._stays(self._masking, text)

    def confirm(self, texts: Iterable[str]) -> None:
        """Look at the ``texts`` that would be sent on, joined and decoded as far as an upstream may: what a mask still
        finds there it could not reach string by string, so nothing is sent on."""
        if self._masking is not None:
            masking = self._masking
            found = (self._redacted(masking, text)[0] for text in texts if not self._stays(masking, text))
            if not self.found.unmasked and any(redactor.omitted for redactor in found):
                self.found = replace(self.found, unmasked=True)

    def _stays(self, masking: Activation, text: str) -> bool:
        """Whether masks leave ``text`` as it is, as far as that is known or plain: where detectors see sentences, only
        the redactor asks them."""
        if self._is(UNMASKED, text) or masking.segments or masking.nearby:
            return self._is(UNMASKED, text)
        plain = not removing(matches_in(masking.answer, masking.checks, text, self._recall, UNMASKED, self._lost))
        if plain:
            self._note(UNMASKED, text)
        return plain

    def _redacted(self, masking: Activation, text: str) -> tuple[Redactor, str]:
        redactor = Redactor(masking, placeholders=self._placeholders)
        masked = redactor.feed(text) + redactor.close()
        if masked == text and redactor.ledger.balanced and not redactor.omitted and not redactor.failed:
            self._note(UNMASKED, text)
        return redactor, masked

    def _is(self, fact: int, text: str) -> bool:
        """Whether that is known of ``text``."""
        return self._recall is not None and bool(self._recall.facts(text) & fact)

    def _left(self, fact: int, text: str) -> int:
        """How many characters of ``text`` have to be looked at for ``fact``."""
        if self._is(fact, text):
            return 0
        if self._recall is None or self._activation.asks:
            return len(text)
        begun = self._recall.begun(text, fact)
        return len(text) - (begun.at if begun else 0)

    def _note(self, fact: int, text: str) -> None:
        if self._recall is not None:
            self._recall.note(text, fact)


def _red_lines(rules: Iterable[PlannedRule]) -> list[PlannedRule]:
    return [rule for rule in rules if rule.removes and rule.effect is Effect.REFUSE]
