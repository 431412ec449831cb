"""Rules and what stands in them: conditions, tests of text, examples. A part of the syntax tree (``ast``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from ordinance.language.source import Span


@dataclass(frozen=True, slots=True)
class Word:
    """A name, number, code, tag or quoted text, as written (without its quotes)."""

    text: str
    span: Span

    def __str__(self) -> str:
        return self.text


#: CLDR's plural categories.
Plural = Literal["zero", "one", "two", "few", "many", "other"]


#: How a text speaks to people; which of these a language has is in ``policy/slots.py``.
Address = Literal["formal", "informal", "plain", "polite", "deferential", "honorific", "humble"]


@dataclass(frozen=True, slots=True)
class TextIn:
    """A text in one language, for one way of address where the language has several, and for one plural category.

    ``again`` is the shorter form of a notice, for whoever was told the other one before.
    """

    tag: Word
    address: Address | None
    text: Word
    plural: Plural | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Written(Word):
    """What people read of a pack: one text for everybody, or ``texts`` in languages, of which ``text`` is then the
    English one, else the first."""

    texts: tuple[TextIn, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A date; ``value`` is None where the calendar has no such day."""

    text: str
    value: date | None
    span: Span


# Conditions over the situation

TestKind = Literal["is", "within", "below", "before", "unknown", "named"]


@dataclass(frozen=True, slots=True)
class TestNode:
    """``unknown`` has no values; ``named`` has none either, and ``dimension`` is the name of a condition.

    ``hours`` is set where ``below`` counts hours.
    """

    __test__ = False  # pytest collects classes by this name

    dimension: Word
    test: TestKind
    values: tuple[Word, ...]
    span: Span
    hours: bool = False


@dataclass(frozen=True, slots=True)
class Junction:
    word: Literal["and", "or"]
    parts: tuple[ConditionNode, ...]
    span: Span


ConditionNode = TestNode | Junction


# What rules look for

#: The parts of an answer that a rule below the charter may narrow itself to.
Part = Literal["content", "reasoning", "tool_call"]


#: What a rule may look for.
UseKind = Literal["lexicon", "pattern", "topic", "identifier", "detector", "script", "language", "judged", "named"]


@dataclass(frozen=True, slots=True)
class Use:
    """``lexicon symbols``, ``detector acme.id ("EE", "PL")``, ``script is Cyrl``, ``judged at least 0.8``: one
    detector. ``named`` has the names of tools as its arguments."""

    kind: UseKind
    name: Word
    arguments: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Near:
    """How close the two of a ``both`` must stand: in one sentence, or within so many characters."""

    unit: Literal["sentence", "characters"]
    bound: Word | None
    span: Span


@dataclass(frozen=True, slots=True)
class TextTest:
    """``prompt or answer has any of …``. ``parts`` narrow it to parts of the answer; with ``near`` both uses count."""

    prompt: bool
    answer: bool
    parts: tuple[Part, ...]
    uses: tuple[Use, ...]
    near: Near | None
    span: Span


# Examples

#: What an example expects of a rule, or of all.
Expected = Literal["fires", "quiet", "passes"]

#: As what an example says an answer.
AnswerPart = Literal["answer"] | Part

