"""What is asked: looked at before an upstream is, and masked where a rule says so (semantics, rules 4, 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.match.segments import Asking, SegmentScan
from ordinance.runtime.memory import SCREENED, UNMASKED, Memory, Recall
from ordinance.runtime.redact.activation import Activation, activate, removing
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.rereading import matches_in
from ordinance.runtime.text.sentences import Sentences


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found in a prompt. ``rules`` are those that found something, ``trials`` those on trial that did,
    ``failed`` those whose detector failed. ``masked`` are the tags of what has removed something of it. ``unbalanced``:
    the ledger of a masked text did not balance; ``unmasked``: a mask could not reach what it finds."""

    rules: tuple[PlannedRule, ...] = ()
    trials: tuple[PlannedRule, ...] = ()
    failed: tuple[PlannedRule, ...] = ()
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
        if any(rule.removes and rule.effect is Effect.REFUSE for rule in self.failed):
            return "detector"
        if self.unbalanced:
            return "ledger"
        return "mask" if self.unmasked else ""


class Prompt:
    """The texts of one request; ``found`` is what was found in them so far.

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
    ) -> None:
        self.found = Screened()
        self._activation = activation
        self._placeholders = placeholders
        asked = activate(plan, activation.rules, part=Channel.PROMPT)
        self._masking = asked if asked.placeholders else None
        self._recall: Recall | None = None if memory is None else memory.within(activation.number, salt)

    @property
    def masks(self) -> bool:
        """Whether any rule may change what is sent on."""
        return self._masking is not None

    @property
    def refused(self) -> bool:
        """Whether the prompt alone ends the answer."""
        return self.found.refused

    def unknown(self, texts: Iterable[str]) -> int:
        """How many characters of ``texts`` have to be looked at, for they were not met or were not clean."""
        facts = [SCREENED] if self._masking is None else [SCREENED, UNMASKED]
        return sum(max(self._left(fact, text) for fact in facts) for text in texts)

    def screen(self, texts: Iterable[str]) -> None:
        """Look at ``texts`` as they came."""
        activation = self._activation
        fired: set[int] = set()
        failed: set[int] = set()
        asked = [(rule.tag, Asking(rule.segments)) for rule in activation.prompt_segments]
        for text in texts:
            if self._is(SCREENED, text):
                continue
            found, lost = self._look(text, asked)
            fired |= found
            failed |= lost
            if not found and not lost:
                self._note(SCREENED, text)
        found_by = [rule for tag, rule in enumerate(activation.rules) if tag in fired]
        self.found = replace(
            self.found,
            rules=tuple(rule for rule in found_by if not rule.trial),
            trials=tuple(rule for rule in found_by if rule.trial),
            failed=tuple(rule for tag, rule in enumerate(activation.rules) if tag in failed),
        )

    def _look(self, text: str, asked: Iterable[tuple[int, Asking]]) -> tuple[set[int], set[int]]:
        """Return the tags of the rules that find something in ``text``, and of those whose detector failed."""
        activation = self._activation
        fired = {each.tag for each in matches_in(activation.prompt, activation.checks, text, self._recall, SCREENED)}
        failed: set[int] = set()
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
        if self._is(UNMASKED, text) or masking.segments:
            return self._is(UNMASKED, text)
        plain = not removing(matches_in(masking.answer, masking.checks, text, self._recall, UNMASKED))
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
