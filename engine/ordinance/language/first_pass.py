"""The tree of a text in which every token fits, as most are; ``parser`` says what is wrong with any other.

It follows lark's tables as lark does, without what only a fault needs: lines, columns, and what else would have fitted.
Its trees are lark's own; positions in them are offsets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import regex
from lark import Token, Tree
from lark.lexer import PatternStr, TerminalDef

#: A state of the parser: for each name of a token or a rule the state behind it, or what is reduced first.
_State = dict[str, Any]

#: How lark's tables write the end of a text, and that a token is shifted and nothing reduced.
_END, SHIFT = "$END", 0


class _Reduction(NamedTuple):
    """What a rule makes of the last ``size`` values: a tree of its ``name``, or a list if the rule is ``inlined``. If
    it is ``nested``, some of the values are such lists; a ``single`` value stays what it is."""

    size: int
    name: str
    nested: bool
    inlined: bool
    single: bool


@dataclass(frozen=True, slots=True)
class FirstPass:
    """Reads texts by the tables of a parser: where it begins and ends for each start symbol."""

    tokens: regex.Pattern[str]
    keywords: Mapping[str, str]
    ends: Mapping[str, tuple[_State, _State]]

    def tree(self, text: str, start: str, most_nested: int) -> Tree[Token] | None:
        """Return the tree of ``text`` from the symbol ``start``; None if a token does not fit, or if more than
        ``most_nested`` parentheses are open at once."""
        keywords = self.keywords
        state, last = self.ends[start]
        states: list[_State] = [state]
        values: list[Any] = []
        nested = 0
        for found in self.tokens.finditer(text):
            kind = found.lastgroup or _END
            word = found[kind] if found.lastgroup else ""
            if kind == "WORD":
                keyword = keywords.get(word)
                if keyword in state:
                    kind = keyword
            elif kind == "LPAR":
                nested += 1
                if nested > most_nested:
                    return None
            elif kind == "RPAR":
                nested -= 1
            move = state.get(kind)
            while move.__class__ is _Reduction:
                value = _reduced(move, states, values)
                state = states[-1][move.name]
                if state is last and kind == _END:
                    return value if isinstance(value, Tree) else None
                states.append(state)
                values.append(value)
                move = state.get(kind)
            if move is None:
                return None
            end = found.end()
            values.append(_token(kind, word, end - len(word), end))
            states.append(move)
            state = move
        return None


def first_pass(kept: Mapping[str, Any]) -> FirstPass:
    """Make the first pass from a parser's tables as ``table`` keeps them: no parser is needed until there is a
    fault."""
    parser, memo = kept["data"]["parser"], kept["memo"]
    table = parser["parser"]
    names, rows = table["tokens"], table["states"]
    states: dict[int, _State] = {number: {} for number in rows}
    reductions = {number: _reduction(each) for number, each in memo.items() if each["__type__"] == "Rule"}
    for number, row in rows.items():
        for name, (action, to) in row.items():
            states[number][names[name]] = states[to] if action == SHIFT else reductions[to["@"]]
    ends = {start: (states[table["start_states"][start]], states[end]) for start, end in table["end_states"].items()}
    terminals = [TerminalDef.deserialize(each, {}) for each in memo.values() if each["__type__"] == "TerminalDef"]
    keywords = {each.pattern.value: each.name for each in terminals if _is_keyword(each)}
    shapes = [each for each in terminals if not _is_keyword(each)]
    return FirstPass(_tokens(shapes, parser["lexer_conf"]["ignore"]), keywords, ends)


def _reduction(rule: Mapping[str, Any]) -> _Reduction:
    name, parts = rule["origin"]["name"], rule["expansion"]
    nested = any(_is_inlined(part["name"]) for part in parts)
    return _Reduction(len(parts), name, nested, _is_inlined(name), rule["options"]["expand1"])


def _is_inlined(name: str) -> bool:
    """Return whether the values of what is called so stand in the place of its tree."""
    return name.startswith("_")


def _reduced(rule: _Reduction, states: list[_State], values: list[Any]) -> Any:
    """Take what ``rule`` consists of from the stacks; return what it becomes."""
    size, name, nested, inlined, single = rule
    parts: list[Any] = []
    if size:
        parts = values[-size:]
        del values[-size:], states[-size:]
    if nested:
        parts = _flat(parts)
    if inlined:
        return parts
    return parts[0] if single and len(parts) == 1 else Tree(name, parts)


def _flat(parts: list[Any]) -> list[Any]:
    """Put what is in lists among ``parts`` in their place. A list that stands first is extended: so a repetition grows
    by one value at a time, and none is copied."""
    flat: list[Any] = parts[0] if parts[0].__class__ is list else parts[:1]
    for part in parts[1:]:
        if part.__class__ is list:
            flat += part
        else:
            flat.append(part)
    return flat


def _token(kind: str, word: str, start: int, end: int) -> Token:
    """Make a token, as its own constructor does in three times the time."""
    token = str.__new__(Token, word)
    token.type, token.value, token.start_pos, token.end_pos = kind, word, start, end
    token.line = token.column = token.end_line = token.end_column = None
    return token


def _tokens(terminals: Iterable[TerminalDef], ignored: Iterable[str]) -> regex.Pattern[str]:
    """Return the pattern of a token behind what is ignored. Its groups are the ``terminals`` as lark tries them; in
    none of them is the end of a text."""
    order = sorted(terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    shapes = {each.name: each.pattern.to_regexp() for each in order}
    between = "|".join(shapes.pop(name) for name in ignored)
    groups = "|".join(f"(?P<{name}>{shape})" for name, shape in shapes.items())
    return regex.compile(rf"(?:{between})*+(?:{groups}|\Z)")


def _is_keyword(terminal: TerminalDef) -> bool:
    return isinstance(terminal.pattern, PatternStr) and terminal.pattern.value[0].isalpha()
