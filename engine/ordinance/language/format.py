"""One style for packs: what ``ordinance fmt`` writes. The same words, comments and quotes, laid out by their structure.

Line breaks, columns and blank lines follow from the grammar's tree and not from how the file was laid out before, so
two files with the same words look the same. Of the old layout only one thing is kept: blank lines beside comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import cast

from lark import Token, Tree

from ordinance.language.layout import Comment, Line, Piece, write
from ordinance.language.parser import Role, tree_of
from ordinance.language.source import Source

Node = Tree[Token]

_STEP = 2

#: Terminals that carry a value; every other word is a keyword of the grammar.
_VALUES = frozenset({"WORD", "NUMBER", "DATE", "DOTTED", "STRING"})

#: Clauses of a pack's header that stand below its first line, in one column.
_HEADER = frozenset({"title", "lies_within", "members", "zone", "records"})

#: What still belongs to a pack's first line.
_FIRST_LINE = frozenset({"under_charter"})

#: Two words that name a clause together: what follows them stands in no column.
_PHRASES = frozenset({
    ("in", "force"), ("on", "trial"), ("told", "once"), ("amended", "by"), ("adopted", "by"), ("reading", "level"),
    ("without", "adapter"), ("on", "miss"), ("words", "for"),
})  # fmt: skip

_COMMENT = re.compile(r"#[^\n]*")


def format_source(source: Source, role: Role) -> str | None:
    """Format ``source``, with LF line ends. Returns None if it does not parse without a finding.

    Formatting the result again changes nothing. Raises ``RuntimeError`` if a word or a comment would be lost, which is
    a bug in this module.
    """
    tree = tree_of(source, role)
    if tree is None:
        return None
    pieces, rest = _pieces(tree, source.text)
    text = write(_Layout(pieces).pack(tree), rest)
    again = tree_of(Source(source.path, source.name, text), role)
    if again is None or _content(*_pieces(again, text)) != _content(pieces, rest):
        raise RuntimeError("formatting would change what the pack says")
    return text


def _content(pieces: dict[int, Piece], rest: Sequence[Comment]) -> tuple[list[str], list[str]]:
    """Return the words and the comments, each in their order."""
    comments = [text for piece in pieces.values() for text in (*(each.text for each in piece.before), piece.after)]
    return [piece.text for piece in pieces.values()], [*filter(None, comments), *(each.text for each in rest)]


def _tokens(node: Node) -> Iterator[Token]:
    return node.scan_values(lambda value: isinstance(value, Token))


def _pieces(tree: Node, text: str) -> tuple[dict[int, Piece], tuple[Comment, ...]]:
    """Return every token with the comments beside it, by where it starts, and the comments after the last token."""
    found: dict[int, Piece] = {}
    tokens = list(_tokens(tree))
    starts = [token.start_pos or 0 for token in tokens]
    end = 0
    last: int | None = None
    for token, start in zip(tokens, starts, strict=True):
        after, before, blank = _gap(text[end:start], behind=last is not None)
        if last is not None and after:
            found[last].after = after
        found[start] = Piece(_written(token), tuple(before), blank)
        last, end = start, token.end_pos or start
    after, before, _ = _gap(text[end:], behind=last is not None)
    if last is not None and after:
        found[last].after = after
    return found, tuple(before)


def _written(token: Token) -> str:
    """Return a token's text; white space that a terminal allows within itself becomes one space."""
    return str(token) if token.type == "STRING" else " ".join(str(token).split())


def _gap(text: str, *, behind: bool) -> tuple[str, list[Comment], bool]:
    """Read the ``text`` between two tokens: the comment after the first, the comments above the second, and whether a
    blank line separates the last of them from it."""
    after, above, end = "", [], 0
    for match in _COMMENT.finditer(text):
        breaks = text.count("\n", end, match.start())
        comment = match[0].rstrip()
        if behind and end == 0 and not breaks:
            after = comment
        else:
            above.append(Comment(comment, breaks > 1))
        end = match.end()
    return after, above, bool(above) and text.count("\n", end) > 1


