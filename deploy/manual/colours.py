"""Colours for samples of packs: the words of the language are those of its grammar."""

from __future__ import annotations

import re
from pathlib import Path

from pygments.lexer import RegexLexer, words
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Error, Keyword, Name, Number, String, Text
from sphinx.application import Sphinx

_GRAMMAR = Path(__file__).resolve().parents[2] / "grammars" / "ordinance.lark"
_WORDS = re.findall(r'^[A-Z_]+: "([a-z]+)"', _GRAMMAR.read_text("utf-8"), re.MULTILINE)


class Pack(RegexLexer):
    """A pack. A line of carets marks the place of a finding in the line above."""

    name = "Ordinance"
    tokens = {  # noqa: RUF012  # Pygments reads it from the class
        "root": [
            (r"#.*", Comment.Single),
            (r'"(\\.|[^"\\])*"', String.Double),
            (r"^ *\^+ *$", Error),
            (r"\d{4}-\d\d-\d\d|\d+", Number),
            (words(_WORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (r"\w+", Name),
            (r".|\n", Text),
        ]
    }


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_lexer("ord", Pack)
    for plain in ("service", "socket", "timer", "Containerfile", "txt", "lark"):
        app.add_lexer(plain, TextLexer)
    return {"parallel_read_safe": True}
