"""What a text may say to whoever decodes it: base64, rot13, and backwards. A judge is shown that too.

A guess that is wrong costs the judge some characters of nonsense. So a text is turned only where it then has the words
of a language that it has not as it is.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re

#: A run of base64 that may be a sentence.
_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}(?![A-Za-z0-9+/=_-])")
_WORD = re.compile(r"[^\W\d_]+")
#: Words that are in nearly every sentence of some language, and turned are in none.
_COMMON = frozenset({
    "the", "and", "of", "to", "how", "is", "for", "with", "that", "you", "what", "are", "make",
    "der", "die", "das", "und", "ist", "wie", "mit", "ein", "für", "nicht",
    "les", "des", "est", "une", "comment", "pour", "avec", "dans", "que", "los", "las", "una", "para", "como", "con",
    "del", "che", "per", "sono", "kuidas", "ja", "on", "ei", "see", "wat", "een", "het", "voor", "och", "att", "hur",
    "jak", "się", "na", "jest", "что", "как", "для", "это",
})  # fmt: skip
_LEAST = 2


def decoded(text: str) -> list[str]:
    """Return what ``text`` says decoded, each once, nothing where it is not encoded."""
    found = [said for run in _RUN.findall(text) if (said := _base64(run))]
    here = _common(text)
    for turned in (codecs.encode(text, "rot13"), text[::-1]):
        if _common(turned) >= max(_LEAST, 2 * here + 1):
            found.append(turned)
    return list(dict.fromkeys(found))


def shown(text: str) -> str:
    """Return ``text`` with what it says decoded behind it."""
    found = decoded(text)
    return "\n\n".join([text, *(f"(decoded:) {each}" for each in found)]) if found else text


def _base64(run: str) -> str:
    padded = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        said = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return said if all(each.isprintable() or each.isspace() for each in said) else ""


def _common(text: str) -> int:
    return sum(word.lower() in _COMMON for word in _WORD.findall(text))
