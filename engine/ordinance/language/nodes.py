"""Getting at the children of lark's tree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import cast, get_args

from lark import Token, Tree

from ordinance.language.clauses import Address, Day, Plural, TextIn, Word, Written
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.language.source import Source, Span

Node = Tree[Token]

_WAYS, _PLURALS = (tuple(map(str.upper, get_args(each))) for each in (Address, Plural))


def span(token: Token, source: Source) -> Span:
    """Return the place of a token."""
    line, column = token.line or 1, token.column or 1
    return Span(source, line, column, token.end_line or line, token.end_column or column + len(token))


class Reader:
    """Reads the nodes of one file; what does not hold in a single word is a finding in ``found``."""

    def __init__(self, source: Source, found: list[Diagnostic]) -> None:
        self.source = source
        self.found = found

    def token(self, node: Node, *types: str) -> Token | None:
        """Return the first of the node's own tokens of one of these ``types``, or None."""
        return next((c for c in node.children if isinstance(c, Token) and c.type in types), None)

    def word(self, token: Token) -> Word:
        return Word(str(token)[1:-1] if token.type == "STRING" else str(token), span(token, self.source))

    def words(self, node: Node, *types: str) -> tuple[Word, ...]:
        """Return the node's own tokens of these ``types`` (default: names)."""
        wanted = types or ("WORD",)
        return tuple(self.word(c) for c in node.children if isinstance(c, Token) and c.type in wanted)

    def nodes(self, node: Node, *names: str) -> Iterator[Node]:
        return (c for c in node.children if isinstance(c, Tree) and c.data in names)

    def node(self, node: Node, name: str) -> Node | None:
        return next(self.nodes(node, name), None)

    def need(self, node: Node, name: str) -> Node:
        return next(self.nodes(node, name))

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
        return tuple(
            TextIn(
                self.words(c)[0],
                cast(Address | None, self.said(c, *_WAYS)),
                self.words(c, "STRING")[0],
                cast(Plural | None, self.said(c, *_PLURALS)),
                self.token(c, "AGAIN") is not None,
            )
            for c in self.nodes(node, "text_in")
        )

    def said(self, node: Node, *types: str) -> str | None:
        """Return which of the keywords of these ``types`` the node has, or None."""
        found = self.token(node, *types)
        return None if found is None else str(found)

    def place(self, node: Node) -> Span:
        """Return the place from the first line of a construct to the end of that line: enough to point at it."""
        meta = node.meta
        end = meta.end_column if meta.end_line == meta.line else len(self.source.line(meta.line)) + 1
        return Span(self.source, meta.line, meta.column, meta.line, end)

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
