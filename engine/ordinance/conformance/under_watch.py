"""A plugin's process that the kit watches: ``boot.py``, and a line for each thing that the plugin does besides.

``python -I -S -B under_watch.py PLUGGY CHANNEL CONNECTIONS EVENTS OUTPUT``: EVENTS is the descriptor that gets lines of
JSON, OUTPUT the one that gets whatever is printed. Standard library only, as for everything in this process. A plugin
that means to hide something could: this finds faults, and the sandbox is against intent.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import runpy
import sys
import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

BOOT = Path(__file__).resolve().parent.parent / "plugins" / "inside" / "boot.py"
#: The most events that are sent, and the most of each, in characters.
MOST, LONGEST = 500, 300

_NETWORK = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostby"
)  # fmt: skip
_PROCESS = ("os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen", "pty.spawn")
_SIGNAL = ("os.kill", "signal.pidfd_send_signal")
_READS = ("os.listdir", "os.scandir")
_WRITES = (
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.utime",
    "shutil.",
)  # fmt: skip
_OPENS_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: What nobody offers: the second half of a name of the vendor's, and a name of another vendor.
UNLISTED, FOREIGN = "kit_asks", "kit_asks.this"
_OF_OS = ("os.py", "_collections_abc.py", "<frozen os>", "<frozen _collections_abc>", __file__)


class Events:
    """Where events go, to ``descriptor``, and whose they are: of the plugin in ``folder``, whose own code is in
    ``package``. Besides its folder it may read what is ``readable``."""

    def __init__(self, descriptor: int, readable: Iterable[str]) -> None:
        self._descriptor = descriptor
        self._readable = tuple({_inside(os.path.realpath(each)) for each in readable})
        self._left = MOST
        self._here = threading.local()
        self.folder = self.package = self._writes = ""

    def begin(self, folder: str, package: str, writes: str) -> None:
        """Watch from now on."""
        self.folder, self._writes = _inside(folder), _inside(writes) if writes else ""
        self.package = os.path.join(folder, *package.split("."))
        sys.addaudithook(self._hear)
        self._watch_environment()

    def at(self, hook: str) -> None:
        """Note what this thread does now."""
        self._here.hook = hook

    def tell(self, kind: str, what: str, place: str | None = None) -> None:
        """Send an event, with the place in the plugin's code where it happened."""
        if self._left > 0:
            self._left -= 1
            hook = getattr(self._here, "hook", "a thread of its own")
            where = self._place() if place is None else place
            said = {"kind": kind, "what": what[:LONGEST], "hook": hook, "place": where}
            os.write(self._descriptor, json.dumps(said).encode("ascii") + b"\n")

    def _place(self) -> str:
        for frame in _frames():
            if frame.f_code.co_filename.startswith(self.folder):
                return f"{frame.f_code.co_filename.removeprefix(self.folder)}:{frame.f_lineno}"
        return ""

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if getattr(self._here, "busy", False):
            return
        self._here.busy = True
        try:
            for kind, names in (("network", _NETWORK), ("process", _PROCESS), ("signal", _SIGNAL)):
                if event.startswith(names) and (kind != "signal" or self._place()):  # the engine's code ends with one
                    self.tell(kind, event)
            if event == "import" and str(arguments[0]).startswith("ordinance.") and self._place():
                self.tell("engine", str(arguments[0]))
            if event == "open" or event in _READS or event.startswith(_WRITES):
                self._hear_file(event, arguments)
        finally:
            self._here.busy = False

    def _hear_file(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            writes, paths = bool(flags & _OPENS_TO_WRITE), arguments[:1]
        else:
            writes, paths = event not in _READS, arguments[:2]
        for path in paths:
            if isinstance(path, bytes | str) and not self._may_use(os.path.realpath(os.fsdecode(path)), writes):
                self.tell("file", f"{event} {os.fsdecode(path)}")

    def _may_use(self, path: str, writes: bool) -> bool:
        if path in map(os.path.realpath, sys.path) and not writes:
            return True  # the import system lists it
        if path.startswith(os.devnull) or (self._writes and _inside(path).startswith(self._writes)):
            return True
        return not writes and _inside(path).startswith((self.folder, *self._readable))

    def _watch_environment(self) -> None:
        kind: Any = type(os.environ)
        read = kind.__getitem__

        def watched(environ: Any, key: Any) -> Any:
            asking = next((each for each in _frames() if not each.f_code.co_filename.endswith(_OF_OS)), None)
            if asking is not None and asking.f_code.co_filename.startswith(self.package):
                self.tell("environment", str(key))
            return read(environ, key)

        kind.__getitem__ = watched


def _inside(path: str) -> str:
    return path if path.endswith(os.sep) else f"{path}{os.sep}"


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def watch(serving: Any, events: Events) -> None:
    """Have ``serving`` tell what the plugin raises, and which answers are not plain or too long."""

    class Watched(serving.Implementation):  # type: ignore[misc]
        def __init__(self, package: str, settings: Any) -> None:
            events.at("import")
            events.begin(sys.path[-1], package, str(serving.contract._folder or ""))
            super().__init__(package, settings)
            vendor = tomllib.loads((Path(events.package) / "ordinance-plugin.toml").read_text("utf-8"))["vendor"]
            for hook in ("detector", "judge", "form"):
                for name in (f"{vendor}.{UNLISTED}", FOREIGN):
                    self._ask_unlisted(hook, name)
            for hook in ("audit_sink", "health"):
                self._ask_unlisted(hook, "")

        def _ask_unlisted(self, hook: str, name: str) -> None:
            """Tell where a hook gives something for a name that nobody offers, or at all."""
            events.at(hook)
            try:
                described, _ = super().use(hook, serving.Asked(name))
            except BaseException as error:
                described = {"kind": type(error).__name__}
            if described["kind"] != "nothing":
                events.tell("answers", name)

        def use(self, hook: str, asked: Any, question: Any = None, served: Any = None) -> Any:
            name = f"{hook} {asked.name}".rstrip()
            events.at(name)
            described, deed = super().use(hook, asked, question, served)
            return described, deed and watched(deed, name)

    def watched(deed: Callable[[Any], object], name: str) -> Callable[[Any], object]:
        def answer(payload: Any) -> object:
            events.at(name)
            try:
                found = deed(payload)
            except serving.NotPlainError as error:
                events.tell("type", str(error))
                raise
            except BaseException as error:
                events.tell("raised", type(error).__name__, _place_of(error, events.folder))
                raise
            if len(json.dumps(found)) > serving.LONGEST_ANSWER:
                events.tell("large", "the answer")
            return found

        return answer

    serving.Implementation = Watched


def _place_of(error: BaseException, folder: str) -> str:
    """Return the innermost place in ``folder`` that ``error`` has passed."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(folder):
            place = f"{file.removeprefix(folder)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def main(pluggy: str, channel: int, connections: int, events: int, output: int) -> None:
    """Run the plugin's process, watched."""
    runpy.run_path(str(BOOT))["prepare"](Path(pluggy))
    serving = importlib.import_module("ordinance.plugins.inside.serving")
    landlock = importlib.import_module("ordinance.plugins.inside.landlock")
    watch(serving, Events(events, (*landlock.SYSTEM, *landlock.libraries())))
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    # Nothing may wait in a buffer: the process ends without warning.
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", write_through=True)
    serving.main(channel, connections)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:6]))
