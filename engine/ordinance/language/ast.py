"""The syntax tree of a pack: frozen, and every node knows where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

from ordinance.language.clauses import (
    Alike,
    ConditionNode,
    Day,
    Decline,
    Example,
    Except,
    Guarantee,
    Junction,
    Limit,
    Mark,
    Mask,
    Near,
    Occasions,
    Part,
    Plural,
    Provide,
    Provided,
    RedException,
    RedLine,
    Rule,
    Ruled,
    Say,
    ScopeNode,
    Spoken,
    TestNode,
    TextIn,
    TextTest,
    Use,
    Watching,
    Withhold,
    Word,
    Written,
    laws_of,
    text_test_of,
)
from ordinance.language.source import Source, Span

__all__ = [
    "AddedWords", "Alike", "AmendedBy", "BylawDecl", "CharterRef", "ConditionDecl", "ConditionNode", "ContactDecl",
    "Day", "Declaration", "Decline", "DimensionDecl", "EndingsDecl", "Example", "Except", "ForceNode", "Guarantee",
    "Junction", "Kind", "LabelDecl", "LawDecl", "LexiconDecl", "Limit", "Mark", "Mask", "Near", "NoticeDecl",
    "Occasions", "OnMiss", "Pack", "Part", "PatternDecl", "PatternExample", "Plural", "Provide", "Provided", "Quote",
    "RecordedLaw", "RedException", "RedLine", "Refined", "Rewrite", "Rule", "Ruled", "Say", "ScopeNode", "Section",
    "Slot", "SlotValue", "SpeakDecl", "Spoken", "TestNode", "TextIn", "TextTest", "TopicDecl", "Use", "Watching",
    "Withhold", "Without", "Word", "Written", "laws_of", "text_test_of",
]  # fmt: skip

T = TypeVar("T")

# What rules are made of


@dataclass(frozen=True, slots=True)
class DimensionDecl:
    """``values`` are empty where the dimension is a date."""

    name: Word
    attested: bool
    values: tuple[Word, ...]
    is_date: bool = False


@dataclass(frozen=True, slots=True)
class ConditionDecl:
    """A condition that rules name."""

    name: Word
    when: ConditionNode


@dataclass(frozen=True, slots=True)
class EndingsDecl:
    """What is attached to words, separated by commas in each of ``texts``; a lexicon names it in braces."""

    name: Word
    texts: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class LexiconDecl:
    name: Word
    path: Word


@dataclass(frozen=True, slots=True)
class PatternExample:
    matches: bool
    text: Word


@dataclass(frozen=True, slots=True)
class PatternDecl:
    name: Word
    source: Word
    any_case: bool
    examples: tuple[PatternExample, ...]


@dataclass(frozen=True, slots=True)
class TopicDecl:
    name: Word
    by: Use


@dataclass(frozen=True, slots=True)
class AddedWords:
    """What a language brings for a topic or a red line of the charter: ``words for weapons from "…" { … }``."""

    name: Word
    path: Word
    examples: tuple[PatternExample, ...]


@dataclass(frozen=True, slots=True)
class ForceNode:
    """``in force from … until … when …``."""

    start: Day
    end: Day | None
    when: ConditionNode | None
    span: Span


@dataclass(frozen=True, slots=True)
class AmendedBy:
    act: Word
    on: Day


@dataclass(frozen=True, slots=True)
class LawDecl:
    """``unknown`` is what the law says of an unknown place; None where it does not say.

    ``authority`` is who sees to it, ``appeal`` the contact to turn to. ``uncertain`` is why the law is not certain.
    """

    name: Word
    title: Written
    article: Written
    short: Written | None
    reaches: ConditionNode
    unknown: Literal["excluded", "included"] | None
    in_force: tuple[ForceNode, ...]
    amended: tuple[AmendedBy, ...]
    zone: Word | None
    authority: Written | None
    appeal: Word | None
    uncertain: Word | None
    source: Word
    seen: Day
    span: Span


@dataclass(frozen=True, slots=True)
class RecordedLaw:
    """A law under which no rule can stand: ``why`` says what became of it. ``seen`` is None if nobody has read it."""

    name: Word
    title: Written
    article: Written
    short: Written | None
    why: Written
    source: Word
    seen: Day | None
    span: Span


@dataclass(frozen=True, slots=True)
class BylawDecl:
    """What an operator has decided for its own house, by whom and when. ``terms`` is where its terms of use are."""

    name: Word
    title: Written
    short: Written | None
    by: Word
    on: Day
    end: Day | None
    appeal: Word | None
    terms: Word | None
    span: Span


@dataclass(frozen=True, slots=True)
class LabelDecl:
    name: Word
    texts: tuple[TextIn, ...]


@dataclass(frozen=True, slots=True)
class NoticeDecl:
    name: Word
    texts: tuple[TextIn, ...]


@dataclass(frozen=True, slots=True)
class ContactDecl:
    """``title`` is what people read; ``hours`` is None where it always answers.

    In its ``places`` it stands instead of the contacts that it ``replaces``. ``formerly`` are values that are no
    longer right and must never be shown.
    """

    group: Word
    name: Word
    title: Written
    form: Literal["number", "link"]
    value: Word
    hours: Written | None
    places: tuple[Word, ...]
    spoken: tuple[Word, ...]
    replaces: tuple[Word, ...]
    formerly: tuple[Word, ...]
    seen: Day


# How to speak


@dataclass(frozen=True, slots=True)
class SlotValue:
    """A value as written; None is ``same as prompt``."""

    word: Word | None
    span: Span


@dataclass(frozen=True, slots=True)
class Refined:
    """``when C otherwise Y`` or ``unless C otherwise Y``; without ``otherwise`` the line then says nothing."""

    word: Literal["when", "unless"]
    condition: ConditionNode
    otherwise: SlotValue | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of ``speak``: the first value holds as its refinement says, else the next. ``law`` makes it bind."""

    slot: str
    value: SlotValue
    refined: tuple[Refined, ...]
    law: Word | None
    span: Span