class _Layout:
    """One file's tree as lines."""

    def __init__(self, pieces: dict[int, Piece]) -> None:
        self.pieces = pieces
        self.lines: list[Line] = []
        self.groups = 0

    def pack(self, tree: Node) -> list[Line]:
        node = tree if tree.data != "pack" else cast(Node, tree.children[0])
        first: list[Piece] = []
        items: list[Node] = []
        for child in node.children:
            if isinstance(child, Token) or child.data in _FIRST_LINE:
                first += self._flat(child)
            else:
                items.append(child)
        self.lines.append(Line(0, first))
        self._items(items, 0, apart=True)
        return self.lines

    def _items(self, items: Sequence[Node], indent: int, *, apart: bool) -> None:
        """Write declarations, or the rules of a section. One-line neighbours of one kind share columns and are not
        separated; with ``apart`` a blank line separates all others, and precedes the first of a file."""
        kind, group = "header" if indent == 0 else "", self._group()
        for number, item in enumerate(items):
            own = "header" if item.data in _HEADER and indent == 0 else str(item.data)
            line = self._on_one_line(item, indent)
            together = line is not None and own == kind
            blank = apart and not together and (number > 0 or indent == 0)
            if not together:
                group = self._group()
            kind = own if line is not None else ""
            start = len(self.lines)
            if line is None:
                self._block(item, indent)
            else:
                columns = [1] if own == "header" else [1, 2]
                self.lines.append(Line(indent, line, _columns(line, columns), group))
            self.lines[start].blank = blank

    def _on_one_line(self, node: Node, indent: int) -> list[Piece] | None:
        """Return the pieces of a construct that fits on one line; None if it is a block of several lines."""
        if not _is_block(node):
            return self._flat(node)
        _, body, _ = _parts(node)
        clauses = _clauses(body)
        tall = node.data == "notice" or str(node.data).endswith("section")
        if tall or len(clauses) > 1 or any(map(_holds_block, body)):
            return None
        pieces = self._flat(node)
        within = pieces[1:]
        if any(piece.before for piece in within) or any(piece.after for piece in pieces[:-1]):
            return None
        return pieces if Line(indent, pieces).fits else None

    def _block(self, node: Node, indent: int) -> None:
        head, body, tail = _parts(node)
        self.lines.append(Line(indent, [piece for child in head for piece in self._flat(child)]))
        if str(node.data).endswith("section"):
            self._items([child for child in body if isinstance(child, Tree)], indent + _STEP, apart=True)
        else:
            group = self._group()
            for clause in _clauses(body):
                if len(clause) == 1 and isinstance(clause[0], Tree) and _is_block(clause[0]):
                    self._items([clause[0]], indent + _STEP, apart=False)
                    continue
                pieces = [piece for child in clause for piece in self._flat(child)]
                columns = _columns(pieces, _cells(clause, pieces))
                self.lines.append(Line(indent + _STEP, pieces, columns, group, loose=pieces[0].text == "example"))
        closing = [piece for child in tail for piece in self._flat(child)]
        self.lines.append(Line(indent, closing, comments_in=_STEP))

    def _flat(self, child: Node | Token) -> list[Piece]:
        tokens = [child] if isinstance(child, Token) else _tokens(child)
        return [self.pieces[token.start_pos or 0] for token in tokens]

    def _group(self) -> int:
        self.groups += 1
        return self.groups


def _is_block(node: Node) -> bool:
    return any(isinstance(child, Token) and child.type == "LBRACE" for child in node.children)


def _holds_block(child: Node | Token) -> bool:
    return isinstance(child, Tree) and any(token.type == "LBRACE" for token in _tokens(child))


def _parts(node: Node) -> tuple[list[Node | Token], list[Node | Token], list[Node | Token]]:
    """Split a block: up to its opening brace, inside the braces, and from the closing brace on."""
    types = [child.type if isinstance(child, Token) else "" for child in node.children]
    opening, closing = types.index("LBRACE"), types.index("RBRACE")
    children = node.children
    return children[: opening + 1], children[opening + 1 : closing], children[closing:]


def _clauses(body: Sequence[Node | Token]) -> list[list[Node | Token]]:
    """Split a block into clauses. A keyword begins one, unless it joins two parts; so does a construct of the grammar,
    unless it is the object of the keyword before it."""
    found: list[list[Node | Token]] = []
    waiting = False  # for what the last keyword is about
    for child in body:
        if isinstance(child, Token):
            begins = _begins(child)
            if not found or (begins and not waiting):
                found.append([])
            waiting = child.type not in _VALUES and child.type != "RPAR"
        else:
            if not found or not waiting:
                found.append([])
            waiting = False
        found[-1].append(child)
    return found


def _begins(token: Token) -> bool:
    return token.isalpha() and token.type not in _VALUES and token.type not in ("AND", "OR")


def _cells(clause: Sequence[Node | Token], pieces: Sequence[Piece]) -> list[int]:
    """Return the pieces of a clause at which a column begins."""
    texts = [piece.text for piece in pieces]
    if clause and isinstance(clause[0], Tree) and clause[0].data == "text_in":
        return [next((number for number, text in enumerate(texts) if text.startswith('"')), len(texts))]
    if tuple(texts[:2]) in _PHRASES or texts[0] == "every":
        return []
    return [1, 2] if texts[0] == "example" else [1]


def _columns(pieces: Sequence[Piece], columns: Sequence[int]) -> tuple[int, ...]:
    """Return those of ``columns`` before which nothing forces a line break."""
    found = [column for column in columns if 0 < column < len(pieces)]
    broken = any(piece.after for piece in pieces[: max(found, default=0)])
    broken = broken or any(piece.before for piece in pieces[1 : max(found, default=0) + 1])
    return () if broken else tuple(found)
