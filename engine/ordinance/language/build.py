"""From lark's tree to the syntax tree. Total: whatever parses can be built; what does not hold is a finding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal, cast

from lark import Token, Tree

from ordinance.language import ast
from ordinance.language.ast import Word
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.language.source import Source, Span

Node = Tree[Token]


def span(token: Token, source: Source) -> Span:
    """Where a token stands."""
    line, column = token.line or 1, token.column or 1
    return Span(source, line, column, token.end_line or line, token.end_column or column + len(token))


def pack(tree: Node, source: Source, found: list[Diagnostic]) -> ast.Pack:
    """The pack that a parsed file holds; findings are added to ``found``."""
    return _Builder(source, found).pack(tree if tree.data == "charter" else cast(Node, tree.children[0]))


class _Builder:
    def __init__(self, source: Source, found: list[Diagnostic]) -> None:
        self.source = source
        self.found = found

    # Getting at children

    def token(self, node: Node, *types: str) -> Token | None:
        return next((c for c in node.children if isinstance(c, Token) and c.type in types), None)

    def word(self, token: Token) -> Word:
        return Word(str(token)[1:-1] if token.type == "STRING" else str(token), span(token, self.source))

    def words(self, node: Node, *types: str) -> tuple[Word, ...]:
        wanted = types or ("WORD",)
        return tuple(self.word(c) for c in node.children if isinstance(c, Token) and c.type in wanted)

    def nodes(self, node: Node, *names: str) -> Iterator[Node]:
        return (c for c in node.children if isinstance(c, Tree) and c.data in names)

    def node(self, node: Node, name: str) -> Node | None:
        return next(self.nodes(node, name), None)

    def need(self, node: Node, name: str) -> Node:
        return next(self.nodes(node, name))

    def text(self, node: Node, name: str) -> Word | None:
        """The one text or word of the clause ``name``, where the clause is there."""
        clause = self.node(node, name)
        return None if clause is None else self.words(clause, "STRING", "WORD")[0]

    def place(self, node: Node) -> Span:
        """From the first line of a construct to the end of that line: enough to point at it."""
        meta = node.meta
        end = meta.end_column if meta.end_line == meta.line else len(self.source.line(meta.line)) + 1
        return Span(self.source, meta.line, meta.column, meta.line, end)

    def day(self, node: Node) -> ast.Day:
        word = self.words(node, "DATE")[0]
        try:
            return ast.Day(word.text, date.fromisoformat(word.text), word.span)
        except ValueError:
            self.found.append(diagnose("date-invalid", word.span, f"there is no day {word.text}"))
            return ast.Day(word.text, None, word.span)

    # Packs

    def pack(self, tree: Node) -> ast.Pack:
        kind = cast(Literal["charter", "jurisdiction", "language"], str(tree.data))
        name, version = self.words(tree)[0], self.words(tree, "NUMBER")[0]
        under = self.node(tree, "under_charter")
        members = self.node(tree, "members")
        declarations = (self.declaration(c) for c in tree.children if isinstance(c, Tree))
        return ast.Pack(
            kind,
            name,
            version,
            ast.CharterRef(self.words(under)[0], self.words(under, "NUMBER")[0]) if under else None,
            self.text(tree, "title"),
            self.text(tree, "lies_within"),
            self.words(members) if members else (),
            self.text(tree, "zone"),
            tuple(item for item in declarations if item is not None),
            tuple(self.section(c) for c in self.nodes(tree, "charter_section", "law_section")),
            self.source,
        )

    def declaration(self, node: Node) -> ast.Declaration | None:
        match node.data:
            case "dimension":
                name, *values = self.words(node)
                return ast.DimensionDecl(name, self.token(node, "ATTESTED") is not None, tuple(values))
            case "lexicon":
                return ast.LexiconDecl(self.words(node)[0], self.words(node, "STRING")[0])
            case "pattern":
                examples = (
                    ast.PatternExample(self.token(c, "MATCHES") is not None, self.words(c, "STRING")[0])
                    for c in self.nodes(node, "pattern_example")
                )
                any_case = self.node(node, "any_case") is not None
                return ast.PatternDecl(self.words(node)[0], self.words(node, "STRING")[0], any_case, tuple(examples))
            case "topic":
                name, by = self.words(node, "WORD", "DOTTED")
                return ast.TopicDecl(name, ast.Use("lexicon" if self.token(node, "LEXICON") else "detector", by))
            case "law":
                return self.law(node)
            case "label":
                return ast.LabelDecl(self.words(node)[0], self.texts(node))
            case "notice":
                return ast.NoticeDecl(self.words(node)[0], self.texts(node))
            case "contact":
                return self.contact(node)
            case "speak":
                return ast.SpeakDecl(
                    self.text(node, "speak_language"), self.address(self.node(node, "speak_address")), self.place(node)
                )
        return None

    def law(self, node: Node) -> ast.LawDecl:
        reaches, in_force, cited = self.need(node, "reaches"), self.need(node, "in_force"), self.need(node, "cited")
        until = self.node(in_force, "until")
        unknown = self.token(reaches, "UNKNOWN_EXCLUDED", "UNKNOWN_INCLUDED")
        return ast.LawDecl(
            self.words(node)[0],
            self.words(self.need(node, "title"), "STRING")[0],
            self.words(self.need(node, "article"), "STRING")[0],
            self.condition(reaches),
            None if unknown is None else "excluded" if unknown.type == "UNKNOWN_EXCLUDED" else "included",
            self.day(in_force),
            self.day(until) if until else None,
            self.text(node, "zone"),
            self.words(cited, "STRING")[0],
            self.day(self.need(cited, "seen")),
            self.place(node),
        )

    def texts(self, node: Node) -> tuple[ast.TextIn, ...]:
        return tuple(
            ast.TextIn(self.words(c)[0], self.address(c), self.words(c, "STRING")[0])
            for c in self.nodes(node, "text_in")
        )

    def address(self, node: Node | None) -> Literal["formal", "informal"] | None:
        if node is None or not self.token(node, "FORMAL", "INFORMAL"):
            return None
        return "formal" if self.token(node, "FORMAL") else "informal"

    def contact(self, node: Node) -> ast.ContactDecl:
        group, name = self.words(node)
        hours = self.words(self.need(node, "hours"), "STRING")
        return ast.ContactDecl(
            group,
            name,
            self.words(self.need(node, "title"), "STRING")[0],
            "number" if self.token(node, "NUMBER_IS") else "link",
            self.words(node, "STRING")[0],
            hours[0].text if hours else "always",
            self.words(self.need(node, "in_place"))[0],
            self.words(spoken) if (spoken := self.node(node, "spoken")) else (),
            self.day(self.need(node, "seen")),
        )

    # Rules

    def section(self, node: Node) -> ast.Section:
        quotes = (ast.Quote(self.words(c)[0], self.words(c, "STRING")) for c in self.nodes(node, "quote"))
        rules = self.nodes(node, "red_line", "guarantee", "withhold", "say")
        number, heading = self.words(node, "NUMBER")[0], self.words(node, "STRING")[0]
        return ast.Section(number, heading, tuple(self.rule(rule) for rule in rules), tuple(quotes))

    def rule(self, node: Node) -> ast.Rule:
        number, name = self.words(node, "NUMBER")[0], self.words(node)[0]
        means = self.text(node, "means")
        examples = tuple(self.example(c) for c in self.nodes(node, "example"))
        place = self.place(node)
        if node.data == "guarantee":
            return self.guarantee(node, number, name, means or name, examples, place)
        telling = self.words(self.node(node, "telling") or self.need(node, "telling_about"))
        about = telling[1] if len(telling) > 1 else None
        if node.data == "red_line":
            when = self.text_test(self.need(node, "text_test"))
            return ast.RedLine(number, name, means or name, when, telling[0], examples, place)
        law = self.words(self.need(node, "under"))[0]
        if node.data == "say":
            say_when = self.node(node, "say_when")
            first = self.token(self.need(node, "occasion"), "FIRST") is not None
            condition = self.condition(say_when) if say_when else None
            return ast.Say(number, name, means, condition, first, law, telling[0], about, examples, place)
        scope = self.need(node, "scope")
        bound = self.words(scope, "NUMBER")
        return ast.Withhold(
            number,
            name,
            means,
            self.text_test(self.need(node, "text_test")),
            tuple(self.test_or_junction(c) for c in self.nodes(node, "test", "all_of", "any_of")),
            tuple(
                ast.Except(self.words(c)[0], self.words(c)[1], self.condition(c)) for c in self.nodes(node, "exception")
            ),
            ast.ScopeNode("sentence" if self.token(scope, "SENTENCE") else "span", bound[0] if bound else None),
            law,
            telling[0],
            telling[1],
            examples,
            place,
        )

    def guarantee(
        self, node: Node, number: Word, name: Word, means: Word, examples: tuple[ast.Example, ...], place: Span
    ) -> ast.Guarantee:
        protected = tuple(self.nodes(node, "protected"))
        provide = self.node(node, "provide")
        provided = None
        if provide is not None:
            provided = ast.Provide(self.words(provide)[0], self.text_test(self.need(provide, "text_test")))
        contacts = any(self.token(c, "CONTACTS") for c in protected)
        patterns = tuple(word for c in protected for word in self.words(c))
        return ast.Guarantee(number, name, means, contacts, patterns, provided, examples, place)

    def text_test(self, node: Node) -> ast.TextTest:
        subject = self.need(node, "text_subject")
        uses = tuple(self.use(c) for c in self.nodes(node, "use"))
        prompt, answer = self.token(subject, "PROMPT"), self.token(subject, "ANSWER")
        return ast.TextTest(prompt is not None, answer is not None, uses, self.place(node))

    def use(self, node: Node) -> ast.Use:
        kind, name = (c for c in node.children if isinstance(c, Token))
        return ast.Use(cast(Literal["lexicon", "pattern", "topic", "detector"], str(kind)), self.word(name))

    def example(self, node: Node) -> ast.Example:
        expects = self.token(node, "FIRES", "QUIET", "PASSES")
        spoken = {str(c.children[0]): self.words(c, "STRING")[0] for c in self.nodes(node, "spoken_text")}
        given = (self.words(c, "WORD", "NUMBER") for c in self.nodes(node, "given"))
        return ast.Example(
            cast(Literal["fires", "quiet", "passes"], str(expects)),
            spoken.get("prompt"),
            spoken.get("answer"),
            tuple((name, value) for name, value in given),
            self.place(node),
        )

    # Conditions; the parser bounds how deep they nest

    def condition(self, node: Node) -> ast.ConditionNode:
        return self.test_or_junction(next(self.nodes(node, "test", "all_of", "any_of")))

    def test_or_junction(self, node: Node) -> ast.ConditionNode:
        if node.data != "test":
            parts = tuple(self.test_or_junction(c) for c in self.nodes(node, "test", "all_of", "any_of"))
            return ast.Junction("and" if node.data == "all_of" else "or", parts, self.place(node))
        dimension, *values = self.words(node, "WORD", "NUMBER")
        test: Literal["is", "within", "below", "unknown"] = "is"
        if self.token(node, "UNKNOWN"):
            test = "unknown"
        elif self.token(node, "WITHIN"):
            test = "within"
        elif self.token(node, "BELOW"):
            test = "below"
        return ast.TestNode(dimension, test, tuple(values), self.place(node))
