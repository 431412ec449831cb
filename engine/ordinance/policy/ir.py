"""The policy: packs linked into one, every name resolved, every value where it was written.

It stands between the syntax tree, which knows words, and the plan, which knows no language. Values that the plan
takes as they are (laws, dimensions, contacts) are the plan's own types; what did not resolve is None and has a finding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from ordinance.detection import Declaration, Question
from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic
from ordinance.language.source import Source, Span
from ordinance.policy.plan import (
    ANY_LANGUAGE,
    Contact,
    Dimension,
    LanguageStyle,
    Law,
    NoticeTemplate,
    PackRef,
    PlannedRule,
    RewriteLine,
    SlotLine,
    Texts,
    WithoutAdapter,
)
from ordinance.policy.vocabulary import Channel

#: Braces in a line of a lexicon that contain one word: the name of endings that the pack declares.
NAMED_ENDINGS = re.compile(r"\{([^{},]*)\}")


def texts_of(written: ast.Written | None) -> dict[str, str]:
    """Return the texts of ``written`` by language; what is written once is for every language."""
    if written is None:
        return {}
    return {ANY_LANGUAGE: written.text, **{text.tag.text: text.text.text for text in written.texts}}


@dataclass(frozen=True, slots=True)
class Unit:
    """One pack as it was read: its tree and its lexicons' texts by the path that the pack gives.

    ``given`` is False for a pack that was found because another names it.
    """

    pack: ast.Pack
    lexicons: Mapping[str, Source]
    given: bool = True

    @property
    def name(self) -> str:
        return self.pack.name.text

    @property
    def spoken(self) -> frozenset[str]:
        """Return the languages in which it has a notice or a label."""
        notices, labels = self.pack.each(ast.NoticeDecl), self.pack.each(ast.LabelDecl)
        tags = [text.tag for notice in notices for text in notice.texts]
        tags += [text.tag for label in labels for text in label.texts]
        return frozenset(tag.text for tag in tags)


@dataclass(frozen=True, slots=True)
class Detector:
    """One use of a detector. ``places`` has a span for each argument of the declaration."""

    key: str
    declaration: Declaration
    places: tuple[Span, ...]
    span: Span

    @property
    def kind(self) -> str:
        """Return ``lexicon``, ``pattern`` and so on, or the name of a plugin's detector."""
        return self.declaration.name

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what it looks for, one by one; for a plugin's detector the use as a whole, for nobody knows."""
        if "." in self.kind:
            return (self.key,)
        if not self.declaration.endings:
            return self.declaration.arguments
        endings = {name: f"{{{','.join(forms)}}}" for name, forms in self.declaration.endings}

        def spelled(braces: re.Match[str]) -> str:
            return endings.get(braces[1].strip(), braces[0])

        return tuple(NAMED_ENDINGS.sub(spelled, line) for line in self.declaration.arguments)


@dataclass(frozen=True, slots=True)
class PatternCase:
    """An example of a pattern: whether ``text`` holds a match."""

    detector: str
    matches: bool
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Example:
    """An example of the rule ``rule`` (``pack/name``), with the facts that it gives.

    ``earlier`` are the turns before it, as prompts and answers. ``part`` is where the answer stands. ``on`` and
    ``elapsed`` (seconds) are None where the example does not say.
    ``alike`` expects what ``twin`` (a prompt, an answer) gets. ``judged``: its rule asks a judge too. ``called``:
    the answer is the name of a tool that is called.
    """

    rule: str
    jurisdiction: str | None
    expects: Literal["fires", "quiet", "passes", "alike"]
    prompt: str | None
    answer: str | None
    given: Mapping[str, str]
    turn: int
    owned: bool
    span: Span
    part: Channel = Channel.CONTENT
    on: date | None = None
    elapsed: int | None = None
    twin: tuple[str | None, str | None] | None = None
    earlier: tuple[tuple[str, str], ...] = ()
    judged: bool = False
    called: bool = False


@dataclass(frozen=True, slots=True)
class CitedLaw:
    """A law and the tree it came from; ``law`` is None where a value of it does not hold."""

    law: Law | None
    node: ast.LawDecl
    pack: str


@dataclass(frozen=True, slots=True)
class CitedBylaw:
    """A house's bylaw, as a law, and the tree it came from."""

    law: Law | None
    node: ast.BylawDecl
    pack: str


@dataclass(frozen=True, slots=True)
class JudgedTest:
    """``judged at least N`` of a rule: what it asks a judge, and from which probability on it counts."""

    question: Question
    least: float
    span: Span

    @property
    def test(self) -> str:
        """Return it as packs write it."""
        return f"judged at least {self.least:g}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rule(PlannedRule):
    """A rule as the plan has it, with its names resolved, and where it stands.

    ``trial_until`` is None for a rule that may not act, whatever the pack says. ``channels`` may be empty, and
    ``after_trial`` is not made yet; ``compile`` sees to both, and to what it ``asks`` of a judge.
    """

    node: ast.Rule
    unit: Unit
    asks: JudgedTest | None = None

    @property
    def acts(self) -> bool:
        """Whether it does anything in an answer: a guarantee may only protect what others would remove."""
        return not isinstance(self.node, ast.Guarantee) or self.node.provide is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that was loaded together. ``findings`` are what linking found."""

    digest: str
    units: tuple[Unit, ...]
    packs: tuple[PackRef, ...]
    parents: Mapping[str, str | None]
    zones: Mapping[str, ZoneInfo]
    dimensions: Mapping[str, Dimension]
    detectors: tuple[Detector, ...]
    cases: tuple[PatternCase, ...]
    laws: tuple[CitedLaw, ...]
    rules: tuple[Rule, ...]
    protected: tuple[str, ...]
    contacts: tuple[Contact, ...]
    languages: Mapping[str, LanguageStyle]
    engine_notices: Mapping[str, NoticeTemplate]
    engine_labels: Mapping[str, Texts]
    titles: Mapping[str, Texts]
    examples: tuple[Example, ...]
    slots: tuple[SlotLine, ...]
    without: tuple[WithoutAdapter, ...]
    rewrites: tuple[RewriteLine, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def judged(self) -> tuple[JudgedTest, ...]:
        """What the rules ask of a judge."""
        return tuple(rule.asks for rule in self.rules if rule.asks is not None)

    @property
    def charter(self) -> Unit:
        return next(unit for unit in self.units if unit.pack.kind == "charter")
