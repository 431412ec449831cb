"""A plugin that is being tried: its processes, watched, and what went wrong with them as faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ordinance.conformance.faults import Fault, fault
from ordinance.conformance.under_watch import FOREIGN
from ordinance.conformance.watching import Watch
from ordinance.errors import PluginError
from ordinance.plugin import Unconfigured
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.answered import OutsideError
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import MOST_THREADS, FaultError
from ordinance.plugins.manifest import ALONE
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Prepared, Use

_T = TypeVar("_T")

#: What the process did besides answering: the kind of event, its code, and what it did in words.
_BESIDES = {
    "engine": ("engine-import", "imports"),
    "network": ("uses-network", "opens a connection by itself"),
    "file": ("uses-files", "uses a file outside its folders"),
    "environment": ("uses-environment", "reads an environment variable"),
    "process": ("starts-process", "starts a process"),
    "signal": ("sends-signal", "sends a signal"),
}
#: The causes of a question that failed, by the pool's code, where nothing else says more.
_FAILED = {
    "late": ("late", "did not answer in time"),
    "silent": ("late", "stopped answering altogether"),
    "died": ("dies", "ended its process"),
    "raised": ("raises", "raised"),
    "twice": ("answer-twice", "answered a question twice, or one that nobody asked"),
    "memory": ("memory", "ran out of memory"),
    "threads": ("threads", f"started more than {MOST_THREADS} threads"),
    "nonsense": ("answer-broken", "sent something that is not an answer"),
    "unreachable": ("judge-fails", "reached nobody"),
    "unreadable": ("judge-fails", "got an answer that is none"),
    "wrong_model": ("judge-fails", "got the answer of another model"),
}


class StoppedError(Exception):
    """A question failed; the fault is noted, and the use is not tried any further."""


class Faults:
    """The faults of a plugin, one of each code for each hook. ``whose`` is its name and version."""

    def __init__(self, whose: str) -> None:
        self.whose = whose
        #: What could not be tried here, in words.
        self.untried: list[str] = []
        self._found: dict[tuple[str, str], Fault] = {}

    def note(self, code: str, hook: str, what: str) -> None:
        """Note a fault: ``hook`` of the plugin did ``what``, a verb with its object."""
        self.add(fault(code, hook, f"{self.whose}: {hook} {what}."))

    def add(self, found: Fault) -> None:
        """Add a fault that is not there yet."""
        self._found.setdefault((found.code, found.hook), found)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._found.values())


class Bench:
    """A plugin's pool for ``uses``, watched; a context manager that notes what went wrong in ``faults``."""

    def __init__(self, plugin: Plugin, uses: Sequence[Use], budget: Budget, faults: Faults) -> None:
        self.uses = tuple(uses)
        self._plugin = plugin
        self._budget = budget
        self._faults = faults
        self._watch = Watch()
        self.pool = Pool(plugin, uses, budget, self._watch.launch)
        self._failed: list[tuple[str, FaultError]] = []

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the plugin, and note what it did besides."""
        disturbed = self._was_disturbed()
        self.pool.close()
        ended = self._watch.close()
        if not ended:
            self._faults.note("process-left", "import", "left a process that lives on")
        if self._watch.printed:
            self._faults.note("prints", "import", f"printed {len(self._watch.printed)} bytes")
        for event in self._watch.events:
            if event.kind == "answers":
                self._note_unlisted(event.hook, event.what)
            elif event.kind in _BESIDES:
                code, what = _BESIDES[event.kind]
                self._faults.note(code, event.hook, f"{what}: {event.what}{_at(event.place)}")
        for hook, error in self._failed:
            if disturbed and error.cause == "late":
                self._faults.note("answer-broken", hook, _FAILED["nonsense"][1])
            else:
                self._note_failed(hook, error)

    @property
    def _lacks_network(self) -> bool:
        return bool(self._plugin.manifest.needs.network) and not self._plugin.network

    def _was_disturbed(self) -> bool:
        """Return whether a question was late because the process had written something else before the answer, such as
        half a message; this shows a little later."""
        if any(error.cause == "late" for _, error in self._failed):
            time.sleep(2 * self._budget.silence)
        return self.pool.status().cause == "nonsense"

    def start(self) -> tuple[Prepared, ...]:
        """Start the plugin and return what it gave for each use. Raises ``StoppedError``."""
        try:
            prepared = self.pool.prepared()
        except PluginError as error:
            self._faults.add(fault(_start_code(error), error.hook or "import", error.message))
            raise StoppedError from None
        for use, given in zip(self.uses, prepared, strict=True):
            if isinstance(given, Unconfigured):
                self._faults.note("unconfigured", use.named, f"asks for {given.missing}")
        return prepared

    def ask(self, use: int, question: Callable[[Pool], _T]) -> _T:
        """Return what ``question`` gives. Raises ``StoppedError`` where the plugin fails."""
        try:
            return question(self.pool)
        except FaultError as error:
            self._failed.append((self.uses[use].named, error))
            raise StoppedError from None

    def _note_unlisted(self, hook: str, name: str) -> None:
        """Note that ``hook`` answered to ``name``, if the manifest does not list it."""
        manifest = self._plugin.manifest
        kinds = {each.partition(" ")[0] for each in manifest.provides}
        if hook not in {ALONE.get(kind, kind) for kind in kinds}:
            self._faults.note("hook-unlisted", hook, "is implemented, and the manifest lists nothing for it")
        elif name:
            code = "name-foreign" if name == FOREIGN else "name-unlisted"
            self._faults.note(code, hook, f"does not return None for `{name}`, which the manifest does not list")

    def _note_failed(self, hook: str, error: FaultError) -> None:
        code, what = _FAILED.get(error.cause, ("start-raises", "could not be started again"))
        events = {event.kind: event for event in self._watch.events if event.hook == hook}
        if error.cause == "raised" and "raised" in events:
            if events["raised"].what == "PermissionError" and self._lacks_network:
                needs = self._plugin.manifest.needs.network
                self._faults.untried.append(f"{hook}: give --network, for it connects to {needs}")
                return
            what = f"raised {events['raised'].what}{_at(events['raised'].place)}"
        elif isinstance(error.__cause__, OutsideError):
            code, what = "answer-outside", f"gave an answer that is {error.__cause__}"
        elif isinstance(error.__cause__, ValueError):
            code, what = "answer-type", f"gave an answer that is {error.__cause__}"
        elif error.cause == "nonsense" and "type" in events:
            code = "answer-large" if events["type"].what.startswith("more than") else "answer-type"
            what = f"gave {events['type'].what}"
        elif error.cause == "nonsense" and "large" in events:
            code, what = "answer-large", "gave an answer that is too long"
        self._faults.note(code, hook, what)


def _at(place: str) -> str:
    return f" ({place})" if place else ""


def _start_code(error: PluginError) -> str:
    """Return the code of a start that failed."""
    said = error.message
    match error.cause:
        case "late":
            return "start-late"
        case "died":
            return "start-exits"
        case "memory" | "threads":
            return error.cause
        case "sealed":
            return "file-changed"
        case "raised" if "SystemExit" in said or "KeyboardInterrupt" in said:
            return "start-exits"
        case "raised" if "UnknownHookError" in said or "PluginValidationError" in said:
            return "hook-unknown"
        case "raised" if "No module named 'ordinance" in said or "from 'ordinance" in said:
            return "engine-import"
        case "nonsense" if "gives nothing" in said:
            return "name-missing"
        case "nonsense" if "something else than its first" in said:
            return "start-differs"
        case "nonsense" if "wrote to the engine" in said:
            return "answer-broken"
        case "nonsense":
            return "start-type"
    return "start-raises"
