"""An entry that is one of a language's commonest words takes the language out of answers, so it is an error.

The words are ours, in ``common_words.txt``. A phrase counts if it is such a word and nothing else, a pattern if it
matches a whole one, in small letters or with a capital; capitals alone may be an abbreviation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from ordinance.detection import Expressions
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.loading.looked_for import Entry, entries
from ordinance.loading.reading import Sought, acting, find, sought_by
from ordinance.policy.ir import Policy
from ordinance.policy.plan import Plan
from ordinance.runtime.match.corpus import Corpus
from ordinance.runtime.match.network import canonical_phrase


def too_common(plan: Plan, policy: Policy) -> Iterator[Diagnostic]:
    """Report each phrase and pattern of a removing rule that is one of the commonest words of a language. What must
    stand beside something else in a sentence may be common."""
    rules = {rule.id: rule for rule in policy.rules}
    for acts in acting(plan):
        sought = sought_by(plan, acts)
        plain = (each for each in sought.detectors if isinstance(each, Expressions))
        if sought.near or not any(each.patterns or not _by_form().keys().isdisjoint(each.phrases) for each in plain):
            continue
        for entry in entries(rules[acts.id], acts.detectors, policy, sought):
            if word := _common(entry):
                message = f"{acts.id} would take out every `{word}`, one of the commonest words of {_languages(word)}"
                yield diagnose("common-word", entry.place, message)


def _common(entry: Entry) -> str:
    """Return the common word that ``entry`` is; an empty string if it is none."""
    (prepared,) = entry.sought.detectors
    if entry.kind == "lexicon" and isinstance(prepared, Expressions):
        return next((_by_form()[phrase] for phrase in prepared.phrases if phrase in _by_form()), "")
    return _whole_word(entry.sought) if entry.kind == "pattern" else ""


@lru_cache(maxsize=256)
def _whole_word(sought: Sought) -> str:
    """Return the first word that a pattern matches as a whole; an empty string if there is none. A load tries again
    what the last one tried."""
    corpus = _one_by_one()
    for number, spans in find(sought, corpus):
        if (0, len(corpus.texts[number])) in spans:
            return corpus.texts[number]
    return ""


@cache
def _lists() -> Mapping[str, tuple[str, ...]]:
    """Return the commonest words by the name of their language."""
    lines = (Path(__file__).parent / "common_words.txt").read_text("utf-8").splitlines()
    listed = (line.split() for line in lines if not line.startswith("#"))
    return {name: tuple(words) for name, *words in listed}


@cache
def _by_form() -> Mapping[str, str]:
    """Return the words by what they are compared as."""
    return {canonical_phrase(word): word for words in _lists().values() for word in words}


@cache
def _one_by_one() -> Corpus:
    words = dict.fromkeys(word for words in _lists().values() for word in words)
    return Corpus(tuple(dict.fromkeys(case for word in words for case in (word, word.capitalize()))))


def _languages(word: str) -> str:
    """Name the languages of which ``word`` is one of the commonest words."""
    form = canonical_phrase(word)
    found = (name for name, words in _lists().items() if form in map(canonical_phrase, words))
    return " and ".join(found)
