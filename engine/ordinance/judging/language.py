"""Which language a text is in, from the text alone: two identifiers agree, or nobody knows (decision 056).

eld and py3langid ship their models in their wheels. Both are Python (numpy does the arithmetic of the second), so that
no native parser reads what strangers wrote. The extra ``judge`` installs them.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from unicodedata import category, east_asian_width

from ordinance.errors import OrdinanceError
from ordinance.runtime.text.scripts import script_of

#: A text below this width is undecided. Letters count, and a wide one (Han, kana, Hangul) twice: it says as much.
SHORTEST = 20

#: The widths of a piece, and of a stretch of pieces. A piece shows a change of language, a stretch says which it is.
_PIECE = 16, 32
_STRETCH = 100, 240

#: Shares of a text that leave it undecided: letters of a second script, pieces that neither identifier reads so, and
#: addresses, in which somebody may write what is not to be seen.
_SECOND_SCRIPT = 0.2
_DOUBTED = 0.1
_ADDRESSES = 0.3

#: Where a writer may change from one language to another.
_BREAK = re.compile(r"(?<=[.!?…;:,()\"“”„«»\n–—。！？、，：；،؟।])")
#: A host, and an address of mail. What follows a host is read: it is words more often than not.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]{1,64}|[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,64}")

#: Languages that one of the identifiers divides and the other does not.
_SAME = {"nb": "no", "nn": "no", "yue": "zh", "wuu": "zh"}

#: Scripts that one language writes in together.
_TOGETHER = {"Hira": "Hani", "Kana": "Hani", "Hang": "Hani"}


class LanguageError(OrdinanceError):
    """The identifiers of languages are not installed."""

    code = "language-identifiers"
    exit_code = 1


def prepare() -> None:
    """Load both identifiers (2.5 seconds of processor time, 160 MB). Call it at the start of whatever calls
    ``language_of``. Raises ``LanguageError`` where they are not installed."""
    with _LOADING:
        _identifiers()


def language_of(text: str) -> str:
    """Return the language of ``text`` as its ISO 639-1 code, such as ``de``, or "": it is short, in more than one
    language, or in one that the identifiers do not both know. About 5 µs a character. Raises ``LanguageError``."""
    prepare()
    width, text = _width(text), _ADDRESS.sub(" ", text)
    if _width(text) < max(SHORTEST, (1 - _ADDRESSES) * width) or _two_scripts(text):
        return ""
    pieces = list(_pieces(text))
    first, second = _identifiers()
    found = {language for each in _stretches(pieces) if (language := first(each)) == second(each)}
    if len(found) != 1:
        return ""
    (language,) = found
    return language if len(pieces) == 1 or _throughout(pieces, language) else ""


def _throughout(pieces: list[str], language: str) -> bool:
    """Return whether no piece is in another language for both identifiers, and few in another for either."""
    first, second = _identifiers()
    doubted = 0
    for piece in pieces:
        if (said := first(piece)) == language or (also := second(piece)) == language:
            continue
        if said == also:
            return False
        doubted += len(piece)
    return doubted <= _DOUBTED * sum(map(len, pieces))


def _two_scripts(text: str) -> bool:
    scripts = Counter(_TOGETHER.get(script, script) for script in map(script_of, text) if script != "-")
    return len(scripts) > 1 and scripts.most_common(2)[1][1] >= _SECOND_SCRIPT * scripts.total()


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(character) in "WF") for character in text if category(character)[0] in "LM")


def _pieces(text: str) -> Iterator[str]:
    """Yield ``text`` in pieces that end with a clause, or with a word where a clause is long. A last one that is short
    belongs to the one before."""
    least, most = _PIECE
    held: list[tuple[str, int]] = []
    piece, width = "", 0
    for clause in _BREAK.split(text):
        for word in _words(clause):
            wide = _width(word)
            if width >= least and width + wide > most:
                held.append((piece, width))
                piece, width = "", 0
            piece, width = piece + word, width + wide
        if width >= least:
            held.append((piece, width))
            piece, width = "", 0
    if piece and held and width < least:
        held[-1] = (held[-1][0] + piece, 0)
    elif piece:
        held.append((piece, width))
    return (each for each, _ in held)


def _words(clause: str) -> list[str]:
    """Return the words of a clause with the spaces behind them, in parts of a piece where nobody writes spaces."""
    long = _PIECE[0]
    return [
        word[start : start + long] for word in re.findall(r"\S+\s*|\s+", clause) for start in range(0, len(word), long)
    ]


def _stretches(pieces: list[str]) -> Iterator[str]:
    least, most = _STRETCH
    texts: list[str] = [""]
    for piece in pieces:
        if len(texts[-1]) >= most:
            texts.append("")
        texts[-1] += piece
    if len(texts) > 1 and len(texts[-1]) < least:
        texts[-2:] = [texts[-2] + texts[-1]]
    return iter(texts)


_LOADING = threading.Lock()


@cache
def _identifiers() -> tuple[Callable[[str], str], Callable[[str], str]]:
    try:
        from eld import LanguageDetector
        from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise LanguageError(
            "the identifiers of languages are not installed; a calibration needs them.",
            help="Run `pip install 'ordinance[judge]'`.",
        ) from None
    eld, langid = LanguageDetector(), LanguageIdentifier.from_modelpath(MODEL_DIR / MODEL_FILE)

    def by_eld(text: str) -> str:
        found = eld.detect(text.encode("utf-8", "replace").decode()).language or ""
        return _SAME.get(found, found)

    def by_langid(text: str) -> str:
        found = str(langid.classify(text.encode("utf-8", "replace").decode())[0])
        return _SAME.get(found, found)

    return by_eld, by_langid
