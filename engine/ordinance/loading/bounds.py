"""How large a pack and a policy may be: larger ones would take a server's memory and minutes to load, at reloads too.

Each bound is of one load: all packs that are given and all that they name. docs/language.md has them for authors.
"""

from __future__ import annotations

MIB = 1024 * 1024

#: Bytes of one pack, and of one lexicon.
PACK_LIMIT = 2 * MIB
LEXICON_LIMIT = 4 * MIB

#: Packs in a load, and bytes of all of them.
MOST_PACKS = 2_000
PACKS_LIMIT = 3 * MIB

#: Bytes and lines of all lexicons, each as often as it is declared.
LEXICONS_LIMIT = 8 * MIB
MOST_LINES = 400_000

#: Characters of all phrases, each ending written out: about 100,000 phrases of three words. A phrase counts
#: ``PHRASE_EXTRA`` more, and ``DISGUISED_FACTOR`` times where a rule sees it in disguise, for that is what it costs.
PHRASES_LIMIT = 4_000_000
PHRASE_EXTRA = 10
DISGUISED_FACTOR = 8

#: Symbols of all patterns, repetitions written out.
PATTERNS_LIMIT = 100_000
