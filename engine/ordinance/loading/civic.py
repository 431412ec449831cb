"""Civic information passes: no rule finds anything in the texts that the charter guarantees as such.

What a rule removes is a join over what it finds (semantics, rule 11), so a text in which no removing rule finds
anything passes whole in every situation. When a rule is in force does not matter here: not its place, its day, the key
that it is for, nor a trial that will end.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.loading.looked_for import entries
from ordinance.loading.reading import Sought, acting, find, sought_by
from ordinance.policy.ir import Example, Policy, Rule
from ordinance.policy.plan import Plan
from ordinance.runtime.match.corpus import Corpus
from ordinance.runtime.match.segments import DetectorError


def is_civic(rule: Rule, example: Example) -> bool:
    """Return whether ``example`` is a text that ``rule``, a guarantee of the charter, protects as civic information."""
    return isinstance(rule.node, ast.Guarantee) and rule.node.civic and example.expects == "passes"


def civic_bans(plan: Plan, policy: Policy) -> Iterator[Diagnostic]:
    """Report each phrase and pattern of a removing rule that finds something in guaranteed civic information."""
    rules = {rule.id: rule for rule in policy.rules}
    kept = [example for example in policy.examples if is_civic(rules[example.rule], example)]
    if not kept:
        return
    corpus = _corpus(tuple(text for example in kept for text in _cases(example.answer or example.prompt or "")))
    for acts in acting(plan):
        rule, sought = rules[acts.id], sought_by(plan, acts)
        try:
            if not _finds(sought, corpus):
                continue
            for entry in entries(rule, acts.detectors, policy, sought):
                numbers = sorted({number for number, _ in find(entry.sought, corpus)})
                if numbers:
                    first, many = kept[numbers[0] // 3], len({number // 3 for number in numbers}) - 1
                    more = f" and {many} more" if many else ""
                    name = rules[first.rule].node.name
                    message = (
                        f"{rule.id} takes out civic information that the charter guarantees (`{name}`): "
                        f'{entry.written} is in "{first.answer or first.prompt}"{more}'
                    )
                    yield diagnose("civic-ban", entry.place, message)
        except DetectorError:
            message = f"whether {rule.id} takes out civic information cannot be said: a plugin failed on it"
            yield diagnose("example-fault", rule.node.name.span, message)


def _finds(sought: Sought, corpus: Corpus) -> bool:
    return _finds_anew(sought, corpus) if sought.waits else _found_before(sought, corpus)


def _finds_anew(sought: Sought, corpus: Corpus) -> bool:
    return next(find(sought, corpus), None) is not None


#: A load tries again what the last one tried; what plugins say is not kept.
_found_before = lru_cache(maxsize=256)(_finds_anew)


@lru_cache(maxsize=2)
def _corpus(texts: tuple[str, ...]) -> Corpus:
    return Corpus(texts, step=3)


def _cases(text: str) -> tuple[str, str, str]:
    """Return a text as it is, in capitals and with a capital at each word: patterns keep case."""
    return text, text.upper(), text.title()
