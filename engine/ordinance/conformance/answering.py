"""Judges, sinks and health that are being tried."""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.conformance.bench import Bench, Faults, StoppedError
from ordinance.conformance.own_examples import Example
from ordinance.conformance.texts import HARD, prose
from ordinance.plugin import Asked, Unconfigured
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.prepared import AskedSegments, Use
from ordinance.runtime.match.passages import shown

#: Scores may differ by so much: models that compute in batches round otherwise.
_ROUNDING = 1e-3
#: How many passages are judged in one batch.
_BATCH = 8
#: Records as the engine writes them (docs/record.md).
_RECORD: dict[str, object] = {
    "v": 1, "time": "2026-11-26T09:00:00.000+00:00", "event": "end", "request": "8f6f0c1e", "key": "desk",
    "api": "chat/completions", "model": "m", "stream": True, "status": 200, "seconds": 0.25, "digest": "0" * 64,
    "jurisdiction": "DE", "locale": "en", "verdict": "pass", "rules": [], "failed": [], "trials": [], "notices": [],
    "choices": 1, "balanced": True,
}  # fmt: skip
RECORDS: Sequence[dict[str, object]] = (
    _RECORD,
    {"v": 1, "time": "2026-11-26T09:00:01.000+00:00", "event": "begin", "request": "8f6f0c1f", "key": "",
     "api": "batch", "model": None, "stream": None},
    {**_RECORD, "request": "8f6f0c20", "verdict": "withhold", "rules": ["DE/words"], "notices": ["omission"], "lost": 2,
     "plugins": ["acme-codes 1.0"]},
)  # fmt: skip


def try_judge(plugin: Plugin, example: Example, budget: Budget, faults: Faults) -> None:
    """Try one use of a judge. Raises ``StoppedError`` where it cannot be tried any further."""
    use = example.as_use
    texts = list(dict.fromkeys([*example.fires, *example.quiet, *prose(), *HARD]))
    with Bench(plugin, [use], budget, faults) as bench:
        start(bench)
        first = {text: _scores(bench, [text])[0] for text in texts}
        low = [text for text in example.fires if first[text] < example.at_least]
        high = [text for text in example.quiet if first[text] >= example.at_least]
        if low:
            faults.note("example-missed", example.use, f"scores {len(low)} `fires` less than {example.at_least:g}")
        if high:
            faults.note("example-found", example.use, f"scores {len(high)} `quiet` at least {example.at_least:g}")
        batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
        together = {text: score for batch in batches for text, score in zip(batch, _scores(bench, batch), strict=True)}
        _check_same(first, together, "beside others", example.use, faults)
    with Bench(plugin, [use], budget, faults) as bench:
        start(bench)
        again = {text: _scores(bench, [text])[0] for text in reversed(texts)}
        _check_same(first, again, "in another process, in another order", example.use, faults)


def _scores(bench: Bench, texts: Sequence[str]) -> list[float]:
    passages = [shown(text) for text in texts]
    return bench.ask(0, lambda pool: pool.score(0, passages))


def _check_same(first: dict[str, float], again: dict[str, float], when: str, use: str, faults: Faults) -> None:
    if count := sum(abs(first[text] - score) > _ROUNDING for text, score in again.items()):
        faults.note("impure", use, f"scores otherwise {when}, {count} of {len(again)} texts")


def try_sink(plugin: Plugin, budget: Budget, faults: Faults) -> None:
    """Try the sink with records, one and many at a time. Raises ``StoppedError``."""
    with Bench(plugin, [Use("audit_sink", Asked(""))], budget, faults) as bench:
        start(bench)
        for records in (RECORDS[:1], RECORDS, [*RECORDS] * 50):
            bench.ask(0, lambda pool, records=records: pool.write(0, records))  # type: ignore[misc]


def try_health(plugin: Plugin, examples: Sequence[Example], budget: Budget, faults: Faults) -> None:
    """Ask after its health, when it has seen the examples. Raises ``StoppedError``."""
    detectors = [each for each in examples if each.hook == "detector" and each.fires]
    uses = [Use("health", Asked("")), *(Use(each.hook, each.asked) for each in detectors)]
    with Bench(plugin, uses, budget, faults) as bench:
        for number, given in enumerate(bench.start()):
            for text in detectors[number - 1].fires if isinstance(given, AskedSegments) else ():
                bench.ask(number, lambda pool, number=number, text=text: pool.find(number, shown(text)))  # type: ignore[misc]
        lines = bench.ask(0, lambda pool: pool.health(0))
        told = [text for each in detectors for text in each.fires if any(text in line for line in lines)]
        if told:
            faults.note("text-told", "health", "returns text that the plugin was asked about")


def start(bench: Bench) -> None:
    """Start the plugin. Raises ``StoppedError`` where a setting is missing."""
    if any(isinstance(given, Unconfigured) for given in bench.start()):
        raise StoppedError
