"""In which forms an answer is rewritten: the slots in force, and the lines of packs that ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ordinance.detection import Form as GivenForm
from ordinance.policy.plan import RewriteLine
from ordinance.runtime.forms.built_in import built_in
from ordinance.runtime.forms.plugin_passages import passages_of
from ordinance.runtime.forms.rewriter import Forms, Rewriter
from ordinance.runtime.forms.rewritten_text import RewrittenText
from ordinance.runtime.forms.second_reading import SecondReading
from ordinance.runtime.redact.activation import REFUSING, Activation
from ordinance.runtime.redact.continuation import Beginning
from ordinance.runtime.redact.text_contract import Text


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What one answer is rewritten in, and the ``lines`` that ask for it, by slot. ``keeps``: it stays all the same."""

    forms: Forms = field(default_factory=lambda: Forms(()))
    lines: Mapping[str, RewriteLine] = field(default_factory=dict)
    keeps: bool = False

    def __bool__(self) -> bool:
        return bool(self.forms)

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(self.lines)

    def text(self, text: Text, activation: Activation, beginning: Beginning, before: str = "") -> RewrittenText:
        """Return a ``text`` that ``activation`` reads from its ``beginning`` on, behind what stands ``before`` it, as
        what rewrites it. Where a rule that removes looks at whole sentences, nothing is rewritten, for the second
        reading sees none."""
        keeps = self.keeps or any(rule.family >= REFUSING for rule in activation.segments)
        reading = SecondReading(activation, beginning)
        rewriter = Rewriter(Forms(()) if keeps else self.forms, reading, before or beginning.readings[0])
        return RewrittenText(text, rewriter, self.slots if keeps else frozenset())

    @property
    def asks(self) -> bool:
        """Whether plugins are asked, which may take as long as their budget."""
        return self.forms.passages is not None

    @property
    def plugins(self) -> frozenset[str]:
        """The forms of plugins, as packs name them."""
        return frozenset(line.by for line in self.lines.values() if line.by)

    def told_by(self, rewritten: frozenset[str]) -> list[RewriteLine]:
        """Return the lines with a notice that tells that something was ``rewritten`` for these slots."""
        lines = (line for slot, line in self.lines.items() if slot in rewritten and line.notice is not None)
        return list({(line.pack, line.notice.name if line.notice else ""): line for line in lines}.values())


NOTHING_REWRITTEN = Rewriting()


def rewriting(
    slots: Mapping[str, str], lines: Mapping[str, RewriteLine], given: Mapping[str, GivenForm], tag: str
) -> Rewriting:
    """Return what an answer in the language of ``tag`` is rewritten in: for each of ``lines`` by the form of a plugin,
    of those that are ``given``, or by the engine's own."""
    if not lines:
        return NOTHING_REWRITTEN
    own, quotes = built_in({slot: slots[slot] for slot, line in lines.items() if not line.by}, tag)
    brought = passages_of((slot, given[line.by]) for slot, line in lines.items() if line.by in given)
    return Rewriting(Forms(own, quotes, brought, tag), lines)
