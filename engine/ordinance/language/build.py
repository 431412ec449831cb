"""From lark's tree to the syntax tree. Total: whatever parses can be built; what does not hold is a finding."""

from __future__ import annotations

from typing import cast

from ordinance.language import ast
from ordinance.language.build_rules import RULES, RuleBuilder
from ordinance.language.clauses import UseKind
from ordinance.language.diagnostics import Diagnostic
from ordinance.language.nodes import Node
from ordinance.language.source import Source


def pack(tree: Node, source: Source, found: list[Diagnostic]) -> ast.Pack:
    """Build the pack from the parsed ``tree`` of ``source``; adds findings to ``found``."""
    return _Builder(source, found).pack(tree if tree.data == "charter" else cast(Node, tree.children[0]))


class _Builder(RuleBuilder):
    """Packs and what they declare."""

    def pack(self, tree: Node) -> ast.Pack:
        kind = cast(ast.Kind, str(tree.data))
        name, version = self.words(tree)[0], self.words(tree, "NUMBER")[0]
        under = self.node(tree, "under_charter")
        members = self.node(tree, "members")
        declarations = (self.declaration(c) for c in tree.children if not isinstance(c, str))
        return ast.Pack(
            kind,
            name,
            version,
            ast.CharterRef(self.words(under)[0], self.words(under, "NUMBER")[0]) if under else None,
            self.written(tree, "title"),
            self.text(tree, "lies_within"),
            self.words(members) if members else (),
            self.text(tree, "zone"),
            self.written(tree, "records"),
            tuple(item for item in declarations if item is not None),
            tuple(self.section(c) for c in self.nodes(tree, "charter_section", "law_section", "house_section")),
            self.source,
        )

    def declaration(self, node: Node) -> ast.Declaration | None:
        match node.data:
            case "dimension":
                name, *values = self.words(node)
                is_date = self.token(node, "DAY_KIND") is not None
                return ast.DimensionDecl(name, self.token(node, "ATTESTED") is not None, tuple(values), is_date)
            case "named":
                return ast.ConditionDecl(self.words(node)[0], self.condition(node))
            case "endings":
                return ast.EndingsDecl(self.words(node)[0], self.words(node, "STRING"))
            case "lexicon":
                return ast.LexiconDecl(self.words(node)[0], self.words(node, "STRING")[0])
            case "pattern":
                any_case = self.node(node, "any_case") is not None
                name, source = self.words(node)[0], self.words(node, "STRING")[0]
                return ast.PatternDecl(name, source, any_case, self.pattern_examples(node))
            case "topic":
                name, by = self.words(node, "WORD", "DOTTED")
                kind: UseKind = "lexicon" if self.token(node, "LEXICON") else "detector"
                return ast.TopicDecl(name, ast.Use(kind, by, self.arguments(node)))
            case "added_words":
                name, path = self.words(node)[0], self.words(node, "STRING")[0]
                return ast.AddedWords(name, path, self.pattern_examples(node))
            case "law":
                return self.recorded_law(node) if self.node(node, "records") else self.law_declaration(node)
            case "bylaw":
                return self.bylaw(node)
            case "label":
                return ast.LabelDecl(self.words(node)[0], self.texts(node))
            case "notice":
                return ast.NoticeDecl(self.words(node)[0], self.texts(node))
            case "contact" | "office":
                return self.contact(node)
            case "speak":
                slots = tuple(self.slot(c) for c in self.nodes(node, "slot"))
                without = tuple(map(self.without, self.nodes(node, "without")))
                rewrites = tuple(map(self.rewrite, self.nodes(node, "rewrite")))
                missed = tuple(ast.OnMiss(self.place(c)) for c in self.nodes(node, "on_miss"))
                return ast.SpeakDecl(slots, self.place(node), without, rewrites, missed)
            case "law_speak":
                bound = (self.slot(self.need(c, "slot"), self.words(c)[0]) for c in self.nodes(node, "bound_slot"))
                forms = (
                    self.rewrite(self.need(c, "rewrite"), self.words(c)[0]) for c in self.nodes(node, "bound_rewrite")
                )
                return ast.SpeakDecl(tuple(bound), self.place(node), rewrites=tuple(forms))
        return None

    def pattern_examples(self, node: Node) -> tuple[ast.PatternExample, ...]:
        return tuple(
            ast.PatternExample(self.token(c, "MATCHES") is not None, self.words(c, "STRING")[0])
            for c in self.nodes(node, "pattern_example")
        )

    def law_declaration(self, node: Node) -> ast.LawDecl:
        reaches, cited = self.need(node, "reaches"), self.need(node, "cited")
        unknown = self.token(reaches, "UNKNOWN_EXCLUDED", "UNKNOWN_INCLUDED")
        return ast.LawDecl(
            self.words(node)[0],
            self.title(node),
            cast(ast.Written, self.written(node, "article")),
            self.written(node, "short"),
            self.condition(reaches),
            None if unknown is None else "excluded" if unknown.type == "UNKNOWN_EXCLUDED" else "included",
            tuple(self.force(c) for c in self.nodes(node, "in_force")),
            tuple(ast.AmendedBy(self.words(c, "STRING")[0], self.day(c)) for c in self.nodes(node, "amended")),
            self.text(node, "zone"),
            self.written(node, "authority"),
            self.text(node, "appeal"),
            self.text(node, "uncertain"),
            self.words(cited, "STRING")[0],
            self.day(self.need(cited, "seen")),
            self.place(node),
        )

    def recorded_law(self, node: Node) -> ast.RecordedLaw:
        cited = self.node(node, "cited")
        return ast.RecordedLaw(
            self.words(node)[0],
            self.title(node),
            cast(ast.Written, self.written(node, "article")),
            self.written(node, "short"),
            cast(ast.Written, self.written(node, "records")),
            self.words(cited or self.need(node, "unread"), "STRING")[0],
            self.day(self.need(cited, "seen")) if cited else None,
            self.place(node),
        )

    def force(self, node: Node) -> ast.ForceNode:
        when = self.node(node, "in_force_when")
        condition = self.condition(when) if when else None
        return ast.ForceNode(self.day(node), self.day_of(node, "until"), condition, self.place(node))

    def bylaw(self, node: Node) -> ast.BylawDecl:
        adopted = self.need(node, "adopted")
        return ast.BylawDecl(
            self.words(node)[0],
            self.title(node),
            self.written(node, "short"),
            self.words(adopted, "STRING")[0],
            self.day(adopted),
            self.day_of(node, "until"),
            self.text(node, "appeal"),
            self.text(node, "terms"),
            self.place(node),
        )

    def title(self, node: Node) -> ast.Written:
        return cast(ast.Written, self.written(node, "title"))

    def contact(self, node: Node) -> ast.ContactDecl:
        group, name = self.words(node)
        always = self.token(self.need(node, "hours"), "ALWAYS") is not None
        spoken, replaces = self.node(node, "spoken"), self.node(node, "replaces")
        formerly, places = self.node(node, "formerly"), self.node(node, "in_places")
        return ast.ContactDecl(
            group,
            name,
            self.title(node),
            "number" if self.token(node, "NUMBER_IS") else "link",
            self.words(node, "STRING")[0],
            None if always else self.written(node, "hours"),
            self.words(places) if places else (),
            self.words(spoken) if spoken else (),
            self.words(replaces) if replaces else (),
            self.words(formerly, "STRING") if formerly else (),
            self.day(self.need(node, "seen")),
        )

    def slot(self, node: Node, law: ast.Word | None = None) -> ast.Slot:
        name = " ".join(str(c) for c in self.need(node, "slot_name").children)
        refined = (
            ast.Refined(
                "when" if self.token(c, "WHEN") else "unless",
                self.condition(c),
                self.slot_value(other) if (other := self.node(c, "slot_value")) else None,
            )
            for c in self.nodes(node, "refined", "refined_last")
        )
        value = self.slot_value(self.need(node, "slot_value"))
        return ast.Slot(name, value, tuple(refined), law, self.place(node))

    def without(self, node: Node) -> ast.Without:
        declines = self.token(node, "DECLINE") is not None
        return ast.Without(declines, self.words(self.need(node, "telling"))[0], self.place(node))

    def rewrite(self, node: Node, law: ast.Word | None = None) -> ast.Rewrite:
        by, told = self.words(node, "DOTTED"), self.node(node, "telling")
        return ast.Rewrite(
            tuple(" ".join(map(str, c.children)) for c in self.nodes(node, "rewritten")),
            by[0] if by else None,
            self.arguments(node),
            self.words(told)[0] if told else None,
            law,
            self.place(node),
        )

    def slot_value(self, node: Node) -> ast.SlotValue:
        words = self.words(node)
        return ast.SlotValue(words[0] if words else None, self.place(node))

    def section(self, node: Node) -> ast.Section:
        quotes = (ast.Quote(self.words(c)[0], self.all_written(c)) for c in self.nodes(node, "quote"))
        number, named = self.words(node, "NUMBER")[0], self.words(node, "STRING")[0]
        below = self.node(node, "heading")
        heading = ast.Written(named.text, named.span, self.texts(below) if below else ())
        return ast.Section(number, heading, tuple(self.rule(rule) for rule in self.nodes(node, *RULES)), tuple(quotes))
