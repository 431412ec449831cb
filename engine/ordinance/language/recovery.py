"""Going on after a syntax error, so that all errors of a file come in one run.

The parser's stack is cut back to the list of declarations or of rules that encloses the error, and parsing resumes
at the next word that begins a declaration or a rule and stands first on its line. Lark's own ``on_error`` resumes at
the next token and reports one fault a thousand times; copying its parser copies every value.
"""

from __future__ import annotations

import re

from lark import Token
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParserState

from ordinance.language.diagnostics import did_you_mean
from ordinance.language.rule_recovery import RuleRecovery, is_first

#: Words that begin a declaration; those that also stand inside conditions count in the first column only.
DECLARATIONS = frozenset({"law", "bylaw", "label", "notice", "contact", "section", "speak", "dimension", "words"})
FIRST_COLUMN = frozenset({"endings", "lexicon", "pattern", "topic", "condition"})
RULES = {
    "charter": frozenset({"red", "guarantee"}),
    "jurisdiction": frozenset({"quote", "withhold", "mask", "say", "mark", "provide"}),
    "language": frozenset[str](),
    "house": frozenset({"limit", "decline", "say"}),
}

#: A terminal that begins a declaration, and one that begins a rule, and nothing else, by kind of pack.
_PROXY = {
    "charter": ("DIMENSION", "RED"),
    "jurisdiction": ("LAW", "WITHHOLD"),
    "language": ("LABEL", ""),
    "house": ("BYLAW", "LIMIT"),
}

#: What stands in a header behind the version; nothing in a charter's.
_UNDER = ("UNDER", "CHARTER", "WORD", "NUMBER")

_RULE_SHAPE = re.compile(r"\s*\w+(\s+\w+)?\s+[0-9]+\.[0-9]+\s+\w+\s*\{")


class Recovery:
    """Cuts back one parser's stacks. ``kind`` is the pack's kind."""

    def __init__(self, state: ParserState[int], kind: str) -> None:
        self.state = state
        self.kind = kind
        self._declaration, self._rule = _PROXY[kind]
        self.rules = RuleRecovery(state, self._accepts, self._after, self._rule)

    def understood_header(self) -> bool:
        """Return whether the pack's header was read, so that declarations may follow."""
        stack = self.state.state_stack
        return any(self._accepts(stack[:size], self._declaration) for size in range(1, len(stack) + 1))

    def pretend_header(self) -> None:
        """Begin again after a header that nobody wrote, to find what else is wrong in the file."""
        self.state.state_stack[:] = [self.state.parse_conf.start_state]
        self.state.value_stack.clear()
        under = () if self.kind == "charter" else _UNDER
        for terminal in (self.kind.upper(), "WORD", "NUMBER", *under):
            self.state.feed_token(Token(terminal, ""))

    def resume_at(self, token: Token, line: str) -> Token | None:
        """Return ``token`` as the keyword that it is, with the stacks ready for it; None if parsing cannot resume at
        it.

        ``line`` is the token's line. A word at the place of a declaration or a rule that is neither comes back
        unchanged, so that the parser rejects it and it is reported too.
        """
        if not is_first(token, line):
            return None
        word = str(token)
        if self._misspelled(word, line, token):
            return token
        if word in RULES[self.kind] and self._cut(self._rule):
            return Token.new_borrow_pos(word.upper(), word, token)
        if word in DECLARATIONS or (word in FIRST_COLUMN and token.column == 1):
            self.close_section()
            if self._cut(self._declaration):
                return Token.new_borrow_pos(word.upper(), word, token)
        return None

    def _misspelled(self, word: str, line: str, token: Token) -> bool:
        if word in RULES[self.kind] or word in DECLARATIONS or word in FIRST_COLUMN:
            return False
        if _RULE_SHAPE.match(line):
            return self._cut(self._rule)
        if token.column == 1 and did_you_mean(word, DECLARATIONS | FIRST_COLUMN):
            self.close_section()
            return self._cut(self._declaration)
        return False

    def close_section(self) -> bool:
        """End the open section, if there is one, keeping the rules that were understood."""
        if not self._cut(self._rule):
            return False
        self.state.feed_token(Token("RBRACE", "}"))
        return True

    def cut_to_end(self) -> bool:
        """Make the stacks ready for the end of the file."""
        self.close_section()
        return self._cut("$END")

    def _cut(self, terminal: str) -> bool:
        """Drop the newest entries until ``terminal`` would be taken; leave everything where none would do."""
        if not terminal:
            return False
        stack = self.state.state_stack
        for size in range(len(stack), 0, -1):
            if self._accepts(stack[:size], terminal):
                del stack[size:]
                del self.state.value_stack[size - 1 :]
                return True
        return False

    def accepts(self, terminal: str) -> bool:
        """Return whether the parser would take ``terminal`` next; the table alone also lists what a reduction would
        refuse."""
        return self._accepts(self.state.state_stack[:], terminal)

    def _accepts(self, stack: list[int], terminal: str) -> bool:
        """Return whether a parser with ``stack`` shifts ``terminal`` (or ends with it), after what it would reduce
        first."""
        return self._after(stack, terminal) is not None

    def _after(self, stack: list[int], terminal: str) -> list[int] | None:
        """Return ``stack``, which is changed, as it is behind ``terminal``; None if that does not fit."""
        table = self.state.parse_conf.states
        while True:
            action = table[stack[-1]].get(terminal)
            if action is None:
                return None
            if action[0] is Shift:
                return [*stack, action[1]]
            rule = action[1]
            if rule.expansion:
                del stack[-len(rule.expansion) :]
            stack.append(table[stack[-1]][rule.origin.name][1])
            if terminal == "$END" and stack[-1] == self.state.parse_conf.end_state:
                return stack
