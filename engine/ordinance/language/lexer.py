"""lark's contextual lexer, without working out anew for each state of the parser what all states have in common.

lark tries each keyword of a state on each terminal, and compiles the keywords as one expression; a first pack meets a
hundred states. Which word is a keyword, and what is none, is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from types import ModuleType

from lark import Token
from lark.lexer import BasicLexer, ContextualLexer, PatternStr, Scanner, TerminalDef


class _StateLexer(BasicLexer):
    """The lexer of one state: a scanner that it shares, and the keywords of its own."""

    @cached_property
    def scanner(self) -> Scanner:
        """Return what lark's ``_create_unless`` and ``_build_scanner`` would make, which is slower."""
        keywords = [each for each in self.terminals if isinstance(each.pattern, PatternStr)]
        known: set[TerminalDef] = set()
        self.callback = {}
        for terminal in self.terminals:
            if isinstance(terminal.pattern, PatternStr):
                continue
            shape = terminal.pattern.to_regexp()
            alike = [
                each
                for each in keywords
                if each.priority == terminal.priority and _is_whole(self.re, shape, each.pattern.value)
            ]
            if alike:
                self.callback[terminal.name] = _named({each.pattern.value: each.name for each in alike})
                known.update(alike)
        rest = tuple(each for each in self.terminals if each not in known)
        return _scanner(rest, self.g_regex_flags, self.re, self.use_bytes)


class StateLexers(ContextualLexer):
    """One lexer for each state of the parser."""

    BasicLexer = _StateLexer


def _named(keywords: dict[str, str]) -> Callable[[Token], Token]:
    def name(token: Token) -> Token:
        token.type = keywords.get(token.value, token.type)
        return token

    return name


@cache
def _is_whole(engine: ModuleType, shape: str, text: str) -> bool:
    """Whether the terminal of this ``shape`` takes the whole of ``text``."""
    found = engine.match(shape, text)
    return found is not None and found[0] == text


@lru_cache(maxsize=32)
def _scanner(terminals: tuple[TerminalDef, ...], flags: int, engine: ModuleType, use_bytes: bool) -> Scanner:
    return Scanner(terminals, flags, engine, use_bytes)  # type: ignore[no-untyped-call]  # lark leaves it untyped
