"""Forms that are being tried: what becomes of texts, passage by passage, and whether the engine's witness lets it
pass."""

from __future__ import annotations

from collections.abc import Callable

from ordinance.conformance.answering import start
from ordinance.conformance.bench import Bench, Faults, StoppedError
from ordinance.conformance.own_examples import Example
from ordinance.conformance.texts import HARD, prose
from ordinance.detection import Form
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.prepared import FormWidth
from ordinance.runtime.forms.form import NARROWEST, WIDEST
from ordinance.runtime.forms.plugin_passages import passages_of
from ordinance.runtime.forms.rewriter import Forms, Rewriter
from ordinance.substance.comparing import compare


def try_form(plugin: Plugin, example: Example, budget: Budget, faults: Faults) -> None:
    """Try one use of a form. Raises ``StoppedError`` where it cannot be tried any further."""
    use, given = example.as_use, dict(example.rewrites)
    texts = list(dict.fromkeys([*given, *prose(), *HARD]))
    with Bench(plugin, [use], budget, faults) as bench:
        start(bench)
        width = _width(bench)
        if not NARROWEST <= width <= WIDEST:
            faults.note("start-type", example.use, f"gives a `width` that is not from {NARROWEST} to {WIDEST}")
        else:
            _try_examples(example, lambda text: _rewritten(bench, text), width, faults)
        first = {text: _rewritten(bench, text) for text in texts}
        twice = [text for text in texts if _rewritten(bench, text) != first[text]]
    with Bench(plugin, [use], budget, faults) as bench:
        start(bench)
        twice += [text for text in reversed(texts) if _rewritten(bench, text) != first[text]]
    if twice:
        faults.note("impure", example.use, f"rewrites otherwise a second time, {len(set(twice))} of {len(texts)} texts")


def _rewritten(bench: Bench, text: str) -> str:
    return bench.ask(0, lambda pool: pool.rewrite(0, text))


def _width(bench: Bench) -> int:
    (given,) = bench.start()
    return given.width if isinstance(given, FormWidth) else NARROWEST


def _try_examples(example: Example, rewrite: Callable[[str], str], width: int, faults: Faults) -> None:
    """Rewrite each example as the engine rewrites an answer."""
    if not example.language:
        faults.untried.append(f"{example.use}: give its examples a `language`, so that the witness can look at them")
        return
    otherwise, objected, kinds = 0, 0, set[str]()
    for text, after in example.rewrites:
        asked: dict[str, str | StoppedError] = {}

        def noted(passage: str, asked: dict[str, str | StoppedError] = asked) -> str:
            try:
                asked[passage] = made = rewrite(passage)
            except StoppedError as error:
                asked[passage] = error
                raise
            return made

        rewriter = Rewriter(Forms((), None, passages_of([("", Form(noted, width))]), example.language), _NoRules())
        got = "".join(piece.text for each in (rewriter.take(text), rewriter.end()) for piece in each)
        for failed in asked.values():  # which the engine takes for a fault of the form
            if isinstance(failed, StoppedError):
                raise failed
        objected += bool(rewriter.left)
        otherwise += got != after and not rewriter.left
        kinds |= {
            difference.kind
            for passage, made in (asked.items() if rewriter.left else ())
            for difference in compare(passage, str(made), example.language).differences
        }
    if objected:
        what = ", ".join(sorted(kinds)) or "words"
        faults.note("substance-changed", example.use, f"changes {objected} of {len(example.rewrites)} examples: {what}")
    if otherwise:
        faults.note("example-rewritten", example.use, f"rewrites {otherwise} of {len(example.rewrites)} otherwise")


class _NoRules:
    """Nothing is looked for in an example."""

    def read(self, text: str) -> None:
        pass

    def allows(self, old: str, new: str, after: str, *, ended: bool) -> bool:
        return True
