"""From the settings to what a policy asks: each entry of ``judges``, with the plugin that asks its model."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ordinance.errors import SettingsError
from ordinance.judging.asking import Call, Calls
from ordinance.judging.canary_watch import FIRED, Canaries
from ordinance.judging.joined import Judges
from ordinance.judging.served import ServedJudge, Standing
from ordinance.judging.umbrella import RULE, umbrella
from ordinance.loading.attached import pool_of
from ordinance.plugin import Asked, Passage, Question, Served
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Judged, Use

if TYPE_CHECKING:
    from ordinance.judging.calibration import Calibration
    from ordinance.settings.judges import JudgeSettings, JudgingSettings

#: A plugin's process may take so much longer than its model, in seconds: it says itself that the model was late.
_MARGIN = 0.5
#: Its process waits most of the time, so that it may have many questions under way.
_THREADS = 32

#: The judges in use: policies that ask the same questions of the same judges share them.
_judges: WeakValueDictionary[str, Judges] = WeakValueDictionary()
_lock = threading.Lock()


def maker(
    listed: Sequence[JudgeSettings],
    judging: JudgingSettings,
    plugins: Sequence[Plugin],
    start: float,
    tell: Callable[[str], None] = lambda _: None,
) -> Callable[[Sequence[Question]], Judges] | None:
    """Return what makes the judges for a policy's questions; None where the settings list none. A plugin's process may
    take ``start`` seconds to begin. What is returned raises ``SettingsError`` and ``PluginError``."""
    if not listed:
        return None

    def make(questions: Sequence[Question]) -> Judges:
        made = [_Made(each, judging, plugins, start, tell) for each in listed]
        key = repr(([each.key for each in made], tuple(questions), judging))
        with _lock:
            judges = _judges.get(key)
            if judges is None:
                judges = _judges[key] = Judges([each.judge(questions) for each in made])
            return judges

    return make


class _Made:
    """One entry of ``judges``, with its plugin."""

    def __init__(
        self,
        entry: JudgeSettings,
        judging: JudgingSettings,
        plugins: Sequence[Plugin],
        start: float,
        tell: Callable[[str], None],
    ) -> None:
        self._entry = entry
        self._judging = judging
        self._start = start
        self._tell = tell
        self._plugin = _plugin_of(entry, plugins)
        self._calibration = None if entry.calibration is None else _read(entry.calibration)
        settings = json.dumps(dict(self._plugin.settings), sort_keys=True)
        digest = "" if self._calibration is None else self._calibration.digest
        self.key = repr(
            (
                entry.model_copy(update={"calibration": None}),
                str(self._plugin.path),
                self._plugin.sha256,
                settings,
                digest,
            )
        )

    def judge(self, questions: Sequence[Question]) -> ServedJudge:
        entry, judging = self._entry, self._judging
        over_all = umbrella(questions)
        gates = [over_all] if self._calibration is not None and self._calibration.gates(over_all) else []
        uses = self._uses([*gates, *questions])
        # One process more than the calls need, for the time in which another is replaced.
        processes = math.ceil(judging.at_once / _THREADS) + 1
        budget = Budget(entry.seconds + _MARGIN, processes, self._start, _THREADS)
        pool = pool_of(self._plugin, tuple(uses), budget)
        given = pool.prepared()
        versions = {each.version for each in given if isinstance(each, Judged)}
        covered = frozenset(
            use.question.rule
            for use, each in zip(uses, given, strict=True)
            if use.question and isinstance(each, Judged)
        )
        self._refuse_idle(covered, given)
        scores = self._scores(versions)
        void = "" if self._calibration is None else self._calibration.void(scores, questions)
        calibration = None if void else self._calibration
        standing = Standing(calibration, void, judging.uncalibrated == "act", covered, _languages(calibration))
        calls = Calls(_asks(pool, uses), len(entry.urls) or 1, judging.at_once, entry.seconds)
        acting = [each for each in questions if standing.may_act(each.rule)]
        gate = standing.gate

        def fired(call: Call, score: float) -> bool:
            return score >= (gate if call.rule == RULE and gate is not None else FIRED)

        gated = [RULE] if gate is not None else []
        canaries = Canaries(entry.name, acting, calls, entry.seconds, self._tell, fired, gated)
        identity = {
            "name": entry.name,
            "model": entry.model or None,
            "scores": scores,
            "calibration": None if self._calibration is None else self._calibration.digest,
            "uncalibrated": judging.uncalibrated,
            "plugin": dict(self._plugin.identity),
        }
        return ServedJudge(entry.name, identity, standing, calls, canaries, entry.seconds, entry.window)

    def _uses(self, questions: Sequence[Question]) -> list[Use]:
        """Return a use for each question at each replica; one by one of the replicas."""
        entry = self._entry
        labels = {label: list(rules) for label, rules in entry.labels.items()}
        served: list[Served | None] = [
            Served(url, entry.model, entry.renderer, entry.seconds, labels) for url in entry.urls
        ]
        return [
            Use("judge", Asked(entry.by, (), question.means), question, each)
            for each in served or [None]
            for question in questions
        ]

    def _scores(self, versions: set[str]) -> dict[str, object]:
        """Return what a score depends on besides the question: what a calibration holds for."""
        entry = self._entry
        return {
            "by": entry.by,
            "model": entry.model,
            "renderer": entry.renderer,
            "version": ", ".join(sorted(versions)),
            "labels": {label: sorted(rules) for label, rules in sorted(entry.labels.items())},
            "window": entry.window,
        }

    def _refuse_idle(self, covered: frozenset[str], given: Sequence[object]) -> None:
        if not covered:
            missing = next((str(getattr(each, "missing", "")) for each in given), "")
            raise SettingsError(
                f"the judge {self._entry.name!r} cannot be asked about any rule: it lacks {missing}.",
                help="Set that in its entry of `judges`, or remove the entry.",
            )


def _read(path: Path) -> Calibration:
    """Return the calibration at ``path``. Raises ``OrdinanceError``."""
    from ordinance.judging.calibration import read_calibration

    return read_calibration(path)


def _languages(calibration: Calibration | None) -> Callable[[str], str]:
    """Return what names the language of a text, ready to be asked; nothing is loaded where nothing depends on it."""
    if calibration is None:
        return lambda _: ""
    from ordinance.judging.language import language_of, prepare

    prepare()
    return language_of


def _plugin_of(entry: JudgeSettings, plugins: Sequence[Plugin]) -> Plugin:
    """Return the plugin that asks the judge's model, which may connect to the judge."""
    for plugin in plugins:
        if entry.by in plugin.manifest.names("judge"):
            addresses = [Served(url, "", "", 0, {}).address for url in entry.urls]
            return replace(plugin, network=tuple(dict.fromkeys((*plugin.network, *addresses))))
    raise SettingsError(
        f"the judge {entry.name!r} is asked by `{entry.by}`, which no plugin of the settings provides.",
        help="List the plugin in `plugins`: ordinance-judge provides `judge.served` (docs/meaning.md).",
    )


def _asks(pool: Pool, uses: Sequence[Use]) -> Callable[[Call, int], float]:
    """Return what asks a call's question at a replica."""
    numbers: dict[tuple[str, int], int] = {}
    for number, use in enumerate(uses):
        rule = use.question.rule if use.question else ""
        numbers[rule, sum(1 for known, _ in numbers if known == rule)] = number

    def ask(call: Call, replica: int) -> float:
        passage = Passage(call.text, call.text, range(len(call.text) + 1), call.before)
        return pool.score(numbers[call.rule, replica], [passage])[0]

    return ask
