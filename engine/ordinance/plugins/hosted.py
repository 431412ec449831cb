"""One process of a plugin, as the engine sees it: questions in flight, answers in any order, and its end.

All that is fixed here is what an answer may be: the answer to a question in flight, once. What it means is checked by
``answered.py``, and what the end of a process means is decided in ``pool.py``.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, NamedTuple

from ordinance.errors import PluginError
from ordinance.plugin import JUDGE_FAULTS, Question, Served
from ordinance.plugins import connections
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.answered import printable
from ordinance.plugins.background import begin
from ordinance.plugins.budget import Budget
from ordinance.plugins.inside.frames import LONGEST, LONGEST_ANSWER, packed
from ordinance.plugins.launched import Launched
from ordinance.plugins.prepared import Prepared, Use, WrongTypeError, prepared
from ordinance.plugins.seal import sealed, sums
from ordinance.runtime.match.segments import DetectorError

#: How many threads a process may have. No limit of the kernel's is a process's own: each takes from what the machine,
#: or the container, has for all.
MOST_THREADS = 1000

_HELP = "Ask the plugin's authors, or remove it from `plugins` in the settings."


class FaultError(DetectorError):
    """A question has no answer. ``cause`` is a stable code, and all that is said."""

    def __init__(self, cause: str) -> None:
        # A plugin that raised, or gave another type, may be asked about the next passage at once.
        super().__init__(cause, lasting=cause not in ("raised", "nonsense"))
        self.cause = cause


class _Answer(NamedTuple):
    """What came back for a question; ``fault`` is the code of what went wrong instead, or empty."""

    value: object = None
    fault: str = ""


class Hosted:
    """A process for ``uses`` of ``plugin``. ``changed`` is called, with ``lock`` held, whenever it may take another
    question or has ended. ``lock`` guards all fields without an underscore."""

    def __init__(
        self,
        plugin: Plugin,
        uses: Sequence[Use],
        budget: Budget,
        lock: AbstractContextManager[bool],
        changed: Callable[[], None],
        launch: Callable[[], Launched],
    ) -> None:
        self._launcher = launch
        self._plugin = plugin
        self._uses = uses
        self._budget = budget
        self._lock = lock
        self._changed = changed
        self.launched: Launched | None = None
        self.confinement: Mapping[str, str] = {}
        #: The questions in flight; None where nobody waits for the answer any more.
        self.asked: dict[int, Future[_Answer] | None] = {}
        self.late_since = 0.0
        self.ping: tuple[int, float] | None = None
        self.cause = ""
        self.was_idle = True
        self.was_asked = False

    # Starting

    def start(self) -> tuple[Prepared, ...]:
        """Start the process and return what the plugin gave for each use. Raises ``PluginError``."""
        until = time.monotonic() + self._budget.start
        sums = self._sealed()
        if self._plugin.writes is not None and not self._plugin.writes.is_dir():
            raise self._failed("start", "", f"may write in {self._plugin.writes}, which is not a folder")
        launched = self._launch()
        try:
            if self._plugin.network:
                connections.serve(launched.connecting, self._plugin.network, self._budget.seconds)
            given = self._prepare(launched, sums, until)
            # Its modules are checked where they are imported; what else it reads may have been replaced meanwhile.
            self._sealed()
            begin(f"ordinance-{launched.pid}", self._read, launched)
        except OSError as error:
            failed = self._failed("start", "", f"cannot be spoken with ({error.strerror})")
            launched.close()
            raise failed from None
        except PluginError:
            launched.close()
            raise
        return given

    def _launch(self) -> Launched:
        try:
            launched = self._launcher()
        except OSError as error:
            raise self._failed("start", "", f"could not start its process ({error.strerror})") from None
        with self._lock:
            self.launched = launched
            ended = self.cause
        if ended:  # while it was launched
            launched.kill()
        return launched

    def _prepare(self, launched: Launched, sums: Mapping[str, str], until: float) -> tuple[Prepared, ...]:
        frames, hook, name, use = launched.frames, "", "", -2  # the import is the first step
        try:
            frames.send(packed(self._hello(sums)), _left(until))
            # What confines it, the import and each use, and what was prepared.
            for _ in range(len(self._uses) + 3):
                said: Any = frames.receive(_left(until), _left(until))
                match said:
                    case {"confined": dict(confinement)} if not hook:  # before the plugin can say anything itself
                        self.confinement = {str(key): str(value) for key, value in confinement.items()}
                    case {"step": [str(hook), str(name)]}:
                        hook, name, use = printable(hook), printable(name), use + 1
                    case {"failed": [("raised" | "memory" | "nonsense") as cause, str(kind), str(text)]}:
                        what = printable(f"raised {kind}{text and ': '}{text}")
                        break
                    case {"prepared": list(given)} if len(given) == len(self._uses):
                        return tuple(self._checked(use, each) for use, each in zip(self._uses, given, strict=True))
                    case _:
                        raise ValueError
            else:
                raise ValueError
        except TimeoutError:
            cause, what = "late", f"did not end within {self._budget.start:g} s"
        except OSError:
            cause, what = "died", f"ended its process{launched.how()}"
            if self.cause == "threads":
                cause, what = "threads", f"started more than {MOST_THREADS} threads"
        except ValueError:
            cause, what = "nonsense", "wrote to the engine itself"
        about = use if cause == "raised" and 0 <= use < len(self._uses) and self._uses[use].asked.arguments else -1
        raise self._failed(cause, hook, f"{what} {_while(hook, name)}", about)

    def _hello(self, sums: Mapping[str, str]) -> dict[str, object]:
        plugin = self._plugin
        return {
            "engine": os.getpid(),
            "path": str(plugin.path.resolve()),
            "sums": sums,
            "package": plugin.package,
            "settings": dict(plugin.settings),
            "network": plugin.network,
            "writes": str(plugin.writes.resolve()) if plugin.writes else "",
            "memory_mb": plugin.manifest.needs.memory_mb,
            "threads": self._budget.threads,
            "uses": [
                [
                    use.hook,
                    use.asked.name,
                    use.asked.arguments,
                    use.asked.prose,
                    _plain(use.question),
                    _plain(use.served),
                ]
                for use in self._uses
            ],
        }

    def _checked(self, use: Use, given: object) -> Prepared:
        try:
            return prepared(use, given)
        except WrongTypeError as error:
            raise self._failed("nonsense", use.hook, f"breaks its contract in {use}: {error}") from None

    def _sealed(self) -> Mapping[str, str]:
        try:
            found = sums(self._plugin.path)
        except OSError as error:
            raise self._failed("sealed", "", f"cannot be read ({error.strerror})") from None
        except PluginError as error:
            raise self._failed("sealed", "", f"has other files than the settings allow: {error.message}") from None
        if sealed(found) != self._plugin.sha256:
            raise self._failed("sealed", "", "has other files than the settings allow")
        return found

    def _failed(self, cause: str, hook: str, what: str, use: int = -1) -> PluginError:
        self.end(cause)
        plugin = self._plugin
        said = f"The plugin `{plugin.name}` {plugin.version} {what}".rstrip(".")
        return PluginError(f"{said}.", help=_HELP, cause=cause, hook=hook, use=use)

    # Asking

    @property
    def free(self) -> bool:
        """Return whether it takes a question now. One that was late has to answer a ping first; one that keeps a
        question for long takes no more, and ends once it has answered the others."""
        doubtful = bool(self.late_since) and (self.ping is not None or self._stuck)
        return not self.cause and len(self.asked) < self._budget.threads and not doubtful

    @property
    def _stuck(self) -> bool:
        return bool(self.late_since) and time.monotonic() - self.late_since > self._budget.silence

    @property
    def load(self) -> tuple[bool, int]:
        """Order processes by who answers sooner."""
        return bool(self.late_since), len(self.asked)

    def take(self) -> int:
        """Reserve a place for one question, and return its number. The caller holds ``lock``."""
        number = secrets.randbits(64)
        self.asked[number] = Future()
        self.was_asked = True
        return number

    def ask(self, number: int, use: int, payload: object) -> object:
        """Ask the question ``number`` that ``take`` reserved, and return the plain answer. Raises ``FaultError``."""
        future, launched = self.asked.get(number), self.launched
        if future is None or launched is None:
            raise FaultError(self.cause)
        until = time.monotonic() + self._budget.seconds
        data = packed({"ask": number, "use": use, "with": payload})
        if len(data) > LONGEST:
            self._answered(number, _Answer(fault="nonsense"))
        else:
            self._send(launched, data, self._budget.seconds)
        try:
            answer = future.result(_left(until))
        except TimeoutError:
            self._give_up(number)
            raise FaultError("late") from None
        if answer.fault:
            raise FaultError(answer.fault)
        return answer.value

    def _send(self, launched: Launched, data: bytes, seconds: float) -> None:
        try:
            launched.frames.send(data, seconds)
        except TimeoutError:
            self.end("silent")
        except OSError:
            self.end("died")

    def _give_up(self, number: int) -> None:
        with self._lock:
            if number not in self.asked:
                return  # it was answered at the last moment
            self.asked[number] = None
            self.late_since = self.late_since or time.monotonic()
            stuck = len(self.asked) == self._budget.threads and not any(self.asked.values())
        if stuck:
            self.end("late")
        else:
            self._ping()

    # Heartbeats

    def beat(self) -> None:
        """Ping it while it works, and end it when it has not answered for too long, or has too many threads."""
        if self.launched is not None and self.launched.threads() > MOST_THREADS:
            self.end("threads")
            return
        with self._lock:
            silent = self.ping is not None and time.monotonic() - self.ping[1] > self._budget.silence
            stuck = self._stuck and not any(self.asked.values())
        if silent or stuck:
            self.end("silent" if silent else "late")
        else:
            self._ping()

    def _ping(self) -> None:
        with self._lock:
            launched = self.launched
            if not self.asked or self.ping is not None or launched is None:
                return
            number = secrets.randbits(64)
            self.ping = number, time.monotonic()
        self._send(launched, packed({"ping": number}), self._budget.silence)

    # Answers

    def _read(self, launched: Launched) -> None:
        try:
            while True:
                self._hear(launched.frames.receive(rest=self._budget.silence, longest=LONGEST_ANSWER))
        except (TimeoutError, ValueError):
            self.end("nonsense")
        except OSError:
            self.end("died")
        except _TwiceError:
            self.end("twice")
        finally:
            launched.close()

    def _hear(self, said: Any) -> None:
        match said:
            case {"pong": int(number)}:
                with self._lock:
                    if self.ping is None or self.ping[0] != number:
                        raise _TwiceError
                    self.ping = None
                    self._changed()
            case {"answer": int(number), "fault": ("raised" | "nonsense" | "memory") as cause}:
                self._answered(number, _Answer(fault=cause))
            case {"answer": int(number), "fault": str(cause)} if cause in JUDGE_FAULTS:
                self._answered(number, _Answer(fault=cause))
            case {"answer": int(number), "is": answer}:
                self._answered(number, _Answer(answer))
            case _:
                raise ValueError("not a message")

    def _answered(self, number: int, answer: _Answer) -> None:
        with self._lock:
            if number not in self.asked:
                raise _TwiceError
            future = self.asked.pop(number)
            if all(self.asked.values()):
                self.late_since = 0.0
            self._changed()
        if future is not None:
            future.set_result(answer)

    # The end

    def end(self, cause: str) -> None:
        """End the process with all that it has started; each question in flight fails with ``cause``."""
        with self._lock:
            if self.cause:
                return
            self.cause = cause
            self.was_idle = not self.asked
            asked, self.asked = self.asked, {}
            launched = self.launched
            self._changed()
        if launched is not None:
            launched.kill()
        for future in asked.values():
            if future is not None:
                future.set_result(_Answer(fault=cause))


class _TwiceError(Exception):
    """An answer to no question in flight: to none, or to one that was answered."""


def _plain(value: Question | Served | None) -> dict[str, object] | None:
    return None if value is None else asdict(value)


def _left(until: float) -> float:
    return max(0.0, until - time.monotonic())


def _while(hook: str, name: str) -> str:
    if not hook:
        return "before it was imported"
    if hook == "import":
        return f"while its package `{name}` was imported"
    return f"in the hook `{hook}`" + (f" for `{name}`" if name else "")
