"""From a source to a syntax tree and everything that is wrong with its syntax, in one run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, cast

from lark import Lark, Token, Tree, UnexpectedToken
from lark.lexer import LineCounter
from lark.parsers.lalr_interactive_parser import InteractiveParser

from ordinance.language import ast, build, table
from ordinance.language.advice import advise, quote_in_text
from ordinance.language.cleaning import clean
from ordinance.language.diagnostics import MOST, Diagnostic, diagnose, did_you_mean
from ordinance.language.first_pass import FirstPass
from ordinance.language.recovery import Recovery
from ordinance.language.source import Source, Span

#: What a file may be; the loader decides, by where the operator put it. ``pack`` is any kind below the charter.
Role = Literal["charter", "pack", "jurisdiction", "language", "house"]

#: How deep parentheses may nest; later passes walk conditions by recursion.
MAX_DEPTH = 50

#: Lines that may be passed over before the rest of a file is given up.
_MOST_PASSED = 1000

#: A list of values that goes on with `and` or `or`, up to where a test was expected.
_LIST_WITHOUT_COMMA = re.compile(r"\bone\s+of\s+[\w-]+(?:\s*,\s*[\w-]+)*\s+(and|or)\s+([\w-]+)\s*\Z")
#: Two values of a dimension joined as if they were tests, up to where the second test was expected to go on.
_VALUES_AS_TESTS = re.compile(r"\bis\s+([\w-]+)\s+or\s+([\w-]+)\s*\Z")
#: The same after `and`, where `or` itself does not fit: what stands before it, and what after it.
_VALUE, _VALUE_ALONE = re.compile(r"\bis\s+(?:one\s+of\s+)?[\w-]+\s*\Z"), re.compile(r"(?:or|and)\s+([\w-]+)\s*[\n)]")
#: A fact of an example written as a test.
_GIVEN_AS_TEST = re.compile(r"(?:\bgiven\s+|,\s*)(\w+)\s+is\s+\Z")
#: How far back such a list is looked for, in characters.
_LIST_REACH = 200

#: The kinds of pack that each role may be.
_KINDS: Mapping[Role, tuple[ast.Kind, ...]] = {
    "charter": ("charter",),
    "pack": ("jurisdiction", "language", "house"),
    "jurisdiction": ("jurisdiction",),
    "language": ("language",),
    "house": ("house",),
}
_NOTHING = re.compile(r"(?:\s|#[^\n]*+)*+")
_FIRST_WORD = re.compile(_NOTHING.pattern + r"(\w+|\S)")


def make_parser(*, strict: bool = False) -> Lark:
    """Make the parser of ``grammars/ordinance.lark``; ``strict`` (for tests) fails on any conflict in the grammar."""
    return table.build(table.grammar(), strict=strict)


@cache
def _parser() -> Lark:
    return table.read(table.grammar(), _kept()) or make_parser()


@cache
def _first_pass() -> FirstPass:
    grammar = table.grammar()
    made = table.read_first_pass(grammar, _kept()) or table.read_first_pass(grammar, table.write(grammar))
    return cast(FirstPass, made)


def _kept() -> str:
    """Return the tables that ship; an empty text without them."""
    return table.path().read_text("utf-8") if table.path().is_file() else ""


@cache
def keywords() -> frozenset[str]:
    """Every word that means something somewhere in the language."""
    return frozenset(t.pattern.value for t in _parser().terminals if t.pattern.type == "str" and t.name.isalpha())


@dataclass(frozen=True, slots=True)
class Parsed:
    """``pack`` holds what was understood; None where not even the header was."""

    pack: ast.Pack | None
    diagnostics: tuple[Diagnostic, ...]


def first_word(text: str) -> str:
    """Return the first word of a pack, past comments: a hint of its kind, never a decision about trust."""
    found = _FIRST_WORD.match(text)
    return found[1] if found else ""


def parse(source: Source, role: Role) -> Parsed:
    """Read ``source`` as a charter or as a pack below one."""
    return _Run(source, role).parse()


def tree_of(source: Source, role: Role) -> Tree[Token] | None:
    """Return the grammar's own tree of ``source``, for code that needs every token; None if ``parse`` finds a
    problem."""
    run = _Run(source, role)
    return None if run.parse().diagnostics else run.tree


class _Run:
    """One file, once."""

    def __init__(self, source: Source, role: Role) -> None:
        self.source = source
        self.role = role
        cleaned, repairs = clean(source)
        self.hopeless = cleaned is None
        self.text = cleaned or ""
        self.found: list[Diagnostic] = list(repairs)
        self.repairs = len(repairs)
        self.tree: Tree[Token] | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, which only what is wrong with it needs."""
        return self.text.split("\n")

    def parse(self) -> Parsed:
        if self.hopeless:
            return Parsed(None, tuple(self.found))
        if _NOTHING.fullmatch(self.text):
            self._report("empty-pack", self.source.whole(), "the pack is empty")
            return Parsed(None, tuple(self.found))
        kind = self._kind()
        if kind is None:
            return Parsed(None, tuple(self.found))
        start = "charter" if self.role == "charter" else "pack"
        self.tree = _first_pass().tree(self.text, start, MAX_DEPTH)
        if self.tree is None:
            self.tree = self._drive(_parser().parse_interactive(self.text, start=start), kind)
        pack = None if self.tree is None else build.pack(self.tree, self.source, self.found)
        return Parsed(pack, tuple(self.found))

    def _kind(self) -> str | None:
        """Return the pack's kind by its first word; None, with a finding, if this role must not begin so."""
        start = _FIRST_WORD.match(self.text)
        word = start[1] if start else ""
        span = self.source.span(*start.span(1)) if start else self.source.whole()
        allowed = _KINDS[self.role]
        if word in allowed:
            return word
        if word == "charter" or word in _KINDS["pack"]:
            self._report("wrong-kind", span, f"this is a {word} pack where a {' or a '.join(allowed)} pack is expected")
        else:
            advice = did_you_mean(word, allowed) or f"Begin with {_or(allowed)}."
            self._report("unknown-word", span, f"a pack cannot begin with `{word}`", advice)
        return None

    def _drive(self, parser: InteractiveParser, kind: str) -> Tree[Token] | None:
        """Return what can be understood of a text that has faults, each of which is a finding."""
        state = parser.parser_state
        recovery = Recovery(state, kind)
        depth = 0
        lost = False
        passed = 0
        headed = True
        last: Token | None = None
        lexer = parser.lexer_thread
        for token in lexer.lex(state):  # type: ignore[no-untyped-call]  # lark leaves it untyped
            last = token
            passed += lost
            if len(self.found) - self.repairs >= MOST or passed >= _MOST_PASSED:
                self._report("too-many", self._span(token), "the rest of the pack was not checked")
                lost = True
                break
            refused = False
            line = self.lines[(token.line or 1) - 1]
            if not lost:
                depth += (token.type == "LPAR") - (token.type == "RPAR")
                lost = recovery.rules.is_told(token, line)
                refused = not lost and not self._take(recovery, token, depth)
                if lost or refused:
                    recovery.rules.begin(token, line)
            if refused and not recovery.understood_header():
                headed = False
                recovery.pretend_header()
            if lost and (near := recovery.rules.misspelt(token, line)):
                self._report("unknown-word", self._span(token), f"the word `{token}` is unknown at this place", near)
            if lost or refused:
                depth = 0
                resumed = recovery.rules.resume_at(token, line, passing=lost)
                if resumed is None and (resumed := recovery.resume_at(token, line)) is not None:
                    recovery.rules.forget()
                lost = resumed is None or (resumed is token and refused) or not self._take(recovery, resumed, 0)
            if lost and lexer.state:
                self._skip_line(lexer.state.line_ctr)
        end = Token.new_borrow_pos("$END", "", last) if last else Token("$END", "", 0, 1, 1)
        if not lost:
            try:
                tree: Tree[Token] = state.feed_token(end, True)
                return tree if headed else None
            except UnexpectedToken as error:
                self._explain(error, end, recovery)
        if not recovery.cut_to_end() or not headed:
            return None
        partial: Tree[Token] = state.feed_token(end, True)
        return partial

    def _skip_line(self, at: LineCounter) -> None:
        """Go to the end of the line, behind which parsing may resume; no word or text reaches over it."""
        end = self.text.find("\n", at.char_pos)
        skipped = (len(self.text) if end < 0 else end) - at.char_pos
        at.char_pos += skipped
        at.column += skipped

    def _take(self, recovery: Recovery, token: Token, depth: int) -> bool:
        """Feed ``token``; False, with a finding, where it does not fit."""
        if depth > MAX_DEPTH:
            self._report("too-deep", self._span(token), f"more than {MAX_DEPTH} parentheses are nested here")
            return False
        try:
            recovery.state.feed_token(token)
            recovery.rules.took(token)
        except UnexpectedToken as error:
            self._explain(error, token, recovery)
            return False
        return True

    def _explain(self, error: UnexpectedToken, token: Token, recovery: Recovery) -> None:
        inside = [item.type for item in reversed(recovery.state.value_stack) if isinstance(item, Token)]
        expected = [terminal for terminal in sorted(error.expected) if recovery.accepts(terminal)]
        if "WITHIN" in expected and "BELOW" in expected and self._misses_comma(token):
            return
        alone = _VALUE_ALONE.match(self.text, token.start_pos or 0)
        if alone and token in ("and", "or") and _VALUE.search(self._before(token)):
            written = f"Write a list of values with commas: `is one of …, {alone[1]}`."
            self._report("syntax", self._span(token), f"`{token}` is used in a list of values", written)
            return
        if "COMMA" in expected and (given := _GIVEN_AS_TEST.search(self._before(token))):
            message, written = "`is` is used in a fact of an example", f"`given {given[1]} {token}`"
            self._report("syntax", self._span(token), message, f"Write the value behind the name: {written}.")
            return
        advice = advise(str(token), token.type, expected, recovery.kind, inside, keywords())
        if token.start_pos and token[:1].isalnum() and self.text[token.start_pos - 1] == '"':
            advice = quote_in_text(str(token))
        self._report(advice.code, self._span(token), advice.message, advice.help)

    def _misses_comma(self, token: Token) -> bool:
        """Report `one of a and b`, where `and` has been taken for the beginning of another test, at the `and`."""
        before = self._before(token)
        place = len(self.text) if token.type == "$END" else token.start_pos or 0
        start = place - len(before)
        found = _LIST_WITHOUT_COMMA.search(before)
        if found is None:
            values = _VALUES_AS_TESTS.search(before)
            if values is None:
                return False
            span = self.source.span(start + values.start(2), start + values.end(2))
            advice = f"Write `is one of {values[1]}, {values[2]}`."
            self._report("syntax", span, f"`{values[2]}` alone is not a test", advice)
            return True
        span = self.source.span(start + found.start(1), start + found.end(1))
        self._report("syntax", span, f"`{found[1]}` is used in a list of values", f"Write a comma: `…, {found[2]}`.")
        return True

    def _before(self, token: Token) -> str:
        """Return some of the text before ``token``."""
        place = len(self.text) if token.type == "$END" else token.start_pos or 0
        return self.text[max(0, place - _LIST_REACH) : place]

    def _report(self, code: str, span: Span, message: str, help: str = "") -> None:
        self.found.append(diagnose(code, span, message, help))

    def _span(self, token: Token) -> Span:
        if token.type == "$END":
            line = max((n for n, text in enumerate(self.lines, 1) if text.strip()), default=1)
            column = max(1, len(self.lines[line - 1].rstrip()))
            return Span(self.source, line, column, line, column + 1)
        line, column = token.line or 1, token.column or 1
        return Span(self.source, line, column, token.end_line or line, token.end_column or column + len(token))


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(f"`{word}`" for word in words)
