"""Write ``ordinance/runtime/text/unicode_data.txt``: the Unicode facts the engine needs, pinned to one version.

    pip install unicodedata2==16.0.0 uniseg==0.10.1 confusable-homoglyphs==3.3.1 fonttools==4.68.0
    python engine/generate_unicode_data.py > engine/ordinance/runtime/text/unicode_data.txt

The first line has the SHA-256 of the rest, so that a damaged file is noticed; the rest is JSON, read by
``unicode_data.py``.

A server's Python brings whatever Unicode version it was built with; two servers would then release different
text. So the tables are made ahead of time and everything at run time is a dictionary look-up. Sources: the
Unicode Character Database 16.0 (through unicodedata2 and uniseg; scripts through fonttools, whose data is newer, for
the letters of 16.0) and the Unicode confusables data (through confusable-homoglyphs); see NOTICE.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from textwrap import wrap
from typing import Any

import confusable_homoglyphs
import unicodedata2 as ucd
from fontTools import unicodedata as scripts
from uniseg.derived import IndicConjunctBreak, default_ignorable_code_point, indic_conjunct_break
from uniseg.emoji import extended_pictographic
from uniseg.graphemecluster import grapheme_cluster_break
from uniseg.sentencebreak import sentence_break

CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
WHITE_CONTROLS = "\t\n\v\f\r\x85"

#: Marks that readers of these scripts write or leave out; elsewhere a mark is part of the letter (Indic vowel
#: signs, kana voicing) and stays.
OPTIONAL_MARKS = [
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670),
    (0x06D6, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0x2DE0, 0x2DFF), (0xA66F, 0xA67D),
    (0xA69E, 0xA69F), (0xFE20, 0xFE2F),
]  # fmt: skip

#: Blocks whose letters can pass for Latin ones. Others (Arabic alef for l, say) would corrupt their own language.
LOOK_ALIKES = [
    (0x0080, 0x058F), (0x13A0, 0x13FF), (0x1D00, 0x1DBF), (0x1E00, 0x1FFF), (0x2100, 0x218F), (0x2C60, 0x2DFF),
    (0xA4D0, 0xA4FF), (0xA640, 0xA69F), (0xA720, 0xA7FF), (0xAB30, 0xABBF), (0x10280, 0x102DF), (0x104B0, 0x104FF),
]  # fmt: skip

#: Scripts written without spaces between words: there is no word boundary to wait for.
UNSPACED = re.compile(
    r"(CJK UNIFIED|CJK COMPATIBILITY|IDEOGRAPHIC|HIRAGANA|KATAKANA|HENTAIGANA|THAI|LAO|KHMER|MYANMAR|TAI |NEW TAI|"
    r"BALINESE|JAVANESE|TIBETAN|BOPOMOFO|TANGUT|NUSHU|KHITAN)"
)


def within(code: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= code <= end for start, end in ranges)


def load_confusables() -> dict[str, str]:
    """Look-alikes of one ASCII letter or digit, case kept, from the package's table."""
    table = json.loads((Path(confusable_homoglyphs.__file__).parent / "confusables.json").read_text("utf-8"))
    found: dict[str, str] = {}
    for char, entries in table.items():
        if len(char) != 1 or not within(ord(char), LOOK_ALIKES) or not ucd.category(char).startswith(("L", "N")):
            continue
        targets = sorted({entry["c"] for entry in entries if len(entry["c"]) == 1 and entry["c"].isascii()})
        letters = [target for target in targets if target.isalnum()]
        if not letters:
            continue
        upper = ucd.category(char) == "Lu"
        # Unicode's prototype of capital I, digit 1 and | is l: a capital stands for I.
        if upper and "l" in letters:
            found[char] = "I"
        else:
            same_case = [target for target in letters if target.isupper() == upper]
            found[char] = (same_case or letters)[0]
    return found


CONFUSABLES = load_confusables()
#: Look-alikes that the data gives as two letters, or not at all, and that people do use.
EXTRA = {"ı": "i", "İ": "I", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "к": "k", "К": "K", "м": "m", "т": "t",
         "в": "b", "н": "h", "і": "i", "ӏ": "l", "κ": "k", "ϰ": "k", "τ": "t", "ν": "v", "η": "n",
         "‘": "'", "’": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "−": "-", "⁄": "/"}  # fmt: skip

NAMED = re.compile(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z]) WITH .*")
#: Letters that differ from the plain ones in typeface alone, though no decomposition says so.
STYLED = re.compile(r"(?:(LATIN LETTER SMALL CAPITAL)|(?:CROSSED )?NEGATIVE \w+ LATIN CAPITAL LETTER) ([A-Z])")
#: Marks that are letters above others, and the tags, which nobody sees: neither is a letter of the text they stand in.
FAINT = re.compile(r"(?:COMBINING LATIN (?:SMALL LETTER|LETTER SMALL CAPITAL)|TAG (?:LATIN \w+ LETTER|DIGIT)) (\w+)")
FLAGS = re.compile(r"REGIONAL INDICATOR SYMBOL LETTER ([A-Z])")


