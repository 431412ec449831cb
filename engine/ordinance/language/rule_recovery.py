"""Going on inside a rule after a syntax error, so that the errors of all its clauses come in one run.

The clause that was not understood is passed over, and what the grammar still wants before the next one is made up. The
rule is dropped where it ends: nothing that was made up reaches the syntax tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from lark import Token, Tree
from lark.parsers.lalr_parser_state import ParserState

from ordinance.language.build_rules import RULES
from ordinance.language.diagnostics import did_you_mean

#: Words that begin a rule; that of a red line is two.
_RULE_WORDS = frozenset(each.upper() for each in RULES) - {"RED_LINE"}

#: Clauses of rules as the shortest thing that each may be, in the order in which they are tried.
_CLAUSES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "when": (
        ("WHEN", "ANSWER", "HAS", "LEXICON", "WORD"),
        ("WHEN", "PROMPT", "HAS", "LEXICON", "WORD"),
    ),
    "protects": (("PROTECTS", "CONTACTS"),),
    "means": (("MEANS", "STRING"),),
    "not": (("NOT", "STRING"),),
    "scope": (("SCOPE", "SPAN"),),
    "as": (("AS", "WORD"), ("AS", "MACHINE_READABLE"), ("AS", "REMINDER")),
    "at": (("AT", "EVERY", "ANSWER"),),
    "contacts": (("CONTACTS", "WORD"),),
    "reason": (("REASON", "STRING"),),
    "under": (("UNDER", "WORD"),),
    "refuse": (("REFUSE",),),
    "telling": (("TELLING", "WORD", "ABOUT", "WORD"), ("TELLING", "WORD")),
    "told": (("TOLD", "ONCE"),),
}

#: Clauses that are never missing; one may follow another.
_REPEATED = ("except", "example", "alike", "on", "provide", "every")

#: What a clause is in the grammar.
_WHOLE = frozenset({
    "means", "excludes", "watching", "asking", "calling", "say_when", "say_about", "say_type", "mark_as", "mask_as",
    "scope", "reason", "under", "telling", "telling_about", "told_once", "trial", "occasion", "exception",
    "red_exception", "example", "alike", "provided", "_head",
})  # fmt: skip

#: What has braces that are none: texts and comments.
_NO_BRACES = re.compile(r'"[^"]*"?|#.*')

_TEXTS = {"STRING": '""', "WORD": "x", "NUMBER": "1"}

#: The most clauses that are made up before one that was written.
_MOST = 5


class RuleRecovery:
    """Goes on within the rules of one file. ``accepts`` says whether the parser with these states shifts a terminal,
    ``advance`` gives its states behind it."""

    def __init__(
        self,
        state: ParserState[int],
        accepts: Callable[[list[int], str], bool],
        advance: Callable[[list[int], str], list[int] | None],
        rule: str,
    ) -> None:
        self._state = state
        self._accepts = accepts
        self._advance = advance
        self._rule = rule
        self._start: int | None = None  # of the rule that is dropped, as a size of the value stack
        self._indent = 0
        self._braces = 0
        self._made_up: set[str] = set()

    def begin(self, token: Token, line: str) -> None:
        """Note that the parser has refused ``token`` of this ``line``; if that is within a rule, the rule will be
        dropped."""
        found = self._open_rule()
        if found is None:
            self.forget()
            return
        if found[0] != self._start:
            self._start, self._made_up = found[0], set()
        opened = sum(isinstance(each, Token) and each.type == "LBRACE" for each in self._state.value_stack[found[1] :])
        self._braces = opened + _opened(line[(token.column or 1) - 1 :])
        self._indent = len(line) - len(line.lstrip())

    def forget(self) -> None:
        """Note that parsing goes on elsewhere."""
        self._start = None

    def is_told(self, token: Token, line: str) -> bool:
        """Return whether ``token`` begins a clause that was made up because another stood in its place: one mistake,
        which was reported there."""
        word = str(token)
        if self._start is None or word not in self._made_up or not is_first(token, line):
            return False
        return not self._accepts(self._state.state_stack[:], word.upper())

    def misspelt(self, token: Token, line: str) -> str:
        """Return what ``token`` should be if it begins a line as a clause does, while another is passing by; else an
        empty string."""
        if self._start is None or self._braces > 0 or not is_first(token, line):
            return ""
        word, at = str(token), (token.column or 1) - 1
        if at != self._indent or word in _CLAUSES or word in _REPEATED:
            return ""
        return did_you_mean(word, (*_CLAUSES, *_REPEATED))

    def resume_at(self, token: Token, line: str, *, passing: bool) -> Token | None:
        """Return ``token`` as what it is in a rule, with the stacks ready for it; None if parsing cannot resume at it.

        ``line`` is the token's line. A clause begins a line; while another is ``passing`` by, no deeper than that one.
        """
        if self._start is None:
            return None
        word = str(token)
        clause = word in _CLAUSES or word in _REPEATED
        deeper = passing and clause and (token.column or 1) - 1 > self._indent
        inside = passing and self._braces > 0
        found = None
        if is_first(token, line) and not inside and not deeper and (clause or word == "}"):
            found = self._way_to("RBRACE" if word == "}" else word.upper())
        if found is None:
            self._braces += _opened(line) if passing else 0
            return None
        size, missing = found
        del self._state.state_stack[size + 1 :]
        del self._state.value_stack[size:]
        for name, clause_of in missing:
            self._made_up.add(name)
            for each in clause_of:
                self._state.feed_token(Token.new_borrow_pos(each, _TEXTS.get(each, each.lower()), token))
        return Token.new_borrow_pos("RBRACE" if word == "}" else word.upper(), word, token)

    def took(self, token: Token) -> None:
        """Drop the rule if ``token``, which the parser has taken, ends it."""
        if self._start is None or token.type != "RBRACE" or not self._accepts(self._state.state_stack[:], self._rule):
            return
        del self._state.state_stack[self._start + 1 :]
        del self._state.value_stack[self._start :]
        self._start = None

    def _open_rule(self) -> tuple[int, int] | None:
        """Return where the values of the open rule begin, and where those of its clauses do; None outside of one."""
        values = self._state.value_stack
        for at in range(len(values) - 1, -1, -1):
            head = [_name(each) for each in values[at : at + 5]]
            if head[:1] and head[0] in _RULE_WORDS and head[1:2] == ["_head"]:
                return at, at + 2
            if head[:1] and head[0] in _RULE_WORDS and head[1:4] == ["NUMBER", "WORD", "LBRACE"]:
                return at, at + 4
            if head == ["RED", "LINE", "NUMBER", "WORD", "LBRACE"]:
                return at, at + 5
        return None

    def _way_to(self, terminal: str) -> tuple[int, tuple[tuple[str, tuple[str, ...]], ...]] | None:
        """Return how many values to keep, and what to make up behind them, so that ``terminal`` fits."""
        found = self._open_rule()
        if found is None:
            return None
        stack = self._state.state_stack
        for size in range(len(self._state.value_stack), self._begun(found[1]) - 1, -1):
            missing = self._missing(stack[: size + 1], terminal)
            if missing is not None:
                return size, missing
        return None

    def _begun(self, first: int) -> int:
        """Return where the values of the clause begin that is not complete, of those from ``first`` on."""
        values = self._state.value_stack
        whole = (at for at in range(len(values) - 1, first - 1, -1) if _is_whole(values[at]))
        return next(whole, first - 1) + 1

    def _missing(self, stack: list[int], terminal: str) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
        """Return the fewest clauses behind which ``terminal`` fits; None if there are none."""
        ways: list[tuple[list[int], tuple[tuple[str, tuple[str, ...]], ...]]] = [(stack, ())]
        for _ in range(_MOST + 1):
            for states, made_up in ways:
                if self._accepts(states[:], terminal):
                    return made_up
            ways = [(after, (*made_up, clause)) for states, made_up in ways for after, clause in self._further(states)]
        return None

    def _further(self, stack: list[int]) -> Iterator[tuple[list[int], tuple[str, tuple[str, ...]]]]:
        for name, forms in _CLAUSES.items():
            for form in forms:
                states: list[int] | None = stack[:]
                for each in form:
                    states = self._advance(states, each) if states is not None else None
                if states is not None:
                    yield states, (name, form)
                    break


def _is_whole(value: object) -> bool:
    """Return whether a value of the parser is a clause, or a list of some."""
    if not isinstance(value, Tree):
        return False
    return value.data in _WHOLE or any(_is_whole(each) for each in value.children if str(value.data).startswith("__"))


def _name(value: object) -> str:
    return value.type if isinstance(value, Token) else str(value.data) if isinstance(value, Tree) else ""


def _opened(line: str) -> int:
    """Return how many more braces ``line`` opens than it closes."""
    signs = _NO_BRACES.sub("", line)
    return signs.count("{") - signs.count("}")


def is_first(token: Token, line: str) -> bool:
    """Say whether ``token`` stands first on its ``line``."""
    return not line[: (token.column or 1) - 1].strip()