#: The same of any text.
SpokenPart = Literal["prompt"] | AnswerPart


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text that an example says, and as what; where ``called``, the name of a tool that is called."""

    part: SpokenPart
    text: Word
    called: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """``answer`` is what the model says, in the part of an answer that ``part`` names (``answer``: anywhere).
    ``earlier`` are the turns before it, each a prompt and an answer. Where it is ``called``, the answer is the name of
    a tool."""

    expects: Expected
    prompt: Word | None
    answer: Word | None
    part: AnswerPart
    given: tuple[tuple[Word, Word], ...]
    span: Span
    earlier: tuple[tuple[Word, Word], ...] = ()
    called: bool = False


@dataclass(frozen=True, slots=True)
class Alike:
    """``alike prompt "…" and prompt "…"``: the policy treats both the same."""

    first: Spoken
    second: Spoken
    given: tuple[tuple[Word, Word], ...]
    span: Span


# Rules


@dataclass(frozen=True, slots=True)
class RedException:
    """An exception that the charter itself makes to one of its red lines."""

    name: Word
    when: ConditionNode


@dataclass(frozen=True, slots=True)
class Except:
    name: Word
    law: Word
    when: ConditionNode


ScopeUnit = Literal["span", "sentence", "paragraph"]


@dataclass(frozen=True, slots=True)
class ScopeNode:
    unit: ScopeUnit
    bound: Word | None


@dataclass(frozen=True, slots=True)
class Ruled:
    """What every rule has. ``excludes`` is what it does not mean, for whoever judges by its words; ``trial`` is the day
    on which a rule on trial begins to act."""

    number: Word
    name: Word
    means: Written | None
    excludes: Written | None
    examples: tuple[Example, ...]
    alikes: tuple[Alike, ...]
    trial: Day | None
    span: Span


@dataclass(frozen=True, slots=True)
class RedLine(Ruled):
    when: TextTest
    exceptions: tuple[RedException, ...]
    telling: Word


@dataclass(frozen=True, slots=True)
class Provided:
    group: Word
    when: TextTest


@dataclass(frozen=True, slots=True)
class Guarantee(Ruled):
    """``protects`` are patterns; contacts where ``contacts`` is set; where ``civic``, the texts that pass."""

    contacts: bool
    civic: bool
    protects: tuple[Word, ...]
    provide: Provided | None


@dataclass(frozen=True, slots=True)
class Watching(Ruled):
    """A rule below the charter that looks at text. ``disguised`` has it look behind disguises too; ``laws`` are those
    under which it stands, each enough."""

    when: TextTest
    disguised: bool
    situations: tuple[ConditionNode, ...]
    laws: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Withhold(Watching):
    exceptions: tuple[Except, ...]
    scope: ScopeNode
    telling: Word
    about: Word


@dataclass(frozen=True, slots=True)
class Mask(Watching):
    """``label`` names what stands in the place of what is masked; ``telling`` is None where that is all that tells."""

    exceptions: tuple[Except, ...]
    label: Word
    telling: Word | None
    about: Word | None


@dataclass(frozen=True, slots=True)
class Limit(Watching):
    """A house's limit of a topic, under its bylaws."""

    exceptions: tuple[Except, ...]
    scope: ScopeNode
    reason: Written
    telling: Word
    about: Word


@dataclass(frozen=True, slots=True)
class Decline(Watching):
    """A house's way of not answering a question, under its bylaws."""

    exceptions: tuple[Except, ...]
    reason: Written
    telling: Word
    about: Word


@dataclass(frozen=True, slots=True)
class Provide(Watching):
    """Contacts of the group ``group`` are offered."""

    group: Word


FirstOf = Literal["conversation", "day"]


@dataclass(frozen=True, slots=True)
class Occasions:
    """When a ``say`` speaks: at the ``first`` answer, at ``every`` answer, ``hours`` after it last spoke."""

    first: FirstOf | None
    every: bool
    hours: Word | None


SayType = Literal["disclosure", "reminder"]


@dataclass(frozen=True, slots=True)
class Say(Ruled):
    """``type`` is None where the pack does not say whether it is a disclosure or a reminder. ``test`` is what an answer
    must contain, if that matters, looked for behind disguises too where it is ``disguised``."""

    test: TextTest | None
    disguised: bool
    situations: tuple[ConditionNode, ...]
    type: SayType | None
    occasions: Occasions
    laws: tuple[Word, ...]
    telling: Word
    about: Word | None


@dataclass(frozen=True, slots=True)
class Mark(Ruled):
    """Answers are marked as machine-readable synthetic text."""

    when: ConditionNode | None
    laws: tuple[Word, ...]


Rule = RedLine | Guarantee | Withhold | Mask | Limit | Decline | Provide | Say | Mark


def text_test_of(rule: Rule) -> TextTest | None:
    """Return what ``rule`` looks for in texts, and where; None if it looks at none."""
    match rule:
        case Watching() | RedLine():
            return rule.when
        case Say():
            return rule.test
        case Guarantee():
            return rule.provide.when if rule.provide else None
        case Mark():
            return None


def laws_of(rule: Rule) -> tuple[Word, ...]:
    """Return the laws or bylaws that a rule names after ``under``; a charter's has none."""
    return () if isinstance(rule, RedLine | Guarantee) else rule.laws
