"""The parser's tables, kept beside the grammar: building them takes half of the time of a short command.

``python -m ordinance.language.table`` writes them anew (``make docs`` does too). They are plain JSON, hold the digest
of the grammar that they were made from, and are not used for any other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

from lark import Lark, Token, __version__
from lark.grammar import Rule
from lark.lexer import TerminalDef

from ordinance.language.first_pass import SHIFT, FirstPass, first_pass
from ordinance.language.lexer import StateLexers
from ordinance.resources import folder

_T = TypeVar("_T")

#: Stands for a table whose keys are numbers, which JSON has not.
_PAIRS = "pairs"


class EveryToken:
    """Lets the contextual lexer give every word and sign a token, also where the grammar expects another."""

    always_accept = (
        *("WORD", "NUMBER", "DATE", "DOTTED", "STRING", "LBRACE", "RBRACE", "LPAR", "RPAR", "COMMA"),
        *("UNFINISHED", "STRAY"),
    )

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def grammar() -> str:
    """Return the text of ``grammars/ordinance.lark``."""
    return (folder("grammars") / "ordinance.lark").read_text(encoding="utf-8")


def path() -> Path:
    """Return the path of the tables."""
    return folder("grammars") / "ordinance.json"


def build(text: str, *, strict: bool = False) -> Lark:
    """Build a parser of the grammar ``text``; ``strict`` fails on any conflict in it."""
    return Lark(
        text,
        start=["charter", "pack"],
        parser="lalr",
        lexer="contextual",
        regex=True,
        maybe_placeholders=False,
        strict=strict,
        postlex=EveryToken(),  # not lark's PostLex, which it does not export; it reads two names of it
    )


def write(text: str) -> str:
    """Write the tables of the grammar ``text`` as JSON; the same text gives the same bytes."""
    data, memo = build(text).memo_serialize([TerminalDef, Rule])
    data["options"]["postlex"] = None
    data["options"].pop("cache_grammar", None)  # which lark 1.2 does not know
    data["parser"]["parser"] = _in_order(data["parser"]["parser"])
    kept = {"grammar": _digest(text), "lark": __version__, "data": _packed(data), "memo": _packed(memo)}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n"


def read(text: str, kept: str) -> Lark | None:
    """Make the parser of the grammar ``text`` from its tables ``kept``; None if they are of another text, or lark
    cannot use them."""
    return _made(text, kept, _parser)


def read_first_pass(text: str, kept: str) -> FirstPass | None:
    """Make the first pass for the grammar ``text`` from its tables ``kept``; None as for ``read``."""
    return _made(text, kept, first_pass)


def _parser(tables: dict[str, Any]) -> Lark:
    # What lark's own stand-alone parsers call; it is documented nowhere, so that tests hold it at both ends.
    load = cast(Callable[..., Lark], Lark._load_from_dict)
    lexer = {"ContextualLexer": StateLexers}
    return load(tables["data"], tables["memo"], regex=True, postlex=EveryToken(), _plugins=lexer)


def _made(text: str, kept: str, make: Callable[[dict[str, Any]], _T]) -> _T | None:
    """Return what ``make`` makes of the tables ``kept``; None if they are of another text, or unusable."""
    try:
        tables = json.loads(kept, object_hook=_unpacked)
        return make(tables) if tables["grammar"] == _digest(text) else None
    except (LookupError, TypeError, ValueError, AttributeError, AssertionError):
        return None


def _in_order(table: dict[str, Any]) -> dict[str, Any]:
    """Return lark's table with its states numbered as they are reached; lark numbers them differently at each run."""
    names, rows = table["tokens"], table["states"]
    moves = {
        state: sorted(((names[token], *action) for token, action in row.items()), key=lambda move: move[0])
        for state, row in rows.items()
    }
    numbers: dict[int, int] = {}
    waiting = [state for _, state in sorted(table["start_states"].items())]
    while waiting:
        state = waiting.pop(0)
        if numbers.setdefault(state, len(numbers)) == len(numbers) - 1:
            waiting += [target for _, kind, target in moves[state] if kind == SHIFT and target not in numbers]
    tokens = {name: number for number, name in enumerate(sorted(names.values()))}
    states = {
        numbers[state]: {
            tokens[name]: (kind, numbers[target] if kind == SHIFT else target) for name, kind, target in moves[state]
        }
        for state in sorted(numbers, key=numbers.__getitem__)
    }
    starts = {name: numbers[state] for name, state in sorted(table["start_states"].items())}
    ends = {name: numbers[state] for name, state in sorted(table["end_states"].items())}
    return {
        "tokens": {number: name for name, number in tokens.items()},
        "states": states,
        "start_states": starts,
        "end_states": ends,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _packed(value: Any) -> Any:
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: _packed(item) for key, item in value.items()}
        return {_PAIRS: [[key, _packed(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_packed(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value


def _unpacked(value: dict[str, Any]) -> dict[Any, Any]:
    return dict(value[_PAIRS]) if len(value) == 1 and _PAIRS in value else value


if __name__ == "__main__":
    path().write_text(write(grammar()), "utf-8")