def look_alike(char: str) -> str | None:
    """The Latin letters, or the sign, that a letter passes for; None if none."""
    if char in EXTRA:
        return EXTRA[char]
    styled = STYLED.fullmatch(ucd.name(char, ""))
    if styled:
        return styled[2].lower() if styled[1] else styled[2]
    named = NAMED.fullmatch(ucd.name(char, ""))
    if named:
        return named[2].lower() if named[1] == "SMALL" else named[2]
    return CONFUSABLES.get(char)


def pair(char: str) -> tuple[str, str] | None:
    """The capital and the small letter that ``char`` is one of."""
    capital, small = char.upper(), char.lower()
    both = len(capital) == len(small) == 1 and capital != small
    return (capital, small) if both and char in (capital, small) and small.upper() == capital else None


def agreed_look_alike(char: str) -> str | None:
    """The same for a capital and its small letter, or phrases of other scripts would keep their case: Cyrillic Be
    looks like nothing, its small letter like 6. A letter that one of them passes for stands for both; any other sign
    for neither. Where they pass for two letters (Eta for H and n) both stay: phrases are compiled in either case.
    """
    letters = pair(char)
    if letters is None or letters[0] in "ΣΜ":  # the final sigma looks like nothing, and micro is not milli
        return look_alike(char)
    found = {each.lower() for letter in letters for each in [look_alike(letter)] if each}
    latin = {each for each in found if each.isascii() and each.isalpha()}
    if len(latin) > 1:
        return look_alike(char)
    return next((each.upper() if char == letters[0] else each for each in latin), None)


def fold(char: str) -> str:
    """What ``char`` counts as when phrases and patterns are compared; case is kept here."""
    code = ord(char)
    if code < 0x80:
        return "" if ucd.category(char) == "Cc" and char not in WHITE_CONTROLS else char
    category = ucd.category(char)
    if category == "Cc" and char not in WHITE_CONTROLS:
        return ""
    if default_ignorable_code_point(char) or (category == "Cf" and str(grapheme_cluster_break(char)) != "PREPEND"):
        return ""
    if category in ("Mn", "Me") and within(code, OPTIONAL_MARKS):
        return ""
    if category == "Nd":
        return str(ucd.decimal(char))
    if char in EXTRA and pair(char) is None:
        return EXTRA[char]
    if category == "Pd":
        return "-"
    if category == "Zs":
        return " "
    if 0x3041 <= code <= 0x30FF:
        return char
    decomposed = ucd.normalize("NFKD", char)
    if decomposed != char:
        return "".join(fold(part) for part in decomposed)
    if char in "ßẞ" or (len(char.casefold()) > 1 and category.startswith("L")):
        return "".join(fold(part) if part != char else part for part in char.casefold())
    return agreed_look_alike(char) or char


def passing() -> dict[str, str]:
    """Symbols that pass for an ASCII letter or digit although folding leaves them apart, because the text of some
    language needs them (an Arabic alef for l, a union sign for u); small letters. Only disguises count them."""
    table = json.loads((Path(confusable_homoglyphs.__file__).parent / "confusables.json").read_text("utf-8"))
    found: dict[str, set[str]] = {}
    for wrapped, entries in table.items():
        char = wrapped.strip("\u200e")  # the table wraps what is written from right to left
        symbols = fold(char) if len(char) == 1 else ""
        if len(symbols) != 1 or symbols.isascii() or kind(symbols) == "m":  # for a mark every character would wait
            continue
        for entry in entries:
            target = entry["c"].lower()
            if len(target) == 1 and target.isascii() and target.isalnum():
                found.setdefault(target, set()).add(symbols)
    for char in map(chr, CODE_POINTS):
        flag = FLAGS.fullmatch(ucd.name(char, ""))
        if flag:
            found.setdefault(flag[1].lower(), set()).add(char)
    return {target: "".join(sorted(several)) for target, several in sorted(found.items())}


def faint() -> dict[str, str]:
    """Characters that fold to nothing and yet say a letter or digit, to whom they are shown or who decodes them."""
    digits = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"]
    found: dict[str, str] = {}
    for char in map(chr, CODE_POINTS):
        named = FAINT.fullmatch(ucd.name(char, ""))
        if named and (len(named[1]) == 1 or named[1] in digits) and not fold(char):
            letter = named[1].lower() if len(named[1]) == 1 else str(digits.index(named[1]))
            found[letter] = found.get(letter, "") + char
    return dict(sorted(found.items()))


