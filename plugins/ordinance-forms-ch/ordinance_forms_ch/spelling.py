"""ss for ß, as German is spelt in Switzerland, but not in names."""

from __future__ import annotations

import re

#: A word, but no part of an address or of the name of a file.
_WORD = re.compile(r"(?<![\w.@/-])[\w-]{0,60}[ßẞ][\w-]{0,60}(?![\w-]|[.@/]\w)")
_TITLE = re.compile(r"\b(?:Herrn?|Frau|Familie|Firma|Dr\.|Prof\.)\s\Z")
_LONGEST_TITLE = 9

#: In German every noun begins with a capital, so these parts tell a word from a name.
_STEMS = (
    "straße", "maß", "mäß", "größ", "fuß", "füß", "gruß", "grüß", "spaß", "späß", "fleiß", "schweiß", "stoß", "stöß",
    "buße", "büßer", "schoß", "floß", "flöß", "kloß", "klöß", "soße", "gefäß", "gesäß", "geißel", "meißel", "schließ",
    "heiß", "außen", "außer", "äußer", "bloß", "blöß", "dreißig", "reißen", "beißen", "gießkanne", "fließ", "genieß",
    "schieß", "großeltern", "großmutter", "großmütter", "großvater", "großväter", "großstadt", "großstädt",
    "großhandel", "großhändler", "großraum", "großräum", "großteil", "großzügig", "großprojekt", "großkonzern",
    "großunternehm", "großveranstaltung", "großfamilie", "großbetrieb", "großrat", "großrät", "großbuchstab",
    "großbrand", "weißwein", "weißbrot", "weißkohl", "weißbuch", "weißblech", "süßigkeit", "süßstoff", "süßspeis",
    "süßwasser",
)  # fmt: skip


def swiss_spelling(text: str) -> str:
    """Return ``text`` with ss for each ß, except in names: a capital letter makes a word a name unless it is one of a
    closed list of nouns, and so does a title before it."""

    def written(match: re.Match[str]) -> str:
        before = text[max(0, match.start() - _LONGEST_TITLE) : match.start()]
        return match[0] if _is_name(match[0], before) else _spelt(match[0])

    return _WORD.sub(written, text)


def _is_name(word: str, before: str) -> bool:
    if word[0].islower():
        return False
    return bool(_TITLE.search(before)) or not any(stem in word.lower() for stem in _STEMS)


def _spelt(word: str) -> str:
    others = word.replace("ß", "").replace("ẞ", "")
    return word.replace("ẞ", "SS").replace("ß", "SS" if others.isupper() else "ss")
