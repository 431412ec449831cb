"""The syntax tree of a pack: frozen, and every node knows where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from ordinance.language.source import Source, Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Word:
    """A name, number, code, tag or quoted text, as written (without its quotes)."""

    text: str
    span: Span

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Day:
    """A date; ``value`` is None where the calendar has no such day."""

    text: str
    value: date | None
    span: Span


# What rules are made of


@dataclass(frozen=True, slots=True)
class DimensionDecl:
    name: Word
    attested: bool
    values: tuple[Word, ...]


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
class Use:
    """``lexicon symbols``, ``topic self_harm``, ``detector acme.shouting``: one detector in a rule or a topic."""

    kind: Literal["lexicon", "pattern", "topic", "detector"]
    name: Word


@dataclass(frozen=True, slots=True)
class TopicDecl:
    name: Word
    by: Use


@dataclass(frozen=True, slots=True)
class LawDecl:
    """``unknown`` is what the law says of an unknown place; None where it does not say."""

    name: Word
    title: Word
    article: Word
    reaches: ConditionNode
    unknown: Literal["excluded", "included"] | None
    start: Day
    end: Day | None
    zone: Word | None
    source: Word
    seen: Day
    span: Span


@dataclass(frozen=True, slots=True)
class TextIn:
    """A text in one language, for one way of address where the language has two."""

    tag: Word
    address: Literal["formal", "informal"] | None
    text: Word


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
    """``title`` is what people read; ``hours`` is ``always`` or what the pack says in words."""

    group: Word
    name: Word
    title: Word
    form: Literal["number", "link"]
    value: Word
    hours: str
    place: Word
    spoken: tuple[Word, ...]
    seen: Day


@dataclass(frozen=True, slots=True)
class SpeakDecl:
    language: Word | None
    address: Literal["formal", "informal"] | None
    span: Span


# Conditions over the situation


@dataclass(frozen=True, slots=True)
class TestNode:
    """``test`` is ``is``, ``within``, ``below`` or ``unknown``; the last has no values."""

    __test__ = False  # pytest collects classes by this name

    dimension: Word
    test: Literal["is", "within", "below", "unknown"]
    values: tuple[Word, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Junction:
    word: Literal["and", "or"]
    parts: tuple[ConditionNode, ...]
    span: Span


ConditionNode = TestNode | Junction


# Rules


@dataclass(frozen=True, slots=True)
class TextTest:
    """``prompt or answer has any of …``."""

    prompt: bool
    answer: bool
    uses: tuple[Use, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Example:
    expects: Literal["fires", "quiet", "passes"]
    prompt: Word | None
    answer: Word | None
    given: tuple[tuple[Word, Word], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Provide:
    group: Word
    when: TextTest


@dataclass(frozen=True, slots=True)
class RedLine:
    number: Word
    name: Word
    means: Word
    when: TextTest
    telling: Word
    examples: tuple[Example, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Guarantee:
    """``protects`` are patterns; contacts where ``contacts`` is set."""

    number: Word
    name: Word
    means: Word
    contacts: bool
    protects: tuple[Word, ...]
    provide: Provide | None
    examples: tuple[Example, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Except:
    name: Word
    law: Word
    when: ConditionNode


@dataclass(frozen=True, slots=True)
class ScopeNode:
    unit: Literal["span", "sentence"]
    bound: Word | None


@dataclass(frozen=True, slots=True)
class Withhold:
    number: Word
    name: Word
    means: Word | None
    when: TextTest
    situations: tuple[ConditionNode, ...]
    exceptions: tuple[Except, ...]
    scope: ScopeNode
    law: Word
    telling: Word
    about: Word
    examples: tuple[Example, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Say:
    number: Word
    name: Word
    means: Word | None
    when: ConditionNode | None
    first_answer: bool
    law: Word
    telling: Word
    about: Word | None
    examples: tuple[Example, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Quote:
    law: Word
    texts: tuple[Word, ...]


Rule = RedLine | Guarantee | Withhold | Say


@dataclass(frozen=True, slots=True)
class Section:
    number: Word
    heading: Word
    rules: tuple[Rule, ...]
    quotes: tuple[Quote, ...]


# Packs


@dataclass(frozen=True, slots=True)
class CharterRef:
    """``under charter baseline 1``."""

    name: Word
    major: Word


Declaration = (
    DimensionDecl | LexiconDecl | PatternDecl | TopicDecl | LawDecl | LabelDecl | NoticeDecl | ContactDecl | SpeakDecl
)


@dataclass(frozen=True, slots=True)
class Pack:
    """One file. ``name`` is the charter's name, the jurisdiction's code or the language's tag."""

    kind: Literal["charter", "jurisdiction", "language"]
    name: Word
    version: Word
    charter: CharterRef | None
    title: Word | None
    within: Word | None
    members: tuple[Word, ...]
    zone: Word | None
    declarations: tuple[Declaration, ...]
    sections: tuple[Section, ...]
    source: Source

    def each(self, kind: type[T]) -> tuple[T, ...]:
        """The declarations of one kind, in the order of the file."""
        return tuple(item for item in self.declarations if isinstance(item, kind))

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for section in self.sections for rule in section.rules)
