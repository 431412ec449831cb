"""Forms that are being tried: what becomes of texts, and whether the engine's witness lets it pass."""

from __future__ import annotations

from ordinance.conformance.answering import start
from ordinance.conformance.bench import Bench, Faults
from ordinance.conformance.own_examples import Example
from ordinance.conformance.texts import HARD, prose
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.substance.comparing import compare


def try_form(plugin: Plugin, example: Example, budget: Budget, faults: Faults) -> None:
    """Try one use of a form. Raises ``StoppedError`` where it cannot be tried any further."""
    use = example.as_use
    given = dict(example.rewrites)
    texts = list(dict.fromkeys([*given, *prose(), *HARD]))
    with Bench(plugin, [use], budget, faults) as bench:
        start(bench)
        first = {text: _rewritten(bench, text) for text in texts}
        if count := sum(first[text] != after for text, after in given.items()):
            faults.note("example-rewritten", example.use, f"rewrites {count} of {len(given)} examples otherwise")
        twice = [text for text in texts if _rewritten(bench, text) != first[text]]
        apart = [text for text in given if first[text] not in _rewritten(bench, f"La la.\n\n{text}\n\nLa la.")]
        if apart:
            faults.note("cut-hides", example.use, f"rewrites {len(apart)} examples otherwise between other paragraphs")
    with Bench(plugin, [use], budget, faults) as bench:
        start(bench)
        twice += [text for text in reversed(texts) if _rewritten(bench, text) != first[text]]
    if twice:
        faults.note("impure", example.use, f"rewrites otherwise a second time, {len(set(twice))} of {len(texts)} texts")
    _witness({text: first[text] for text in given}, example, faults)


def _rewritten(bench: Bench, text: str) -> str:
    return bench.ask(0, lambda pool: pool.rewrite(0, text))


def _witness(rewritten: dict[str, str], example: Example, faults: Faults) -> None:
    """Ask the engine's witness about each example, as it would be asked about an answer."""
    if not example.language:
        faults.untried.append(f"{example.use}: give its examples a `language`, so that the witness can look at them")
        return
    objected = [compare(before, after, example.language) for before, after in rewritten.items()]
    kinds = {each.kind for comparison in objected for each in comparison.differences}
    if count := sum(not comparison.same for comparison in objected):
        what = ", ".join(sorted(kinds)) or "other words"
        faults.note("substance-changed", example.use, f"changes {count} of {len(rewritten)} examples, by {what}")
