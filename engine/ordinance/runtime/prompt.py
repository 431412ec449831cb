"""What is asked: looked at before an upstream is, and masked where a rule says so (semantics, rules 4, 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.activation import Activation, activate
from ordinance.runtime.redactor import Redactor
from ordinance.runtime.segments import Asking, SegmentScan
from ordinance.runtime.sentences import Sentences


class Prompt:
    """The texts of one request. ``rules`` are those that found something, ``trials`` those on trial that did,
    ``failed`` those whose detector failed. ``masked`` are the tags of what has removed something of it.
    """

    def __init__(self, plan: Plan, activation: Activation, placeholders: Mapping[int, str]) -> None:
        self.rules: tuple[PlannedRule, ...] = ()
        self.trials: tuple[PlannedRule, ...] = ()
        self.failed: tuple[PlannedRule, ...] = ()
        self.masked: frozenset[int] = frozenset()
        self._unbalanced = self._unmasked = False
        self._activation = activation
        self._placeholders = placeholders
        asked = activate(plan, activation.rules, part=Channel.PROMPT)
        self._masking = asked if asked.placeholders else None

    @property
    def refused(self) -> bool:
        """Whether the prompt alone ends the answer."""
        return bool(self.fault) or any(rule.effect is Effect.REFUSE for rule in self.rules)

    @property
    def fault(self) -> str:
        """What went wrong so that nothing is sent on: the detector of a red line, the ledger, or a mask."""
        if any(rule.removes and rule.effect is Effect.REFUSE for rule in self.failed):
            return "detector"
        if self._unbalanced:
            return "ledger"
        return "mask" if self._unmasked else ""

    def screen(self, texts: Iterable[str]) -> None:
        """Look at ``texts`` as they came."""
        activation = self._activation
        fired: set[int] = set()
        failed: set[int] = set()
        asked = [(rule.tag, Asking(rule.segments)) for rule in activation.prompt_segments]
        for text in texts:
            fired |= activation.checks.tags_in(activation.prompt, text)
            for tag, asking in asked:
                scan, sentences = SegmentScan(asking, 0), Sentences()
                found = [one for char in text for one in scan.feed(char, sentences.feed(char))]
                for finding in (*found, *scan.close(sentences.close())):
                    (failed if finding.failed else fired).add(tag)
        found_by = [rule for tag, rule in enumerate(activation.rules) if tag in fired]
        self.rules = tuple(rule for rule in found_by if not rule.trial)
        self.trials = tuple(rule for rule in found_by if rule.trial)
        self.failed = tuple(rule for tag, rule in enumerate(activation.rules) if tag in failed)

    def mask(self, text: str) -> str:
        """``text`` as it may be sent on: what masks find in it is their placeholders, and where a mask's detector fails
        the marker. Empty where it cannot be sent."""
        if self._masking is None:
            return text
        redactor, masked = self._redacted(self._masking, text)
        rules = self._activation.rules
        self._unbalanced |= not redactor.ledger.balanced
        self.failed += tuple(rules[tag] for tag in sorted(redactor.failed))
        self.masked |= redactor.omitted
        return "" if self._unbalanced else masked

    def confirm(self, texts: Iterable[str]) -> None:
        """Look at the ``texts`` that would be sent on, joined and decoded as far as an upstream may: what a mask still
        finds there it could not reach string by string, so nothing is sent on."""
        if self._masking is not None:
            found = (self._redacted(self._masking, text)[0] for text in texts)
            self._unmasked = self._unmasked or any(redactor.omitted for redactor in found)

    def _redacted(self, masking: Activation, text: str) -> tuple[Redactor, str]:
        redactor = Redactor(masking, placeholders=self._placeholders)
        return redactor, redactor.feed(text) + redactor.close()