@dataclass(frozen=True, slots=True)
class Without:
    """``without adapter answer telling …``, or ``decline``: what follows where no adapter for the language is there."""

    declines: bool
    telling: Word
    span: Span


@dataclass(frozen=True, slots=True)
class Rewrite:
    """``rewrite numbers, dates``: answers are rewritten in the form of these slots, ``by`` a plugin if one is named.
    ``law`` makes it bind."""

    slots: tuple[str, ...]
    by: Word | None
    arguments: tuple[Word, ...]
    telling: Word | None
    law: Word | None
    span: Span

    @property
    def form(self) -> str:
        """Return the form of a plugin as packs write it, with what is in parentheses; empty for the engine's own."""
        if self.by is None:
            return ""
        given = ", ".join(f'"{each.text}"' for each in self.arguments)
        return f"{self.by.text} ({given})" if given else self.by.text


@dataclass(frozen=True, slots=True)
class OnMiss:
    """``on miss ask once more``: a whole answer that missed a slot of this pack is asked for once more."""

    span: Span


@dataclass(frozen=True, slots=True)
class SpeakDecl:
    slots: tuple[Slot, ...]
    span: Span
    without: tuple[Without, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    on_miss: tuple[OnMiss, ...] = ()

    def find(self, slot: str) -> Slot | None:
        """Return the line that sets ``slot``, or None."""
        return next((each for each in self.slots if each.slot == slot), None)


# Packs


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a law: ``texts`` one after the other, or one that has languages."""

    law: Word
    texts: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Section:
    number: Word
    heading: Written
    rules: tuple[Rule, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class CharterRef:
    """``under charter baseline 1``."""

    name: Word
    major: Word


Declaration = (
    DimensionDecl
    | ConditionDecl
    | EndingsDecl
    | LexiconDecl
    | PatternDecl
    | TopicDecl
    | AddedWords
    | LawDecl
    | RecordedLaw
    | BylawDecl
    | LabelDecl
    | NoticeDecl
    | ContactDecl
    | SpeakDecl
)

Kind = Literal["charter", "jurisdiction", "language", "house"]


@dataclass(frozen=True, slots=True)
class Pack:
    """One file. ``name`` is the charter's or the house's name, the jurisdiction's code or the language's tag.

    ``records`` is what a jurisdiction says of its law as a whole, such as that nobody has read it.
    """

    kind: Kind
    name: Word
    version: Word
    charter: CharterRef | None
    title: Written | None
    within: Word | None
    members: tuple[Word, ...]
    zone: Word | None
    records: Written | None
    declarations: tuple[Declaration, ...]
    sections: tuple[Section, ...]
    source: Source

    def each(self, kind: type[T]) -> tuple[T, ...]:
        """Return the declarations of one ``kind``, in the order of the file."""
        return tuple(item for item in self.declarations if isinstance(item, kind))

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for section in self.sections for rule in section.rules)
