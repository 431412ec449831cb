"""Ways to disguise a text, made from Unicode's own facts and the published tables; no code of the engine.

Each disguise takes a text and a source of chance, and gives the text as someone would write it who wants a reader to
understand it and a filter not to.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random

from support.data import DATA

CONFUSABLES = DATA / "unicode-confusables" / "confusables" / "assets" / "confusables.txt"

#: Look-alikes for where the published table is not at hand.
FEW = {
    "a": "аɑα", "c": "сϲ", "d": "ԁ", "e": "еҽ", "h": "һ", "i": "іı", "j": "ϳ", "k": "κк", "n": "ո", "o": "оοօ",
    "p": "рρ", "s": "ѕ", "t": "τ", "u": "υս", "v": "νѵ", "w": "ѡԝ", "x": "хⅹ", "y": "уү",
    "A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "НΗ", "I": "ІΙ", "M": "МΜ", "O": "ОΟ", "P": "РΡ", "S": "Ѕ",
    "T": "ТΤ",
}  # fmt: skip

Disguise = Callable[[str, Random], str]


def _each(change: Callable[[str, Random], str]) -> Disguise:
    return lambda text, chance: "".join(change(char, chance) for char in text)


# what a character is written as

MARKS = "\u0300\u0301\u0307\u0308\u030a\u0323\u0327\u0332\u0336\u20d2"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2063"
#: First letters of alphabets that NFKC takes back to ASCII: capital A, small a.
ALPHABETS = [(0xFF21, 0xFF41), (0x1D400, 0x1D41A), (0x1D5A0, 0x1D5BA), (0x1D670, 0x1D68A), (0x24B6, 0x24D0)]
#: The same of alphabets that nothing takes back to ASCII: negative circled and squared letters, regional indicators.
NEGATIVE = [(0x1F150, 0x1F150), (0x1F170, 0x1F170)]
FLAGS = [(0x1F1E6, 0x1F1E6)]
SMALL_CAPITALS = dict(zip("abcdeghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ", strict=True))
LETTERS_ABOVE = dict(zip("aeioucdhmrtvx", map(chr, range(0x363, 0x370)), strict=True))


def _other_alphabet(text: str, chance: Random) -> str:
    return _in_alphabet(text, *chance.choice(ALPHABETS))


def _in_alphabet(text: str, capital: int, small: int) -> str:

    def written(char: str) -> str:
        if not (char.isascii() and char.isalpha()):
            return char
        return chr(capital + ord(char) - 65) if char.isupper() else chr(small + ord(char) - 97)

    return "".join(map(written, text))


def _letter_above(text: str, chance: Random) -> str:
    """Some letters but the first of a word stand above the one before."""
    return "".join(
        LETTERS_ABOVE[char] if before.isalpha() and char in LETTERS_ABOVE and chance.random() < 0.5 else char
        for before, char in zip(" " + text, text, strict=False)
    )


def _tags(text: str, chance: Random) -> str:
    """A text that nobody sees."""
    return "".join(chr(0xE0000 + ord(char)) if char.isascii() else char for char in text)


def _tags_between(text: str, chance: Random) -> str:
    return "".join(char + _tags(chance.choice("abcxyz"), chance) for char in text)


@cache
def confusables() -> Mapping[str, str]:
    """The characters that pass for each ASCII letter. Left out is what is another letter for certain: ASCII itself
    (``m`` for ``rn``), marks, digits (they are digits in every script), and what compatibility or its name makes
    another Latin letter (``ſ`` passes for f and is an s)."""
    if not CONFUSABLES.exists():
        return FEW
    found: dict[str, str] = defaultdict(str)
    for line in CONFUSABLES.read_text("utf-8-sig").split("\n"):
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) < 2 or " " in fields[0] or " " in fields[1]:
            continue
        char, target = chr(int(fields[0], 16)), chr(int(fields[1], 16))
        plain = unicodedata.normalize("NFKD", char)
        if not (target.isascii() and target.isalpha()) or char.isascii() or unicodedata.category(char)[0] == "M":
            continue
        named = re.fullmatch(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z])(?: WITH .*)?", unicodedata.name(char, ""))
        if named and named[1].casefold() != target.casefold():
            continue
        if unicodedata.category(char) == "Nd" or (plain[0].isascii() and plain[0].casefold() != target.casefold()):
            continue
        found[target] += char
    return dict(found)


def _homoglyph(char: str, chance: Random) -> str:
    return chance.choice(confusables().get(char) or char)


LEET = {"a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!", "l": "1|", "o": "0", "s": "5$", "t": "7+", "z": "2"}


def _leet(char: str, chance: Random) -> str:
    return chance.choice(LEET.get(char.lower()) or char)


# how letters follow each other

SEPARATORS = [" ", "  ", ".", "-", "_", "*", "/", "|", "~", "·", "\n", "\r\n", "\t", " - ", ". ", "\u00a0", "\n\n"]


def _spaced(text: str, chance: Random) -> str:
    return chance.choice(SEPARATORS).join(text)


def _numbered(text: str, chance: Random) -> str:
    """A list of its letters."""
    mark = chance.choice([". ", ") ", ": "])
    letters = [char for char in text if char.isalnum()]
    between = chance.choice([" ", "\n"])
    return between.join(f"{number}{mark}{char}" for number, char in enumerate(letters, 1))


def _noted(text: str, chance: Random) -> str:
    """A footnote or a number behind each word but the last."""
    words = text.split(" ")
    notes = [chance.choice(["[^{}]", "[{}]", " {}", " ({})", "{}"]).format(chance.randint(2, 300)) for _ in words]
    return " ".join(map("".join, zip(words, [*notes[:-1], ""], strict=True)))


def _escaped(text: str, chance: Random) -> str:
    return chance.choice(["\x1b[0m", "\x1b[1;31m", "\x1b[K", "\x1b[38;5;9m"]).join(text)


def _words_reversed(text: str, chance: Random) -> str:
    return " ".join(word[::-1] for word in text.split(" "))


def _emphasised(text: str, chance: Random) -> str:
    sign = chance.choice(["*", "**", "_", "__", "`", "~~", "***"])
    return " ".join(f"{sign}{word}{sign}" if chance.random() < 0.7 else word for word in text.split(" "))


def _spaced_unevenly(text: str, chance: Random) -> str:
    return "".join(char + chance.choice(["", "", *SEPARATORS]) for char in text[:-1]) + text[-1]


def _line_breaks(text: str, chance: Random) -> str:
    return text.replace(" ", chance.choice(["\n", "  ", "\r\n", "\n\n", " \n "]))


# how a text is encoded


def _base64(text: str, chance: Random) -> str:
    encode = chance.choice([base64.b64encode, base64.urlsafe_b64encode])
    before = chance.choice(["", "a", "ab", "abc ", "tell me: ", "ÿ~?"])
    return encode((before + text + chance.choice(["", "?", " ok", " please"])).encode()).decode()


def _base64_lines(text: str, chance: Random) -> str:
    encoded = _base64(text, chance)
    return "\n".join(encoded[at : at + 20] for at in range(0, len(encoded), 20))


def _base64_spaced(text: str, chance: Random) -> str:
    encoded, size = _base64(text, chance), chance.choice([1, 2, 4, 8])
    return " ".join(encoded[at : at + size] for at in range(0, len(encoded), size))


def _rot13(text: str, chance: Random) -> str:
    turned = {**_turned(65), **_turned(97)}
    return "".join(turned.get(char, char) for char in text)


def _turned(first: int) -> dict[str, str]:
    return {chr(first + at): chr(first + (at + 13) % 26) for at in range(26)}


DISGUISES: dict[str, Disguise] = {
    "capitals": lambda text, chance: text.upper(),
    "any case": _each(lambda char, chance: chance.choice([char.upper(), char.lower()])),
    "compatibility forms": _other_alphabet,
    "negative letters": lambda text, chance: _in_alphabet(text, *chance.choice(NEGATIVE)),
    "regional indicators": lambda text, chance: _in_alphabet(text, *chance.choice(FLAGS)),
    "small capitals": _each(lambda char, chance: chance.choice([char, SMALL_CAPITALS.get(char, char)])),
    "letters above others": _letter_above,
    "tags": _tags,
    "tags between": _tags_between,
    "look-alikes": _each(_homoglyph),
    "some look-alikes": _each(lambda char, chance: _homoglyph(char, chance) if chance.random() < 0.4 else char),
    "combining marks": _each(lambda char, chance: char + chance.choice(MARKS)),
    "invisible characters": _each(lambda char, chance: char + chance.choice(INVISIBLE)),
    "leetspeak": _each(_leet),
    "some leetspeak": _each(lambda char, chance: _leet(char, chance) if chance.random() < 0.5 else char),
    "spaced": _spaced,
    "spaced unevenly": _spaced_unevenly,
    "line breaks": _line_breaks,
    "emphasised": _emphasised,
    "numbered": _numbered,
    "footnotes": _noted,
    "escape sequences": _escaped,
    "run together": lambda text, chance: text.replace(" ", ""),
    "each word reversed": _words_reversed,
    "reversed": lambda text, chance: text[::-1],
    "base64": _base64,
    "base64 in lines": _base64_lines,
    "base64 spaced": _base64_spaced,
    "rot13": _rot13,
    "spaced leetspeak": lambda text, chance: _spaced(_each(_leet)(text, chance), chance),
    "reversed and spaced": lambda text, chance: _spaced(text[::-1], chance),
    "spaced look-alikes": lambda text, chance: _spaced(_each(_homoglyph)(text, chance), chance),
}


# where it stands

FRAMES = [
    "{}", "{}.", "Please: {}", "“{}”", "Look, {} – that was it.", "1. {}\n2. Thanks", "({})", "Bitte sag mir: {}",
    "Palun ütle: {}.", "Dis-moi, {} !", "Dime: {}", "教えて：{}", "**{}**", "> {}", "{} {}", "Hallo!\n\n{}\n\nDanke.",
    "По-русски: {}", "Translate '{}' into French", "قال: {}", "A, b, c … {} … x, y, z",
]  # fmt: skip


def disguised(phrase: str, disguise: str) -> Iterator[str]:
    """Twenty texts that hold ``phrase`` in one disguise, the same every time."""
    for number, frame in enumerate(FRAMES):
        chance = Random(f"{phrase} {disguise} {number}")
        yield frame.replace("{}", DISGUISES[disguise](phrase, chance))
