"""The next policy judges the same traffic: shown each answer after it has left, and never waited for.

It runs in a process of its own (``inside/``), so that it takes no time of the interpreter that serves. A thread shows
it one answer after another; what waits is bounded in bytes. Whatever goes wrong is counted and told, and nothing else
follows (docs/decisions/075).
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from datetime import date
from typing import Any

from ordinance.serve.http.stderr import described, tell
from ordinance.serve.metrics.families import SHADOW_FAILED
from ordinance.serve.metrics.meter import Meter
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.shadow.judging_process import JudgingProcess
from ordinance.serve.shadow.overheard import Overheard, Room, Tap
from ordinance.settings.model import Settings

#: So many bytes of requests and answers wait for it at most, in each process that serves.
MOST_BYTES = 32 * 1024 * 1024
#: How long it may take to load both policies, and to judge an answer under both, in seconds.
LOADING_SECONDS = 600.0
JUDGING_SECONDS = 10.0
#: An answer that has waited longer is not judged any more, in seconds.
LATE_SECONDS = 60.0
#: How long after its process ended another is started, in seconds.
RESTART_SECONDS = 5.0
#: How often it is told what failed, in seconds.
TOLD_EVERY = 60.0


class Shadow:
    """The next policy beside the one in force, off until ``renew`` is called with settings that name one. ``on``
    replaces today's date. No method waits or raises, and those that requests call cost next to nothing."""

    def __init__(self, meter: Meter, audit: AuditLog, on: date | None = None) -> None:
        self._meter = meter
        self._audit = audit
        self._on = on
        self._room = Room(MOST_BYTES)
        self._failures = _Failures(meter)
        self._watch: _Watch | None = None

    def renew(self, settings: Settings) -> None:
        """Read the policy that ``settings`` name as `shadow` again, with the one in force beside it."""
        self.close()
        if settings.shadow:
            self._watch = _Watch(settings, self._on, self._meter, self._audit, self._failures)

    def tap(self, body: bytes) -> Tap | None:
        """Return what keeps the answer to a request with this ``body``; None while the shadow is off."""
        return None if self._watch is None else Tap(self._room, body)

    def take(self, heard: Overheard, tap: Tap) -> None:
        """Show it an answer; ``tap`` has what is kept of it."""
        if self._watch is None:
            tap.close()
        elif tap.full:
            self._failures.count("too much waits")
        else:
            self._watch.take(heard, tap)

    def failed(self, error: BaseException) -> None:
        """Count an answer that could not be shown to it."""
        self._failures.count(described(error))

    def state(self) -> dict[str, Any] | None:
        """Return what ``/ready`` says; None while it is off."""
        return None if self._watch is None else self._watch.state

    def close(self) -> None:
        """End its process. What waits is not judged any more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()


class _Watch:
    """One reading of both policies, and the thread that shows answers to them."""

    def __init__(self, settings: Settings, on: date | None, meter: Meter, audit: AuditLog, failures: _Failures) -> None:
        self.state: dict[str, Any] = {"state": "loading"}
        self._settings = settings
        self._on = on
        self._meter = meter
        self._audit = audit
        self._failures = failures
        self._waiting: deque[tuple[float, Overheard, Tap]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._process: JudgingProcess | None = None
        threading.Thread(target=self._run, name="ordinance-shadow", daemon=True).start()

    def take(self, heard: Overheard, tap: Tap) -> None:
        with self._changed:
            if self.state["state"] != "failing":
                self._waiting.append((time.monotonic(), heard, tap))
                self._changed.notify()
                return
        tap.close()
        self._failures.count("it does not load")

    def close(self) -> None:
        with self._changed:
            self._closing = True
            left, self._waiting = self._waiting, deque()
            self._changed.notify()
            if self._process is not None:
                self._process.kill()
        for _, _, tap in left:
            tap.close()

    def _run(self) -> None:
        try:
            while self._serve():
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, RESTART_SECONDS)
        except Exception as error:  # without this thread every answer would wait in silence
            self._stop(described(error), described(error))

    def _serve(self) -> bool:
        """Start the process and show it answers until it ends; whether another is to be started."""
        try:
            process = JudgingProcess(self._settings, self._on, JUDGING_SECONDS)
        except OSError as error:
            self._failures.count(f"its process does not start ({error.strerror})")
            return not self._closing
        with self._changed:
            self._process = process
            if self._closing:
                process.kill()
        try:
            return self._loads(process) and self._show(process)
        except (OSError, EOFError):
            if not self._closing:
                self._failures.count("its process ended")
            return not self._closing
        finally:
            with self._changed:
                self._process = None
                if self.state["state"] == "ready":
                    self.state = {"state": "loading"}
            process.close()

    def _loads(self, process: JudgingProcess) -> bool:
        said = process.receive(LOADING_SECONDS)
        if said is None:
            self._stop("late", f"it took longer than {LOADING_SECONDS:.0f} s to load")
            return False
        if code := said.get("code"):
            self._stop(code, f"error[{code}]: {said['message']}")
            return False
        digests = said["digests"]
        without = f"; it asks no judge, so these rules are not compared: {', '.join(said['struck'])}"
        tell(
            f"the shadow policy {' '.join(digest[:16] for digest in digests)} judges the same traffic and changes "
            "nothing" + (without if said["struck"] else ""),
            "info",
        )
        self.state = {"state": "ready", "digests": digests}
        return True

    def _stop(self, code: str, why: str) -> None:
        """Judge nothing until the policies are read again."""
        with self._changed:
            if self._closing:
                return
            self.state = {"state": "failing", "problem": code}
            left, self._waiting = self._waiting, deque()
        for _, _, tap in left:
            tap.close()
        self._meter.failed(SHADOW_FAILED)
        tell(f"the shadow policy does not load and judges nothing: {why}", "error")

    def _show(self, process: JudgingProcess) -> bool:
        while (found := self._next()) is not None:
            since, heard, tap = found
            try:
                if time.monotonic() - since > LATE_SECONDS:
                    self._failures.count("it is late")
                    continue
                sent = process.send(heard.packed())
            finally:
                tap.close()
            said = process.receive(JUDGING_SECONDS) if sent else None
            if said is None:
                self._failures.count("it took too long")
                return not self._closing
            self._take_note(heard, said)
        return False

    def _next(self) -> tuple[float, Overheard, Tap] | None:
        """Wait for an answer; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            return None if self._closing else self._waiting.popleft()

    def _take_note(self, heard: Overheard, said: dict[str, Any]) -> None:
        if why := said.get("failed"):
            self._failures.count(why)
            return
        found = said["difference"]
        if found is None:
            self._meter.shadowed("same")
            return
        rules = found["rules"]
        self._meter.shadowed(found["kind"], rules["added"], rules["gone"])
        self._audit.add("shadow", {**heard.about, "digest": heard.digest, "shadow": [found]})


class _Failures:
    """Counts answers that were not judged, and tells of them at once and then at most once a minute."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._causes = Counter[str]()
        self._told = float("-inf")
        self._lock = threading.Lock()

    def count(self, why: str) -> None:
        self._meter.failed(SHADOW_FAILED)
        with self._lock:
            self._causes[why] += 1
            if time.monotonic() - self._told < TOLD_EVERY:
                return
            told, self._causes, self._told = self._causes, Counter(), time.monotonic()
        causes = ", ".join(f"{why}: {number}" for why, number in told.most_common())
        tell(f"the shadow policy did not judge some answers (shadow_failed); {causes}")
