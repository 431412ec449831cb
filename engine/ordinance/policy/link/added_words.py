"""Words that language packs bring for topics and red lines of the charter: they are looked for beside what it declares.

A pack can add to what the charter finds and cannot take from it: each file is a detector of its own, any of which is
enough, and nothing in a language pack names a detector of the charter's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.ir import Unit
from ordinance.policy.link.detectors import Detectors
from ordinance.policy.link.names import Report


def link_added_words(
    units: Iterable[Unit], charter: Unit, detectors: Detectors, report: Report
) -> Mapping[str, tuple[str, ...]]:
    """Return the keys of the detectors that language packs among ``units`` add, by the name of the topic or the red
    line of the ``charter`` that they are for. A topic and a red line of one name have the same words."""
    known = sorted(set(_names(charter)))
    added: dict[str, tuple[str, ...]] = {}
    for unit in units:
        here: set[str] = set()
        for item in unit.pack.each(ast.AddedWords):
            name = item.name.text
            if name not in known:
                message = f"the charter has no topic and no red line `{name}`"
                advice = did_you_mean(name, known) or f"It has: {', '.join(known)}."
                report(diagnose("name-undefined", item.name.span, message, advice))
            elif name in here:
                message = f"`{unit.name}` already brings words for `{name}`"
                report(diagnose("name-twice", item.name.span, message, "Put them into one file."))
            else:
                here.add(name)
                added[name] = (*added.get(name, ()), detectors.added(unit, item))
    return added


def _names(charter: Unit) -> Iterator[str]:
    """Yield the names of a charter's topics and red lines."""
    yield from (topic.name.text for topic in charter.pack.each(ast.TopicDecl))
    yield from (rule.name.text for rule in charter.pack.rules if isinstance(rule, ast.RedLine))
