"""From lark's tree to rules, with their conditions, tests of text and examples."""

from __future__ import annotations

from typing import TypedDict, cast

from lark import Token

from ordinance.language import clauses
from ordinance.language.clauses import Word, Written
from ordinance.language.nodes import Node, Reader
from ordinance.language.source import Span

RULES = ("red_line", "guarantee", "withhold", "mask", "limit", "decline", "provide", "say", "mark")


class _Ruled(TypedDict):
    number: Word
    name: Word
    means: Written | None
    excludes: Written | None
    examples: tuple[clauses.Example, ...]
    alikes: tuple[clauses.Alike, ...]
    trial: clauses.Day | None
    span: Span


class _Watching(TypedDict):
    when: clauses.TextTest
    disguised: bool
    situations: tuple[clauses.ConditionNode, ...]
    laws: tuple[Word, ...]


class RuleBuilder(Reader):
    """Builds what stands in sections. Total: whatever parses can be built."""

    def rule(self, node: Node) -> clauses.Rule:
        """Build the rule from ``node``, which is one of ``RULES``."""
        ruled = self.ruled(node)
        match node.data:
            case "red_line":
                exceptions = (
                    clauses.RedException(self.words(c)[0], self.condition(c)) for c in self.nodes(node, "red_exception")
                )
                when = self.text_test(self.need(node, "text_test"))
                return clauses.RedLine(**ruled, when=when, exceptions=tuple(exceptions), telling=self.tells(node)[0])
            case "guarantee":
                return self.guarantee(node, ruled)
            case "say":
                return self.say(node, ruled)
            case "mark":
                return clauses.Mark(**ruled, when=self.say_when(node), laws=self.laws(node))
        watching = self.watching(node)
        if node.data == "provide":
            return clauses.Provide(**ruled, **watching, group=self.words(node)[-1])
        excepted = self.exceptions(node)
        tells = self.tells(node)
        if node.data == "mask":
            label = self.words(self.need(node, "mask_as"))[0]
            told, about = tells if len(tells) == 2 else (None, None)
            return clauses.Mask(**ruled, **watching, exceptions=excepted, label=label, telling=told, about=about)
        if node.data == "decline":
            reason = cast(Written, self.written(node, "reason"))
            return clauses.Decline(
                **ruled, **watching, exceptions=excepted, reason=reason, telling=tells[0], about=tells[1]
            )
        scope = self.scope(node)
        if node.data == "limit":
            reason = cast(Written, self.written(node, "reason"))
            return clauses.Limit(
                **ruled,
                **watching,
                exceptions=excepted,
                scope=scope,
                reason=reason,
                telling=tells[0],
                about=tells[1],
            )
        return clauses.Withhold(**ruled, **watching, exceptions=excepted, scope=scope, telling=tells[0], about=tells[1])

    def ruled(self, node: Node) -> _Ruled:
        return {
            "number": self.words(node, "NUMBER")[0],
            "name": self.words(node)[0],
            "means": self.written(node, "means"),
            "excludes": self.written(node, "excludes"),
            "examples": tuple(self.example(c) for c in self.nodes(node, "example")),
            "alikes": tuple(self.alike(c) for c in self.nodes(node, "alike")),
            "trial": self.day_of(node, "trial"),
            "span": self.place(node),
        }

    def watching(self, node: Node) -> _Watching:
        found = self.node(node, "watching") or self.node(node, "asking") or self.need(node, "calling")
        return {
            "when": self.text_test(self.need(found, "narrow_test", "prompt_test", "call_test")),
            "disguised": self.node(found, "disguised") is not None,
            "situations": self.situations(found),
            "laws": self.laws(node),
        }

    def situations(self, node: Node) -> tuple[clauses.ConditionNode, ...]:
        return tuple(self.test_or_junction(c) for c in self.nodes(node, "test", "all_of", "any_of"))

    def laws(self, node: Node) -> tuple[Word, ...]:
        return self.words(self.need(node, "under"))

    def tells(self, node: Node) -> tuple[Word, ...]:
        """Return the notice, and the label if one is named; empty for a mask whose placeholder is its only notice."""
        telling = self.node(node, "telling") or self.node(node, "telling_about")
        return self.words(telling) if telling else ()

    def exceptions(self, node: Node) -> tuple[clauses.Except, ...]:
        return tuple(
            clauses.Except(self.words(c)[0], self.words(c)[1], self.condition(c)) for c in self.nodes(node, "exception")
        )

    def scope(self, node: Node) -> clauses.ScopeNode:
        scope = self.node(node, "scope")
        if scope is None:  # a call is left out as a whole
            return clauses.ScopeNode("span", None)
        bound = self.words(scope, "NUMBER")
        unit = cast(clauses.ScopeUnit, str(self.token(scope, "SPAN", "SENTENCE", "PARAGRAPH")))
        return clauses.ScopeNode(unit, bound[0] if bound else None)

    def guarantee(self, node: Node, ruled: _Ruled) -> clauses.Guarantee:
        protected = tuple(self.nodes(node, "protected"))
        provided = self.node(node, "provided")
        provide = None
        if provided is not None:
            provide = clauses.Provided(self.words(provided)[0], self.text_test(self.need(provided, "text_test")))
        contacts = any(self.token(c, "CONTACTS") for c in protected)
        civic = any(self.token(c, "CIVIC") for c in protected)
        patterns = tuple(word for c in protected for word in self.words(c))
        return clauses.Guarantee(**ruled, contacts=contacts, civic=civic, protects=patterns, provide=provide)

    def say(self, node: Node, ruled: _Ruled) -> clauses.Say:
        tells = self.tells(node)
        said = self.node(node, "say_type")
        about = self.node(node, "say_about") or self.node(node, "calling")
        when = self.say_when(node)
        return clauses.Say(
            **ruled,
            test=self.text_test(self.node(about, "answer_test") or self.need(about, "call_test")) if about else None,
            disguised=about is not None and self.node(about, "disguised") is not None,
            situations=self.situations(about) if about else () if when is None else (when,),
            type=cast(clauses.SayType, str(said.children[-1])) if said else None,
            occasions=self.occasions(self.need(node, "occasion")),
            laws=self.laws(node),
            telling=tells[0],
            about=tells[1] if len(tells) > 1 else None,
        )

    def say_when(self, node: Node) -> clauses.ConditionNode | None:
        when = self.node(node, "say_when")
        return self.condition(when) if when else None

    def occasions(self, node: Node) -> clauses.Occasions:
        first: clauses.FirstOf | None = None
        if self.token(node, "FIRST"):
            first = "day" if self.token(node, "DAY") else "conversation"
        hours = self.node(node, "every_hours")
        every = self.token(node, "EVERY") is not None
        return clauses.Occasions(first, every, self.words(hours, "NUMBER")[0] if hours else None)

    # What rules look for

    def text_test(self, node: Node) -> clauses.TextTest:
        if node.data == "call_test":
            names, place = self.words(node, "STRING"), self.place(node)
            named = clauses.Use("named", Word(str(self.token(node, "NAMED")), place), names)
            return clauses.TextTest(False, False, ("tool_call",), (named,), None, place)
        subject = self.node(node, "text_subject", "answer_subject", "prompt_subject")
        parts = self.node(node, "part_subject")
        both = self.node(node, "both")
        uses = tuple(self.use(c) for c in self.nodes(both or node, "use", "by_segment"))
        return clauses.TextTest(
            subject is not None and self.token(subject, "PROMPT") is not None,
            subject is not None and self.token(subject, "ANSWER") is not None,
            tuple(cast(clauses.Part, str(c)) for c in parts.children if c != "or") if parts else (),
            uses,
            self.near(both) if both else None,
            self.place(node),
        )

    def near(self, node: Node) -> clauses.Near:
        bound = self.words(node, "NUMBER")
        return clauses.Near("characters" if bound else "sentence", bound[0] if bound else None, self.place(node))

    def use(self, node: Node) -> clauses.Use:
        kind, *_, name = (c for c in node.children if isinstance(c, Token))
        return clauses.Use(cast(clauses.UseKind, str(kind)), self.word(name), self.arguments(node))

    def arguments(self, node: Node) -> tuple[Word, ...]:
        """Return what a pack gives to a plugin's detector."""
        given = self.node(node, "arguments")
        return self.words(given, "STRING") if given else ()

    # Examples

    def example(self, node: Node) -> clauses.Example:
        expects = self.token(node, "FIRES", "QUIET", "PASSES")
        spoken = [self.spoken(c) for c in self.nodes(node, "spoken_text", "called")]
        prompt = next((each.text for each in spoken if each.part == "prompt"), None)
        part: clauses.AnswerPart = "answer"
        answer: Word | None = None
        called = False
        for each in spoken:
            if each.part != "prompt":
                part, answer, called = each.part, each.text, each.called
        earlier = self.node(node, "earlier")
        texts = self.words(earlier, "STRING") if earlier else []
        turns = tuple(zip(texts[::2], texts[1::2], strict=True))
        given, place = self.givens(node), self.place(node)
        return clauses.Example(cast(clauses.Expected, str(expects)), prompt, answer, part, given, place, turns, called)

    def alike(self, node: Node) -> clauses.Alike:
        first, second = (self.spoken(c) for c in self.nodes(node, "spoken_text"))
        return clauses.Alike(first, second, self.givens(node), self.place(node))

    def spoken(self, node: Node) -> clauses.Spoken:
        called = node.data == "called"
        return clauses.Spoken(cast(clauses.SpokenPart, str(node.children[0])), self.words(node, "STRING")[0], called)

    def givens(self, node: Node) -> tuple[tuple[Word, Word], ...]:
        givens = self.node(node, "givens")
        pairs = (self.words(c, "WORD", "NUMBER", "DATE") for c in self.nodes(givens, "given")) if givens else ()
        return tuple((name, value) for name, value in pairs)

    # Conditions; the parser bounds how deep they nest

    def condition(self, node: Node) -> clauses.ConditionNode:
        """Return the one condition among the children of ``node``."""
        return self.test_or_junction(self.need(node, "test", "all_of", "any_of"))

    def test_or_junction(self, node: Node) -> clauses.ConditionNode:
        if node.data != "test":
            parts = tuple(self.test_or_junction(c) for c in self.nodes(node, "test", "all_of", "any_of"))
            return clauses.Junction("and" if node.data == "all_of" else "or", parts, self.place(node))
        dimension, *values = self.words(node, "WORD", "NUMBER", "DATE")
        sign = self.token(node, "UNKNOWN", "WITHIN", "BELOW", "BEFORE", "IS")
        unknown = self.token(node, "UNKNOWN") is not None
        test = cast(clauses.TestKind, "unknown" if unknown else str(sign) if sign else "named")
        hours = self.token(node, "HOURS") is not None
        return clauses.TestNode(dimension, test, tuple(values), self.place(node), hours)