def kind(char: str) -> str:
    """w: a letter, digit or mark of a script with word boundaries; m: a mark that is part of its letter; o: other."""
    category = ucd.category(char)
    if char == "_" or category[0] in "LN":
        return "o" if category[0] == "L" and UNSPACED.match(ucd.name(char, "")) else "w"
    return "m" if category[0] == "M" else "o"


#: uniseg spells SpacingMark without its S.
CLUSTERS = {
    "OTHER": "O", "CR": "r", "LF": "n", "CONTROL": "C", "EXTEND": "E", "ZWJ": "Z", "REGIONAL_INDICATOR": "R",
    "PREPEND": "P", "PACINGMARK": "S", "L": "L", "V": "V", "T": "T", "LV": "G", "LVT": "H",
}  # fmt: skip


def cluster(char: str) -> str:
    """The grapheme cluster class, with what GB9c and GB11 add: K consonant, N linker, X pictograph, e other extend."""
    name = grapheme_cluster_break(char).name
    conjunct = indic_conjunct_break(char)
    if name == "OTHER":
        if conjunct == IndicConjunctBreak.CONSONANT:
            return "K"
        return "X" if extended_pictographic(char) else "O"
    if name == "EXTEND":
        if conjunct == IndicConjunctBreak.LINKER:
            return "N"
        return "E" if conjunct == IndicConjunctBreak.EXTEND else "e"
    return CLUSTERS[name]


SENTENCES = {
    "OTHER": "O", "CR": "r", "LF": "n", "EXTEND": "E", "FORMAT": "F", "SEP": "p", "SP": "s", "LOWER": "l",
    "UPPER": "u", "OLETTER": "o", "NUMERIC": "d", "ATERM": "A", "SCONTINUE": "c", "STERM": "T", "CLOSE": "q",
}  # fmt: skip


def sentence(char: str) -> str:
    return SENTENCES[sentence_break(char).name]


def letter_script(char: str) -> str:
    """The script of a letter by its ISO 15924 code; ``-`` for what is no letter, or one of no script in particular."""
    code = scripts.script(char) if ucd.category(char).startswith("L") else "-"
    return "-" if code in ("Zyyy", "Zinh", "Zzzz") else code


def script_names() -> dict[str, str]:
    found = {letter_script(chr(code)) for code in CODE_POINTS} - {"-"}
    return {code: scripts.script_name(code).replace(" ", "_").lower() for code in sorted(found)}


def ranges(value: Callable[[str], str]) -> dict[str, Any]:
    """How many code points on the value changes each time, and the values from there on: a string of letters, or a list
    of words."""
    steps: list[int] = []
    values: list[str] = []
    last = 0
    for code in CODE_POINTS:
        found = value(chr(code))
        if not values or found != values[-1]:
            steps.append(code - last)
            values.append(found)
            last = code
    return {"steps": steps, "values": values if any(len(each) > 1 for each in values) else "".join(values)}


def folds() -> dict[str, str]:
    """By what they count as, all characters that folding changes and does not drop. Hangul syllables decompose by
    arithmetic."""
    found: dict[str, str] = {}
    for char in map(chr, CODE_POINTS):
        folded = fold(char)
        if folded not in ("", char) and not "\uac00" <= char <= "\ud7a3":
            found[folded] = found.get(folded, "") + char
    return found


def tables() -> dict[str, Any]:
    """All tables by name, as the file has them."""
    return {
        "unicode": ucd.unidata_version,
        "dropped": ranges(lambda char: "-" if fold(char) else "d"),
        "folds": folds(),
        "passing": passing(),
        "faint": faint(),
        "kinds": ranges(kind),
        "clusters": ranges(cluster),
        "scripts": ranges(letter_script),
        "script_names": script_names(),
        "sentences": ranges(sentence),
    }


def shown(char: str) -> str:
    """``char`` in the file: itself where every editor shows it in its place, else escaped."""
    plain = char.isascii() or (ucd.category(char)[0] in "LNS" and ucd.bidirectional(char) in ("L", "EN", "ON"))
    return char if plain else json.dumps(char)[1:-1]


def written(found: dict[str, Any]) -> str:
    """The file that has these tables."""
    text = json.dumps(found, ensure_ascii=False, separators=(",\0", ":"))
    text = text.replace(" ", "\\u0020").replace("\0", " ")  # so that lines break between items alone
    text = "".join(map(shown, text))
    body = "\n".join(wrap(text, 120, break_long_words=False, break_on_hyphens=False)) + "\n"
    return f"Unicode {found['unicode']}, made by engine/generate_unicode_data.py; sha256 of the rest: " + (
        f"{sha256(body.encode()).hexdigest()}\n{body}"
    )


if __name__ == "__main__":
    sys.stdout.write(written(tables()))
