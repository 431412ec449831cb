"""Getting at the children of lark's tree."""

from __future__ import annotations

from datetime import date
from typing import cast, get_args

from lark import Token, Tree

from ordinance.language.clauses import Address, Day, Plural, TextIn, Word, Written
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.language.source import Source, Span

Node = Tree[Token]

_WAYS = tuple(map(str.upper, get_args(Address)))


class Reader:
    """Reads the nodes of one file; what does not hold in a single word is a finding in ``found``."""

    def __init__(self, source: Source, found: list[Diagnostic]) -> None:
        self.source = source
        self.found = found

    def token(self, node: Node, *types: str) -> Token | None:
        """Return the first of the node's own tokens of one of these ``types``, or None."""
        for child in node.children:
            if isinstance(child, Token) and child.type in types:
                return child
        return None

    def word(self, token: Token) -> Word:
        """Return what ``token`` says: a text without its quotes."""
        written = token[1:-1] if token.type == "STRING" else str(token)
        return Word(written, self.source.span(token.start_pos or 0, token.end_pos or 0))

    def words(self, node: Node, *types: str) -> tuple[Word, ...]:
        """Return the node's own tokens of these ``types`` (default: names)."""
        wanted = types or ("WORD",)
        return tuple([self.word(c) for c in node.children if isinstance(c, Token) and c.type in wanted])

    def nodes(self, node: Node, *names: str) -> list[Node]:
        return [c for c in node.children if isinstance(c, Tree) and c.data in names]

    def node(self, node: Node, *names: str) -> Node | None:
        """Return the first of the node's own nodes with one of these ``names``, or None."""
        for child in node.children:
            if isinstance(child, Tree) and child.data in names:
                return child
        return None

    def need(self, node: Node, *names: str) -> Node:
        """Return the same where the grammar wants one."""
        return cast(Node, self.node(node, *names))

    def text(self, node: Node, name: str) -> Word | None:
        """Return the one text or word of the clause ``name``, or None without that clause."""
        clause = self.node(node, name)
        return None if clause is None else self.words(clause, "STRING", "WORD")[0]

    def written(self, node: Node, name: str) -> Written | None:
        """Return what the clause ``name`` has people read, or None without that clause."""
        clause = self.node(node, name)
        return None if clause is None else self.all_written(clause)[0]

    def all_written(self, clause: Node) -> tuple[Written, ...]:
        """Return what a clause has people read: its texts, or one that has languages."""
        texts = self.texts(clause)
        if not texts:
            return tuple(Written(word.text, word.span) for word in self.words(clause, "STRING"))
        first = next((text for text in texts if text.tag.text == "en"), texts[0])
        return (Written(first.text.text, texts[0].text.span, texts),)

    def texts(self, node: Node) -> tuple[TextIn, ...]:
        """Return the texts in languages that stand in ``node``."""
        return tuple([self.text_in(c) for c in self.nodes(node, "text_in")])

    def text_in(self, node: Node) -> TextIn:
        """Return a text in a language: its tag first, then what it is for, and last what it says."""
        tag, *said, text = cast(list[Token], node.children)
        address, plural, again = None, None, False
        for token in said:
            match token.type:
                case "AGAIN":
                    again = True
                case kind if kind in _WAYS:
                    address = cast(Address, str(token))
                case _:
                    plural = cast(Plural, str(token))
        return TextIn(self.word(tag), address, self.word(text), plural, again)

    def place(self, node: Node) -> Span:
        """Return the place from the first line of a construct to the end of that line: enough to point at it."""
        first = last = cast(Node | Token, node)
        while isinstance(first, Tree):
            first = first.children[0]
        while isinstance(last, Tree):
            last = last.children[-1]
        return self.source.span(first.start_pos or 0, last.end_pos or 0)

    def day(self, node: Node) -> Day:
        """Return the date of a clause; a date that the calendar does not have is a finding."""
        word = self.words(node, "DATE")[0]
        try:
            return Day(word.text, date.fromisoformat(word.text), word.span)
        except ValueError:
            self.found.append(diagnose("date-invalid", word.span, f"there is no day {word.text}"))
            return Day(word.text, None, word.span)

    def day_of(self, node: Node, name: str) -> Day | None:
        """Return the date of the clause ``name``, or None without that clause."""
        clause = self.node(node, name)
        return None if clause is None else self.day(clause)
