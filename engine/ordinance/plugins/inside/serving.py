"""A plugin's process: confine it, import the plugin, prepare its uses, then answer the engine's questions.

The main thread reads, and answers pings, so that the engine knows a process that is busy from one that is stuck; the
other threads run the plugin. The process ends with the connection, with all that it has started.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from ordinance import plugin as contract
from ordinance.plugin import JUDGE_FAULTS, Asked, JudgeFaultError, Question, Served
from ordinance.plugins.inside import sealed
from ordinance.plugins.inside.confinement import confine
from ordinance.plugins.inside.connecting import Connecting
from ordinance.plugins.inside.frames import LONGEST, LONGEST_ANSWER, Frames, packed
from ordinance.plugins.inside.hooks import Deed, Implementation
from ordinance.plugins.inside.plain import NotPlainError

#: The most of an exception's text that is reported, in characters. Only before the first question: later it could be
#: text of a request.
_REPORTED = 300


def main(channel: int, connections: int) -> None:
    """Serve the connection ``channel`` until the other side closes it."""
    frames = Frames(socket.socket(fileno=channel))
    try:
        hello: Any = frames.receive()
        deeds = _start(frames, connections, hello)
        if deeds is not None:
            _serve(frames, deeds, hello["threads"])
    except OSError:
        pass  # the engine has gone
    finally:
        os.killpg(0, signal.SIGKILL)


def _start(frames: Frames, connections: int, hello: Any) -> list[Deed | None] | None:
    """Return what answers questions about each use, None where the plugin failed, which the engine then knows."""
    frames.send(packed({"confined": confine(hello)}))
    contract._connect = Connecting(socket.socket(fileno=connections), hello["network"])
    if hello["writes"]:
        contract._folder = Path(hello["writes"])
        os.environ["TMPDIR"] = hello["writes"]
    sealed.use(hello["path"], hello["sums"])
    try:
        frames.send(packed({"step": ["import", hello["package"]]}))
        implementation = Implementation(hello["package"], hello["settings"])
        prepared, deeds = [], []
        for hook, name, arguments, prose, question, served in hello["uses"]:
            frames.send(packed({"step": [hook, name]}))
            asked = Asked(name, tuple(arguments), prose)
            described, deed = implementation.use(hook, asked, _question(question), served and Served(**served))
            prepared.append(described)
            deeds.append(deed)
        data = packed({"prepared": prepared})
        if len(data) > LONGEST:
            raise NotPlainError(f"more than {LONGEST // 2**20} MiB")
        frames.send(data)
    except BaseException as error:  # sys.exit(), too
        _fail(frames, error)
    else:
        return deeds
    return None


def _question(given: dict[str, Any] | None) -> Question | None:
    if given is None:
        return None
    return Question(**{**given, "fires": tuple(given["fires"]), "quiet": tuple(given["quiet"])})


def _fail(frames: Frames, error: BaseException) -> None:
    try:
        text = str(error)[:_REPORTED]
    except BaseException:  # an exception of the plugin's own may do anything
        text = ""
    causes: dict[type[BaseException], str] = {MemoryError: "memory", NotPlainError: "nonsense"}
    cause = causes.get(type(error), "raised")
    frames.send(packed({"failed": [cause, type(error).__name__, text]}))


def _serve(frames: Frames, deeds: Sequence[Deed | None], threads: int) -> None:
    questions: SimpleQueue[Any] = SimpleQueue()
    for number in range(threads):
        threading.Thread(target=_work, args=(frames, deeds, questions), name=f"ordinance-{number}", daemon=True).start()
    while True:
        message: Any = frames.receive()
        if "ping" in message:
            frames.send(packed({"pong": message["ping"]}))
        else:
            questions.put(message)


def _work(frames: Frames, deeds: Sequence[Deed | None], questions: SimpleQueue[Any]) -> None:
    while True:
        question = questions.get()
        frames.send(_answer(deeds[question["use"]], question))


def _answer(deed: Deed | None, question: Any) -> bytes:
    number, fault = question["ask"], "nonsense"
    try:
        answer = deed(question["with"]) if deed else None
    except MemoryError:
        fault = "memory"
    except NotPlainError:
        pass
    except JudgeFaultError as error:
        fault = error.code if error.code in JUDGE_FAULTS else "raised"
    except BaseException:  # a plugin may raise anything; what that means is the engine's business
        fault = "raised"
    else:
        with suppress(ValueError):  # a number that is not finite
            data = packed({"answer": number, "is": answer})
            if len(data) <= LONGEST_ANSWER:
                return data
    return packed({"answer": number, "fault": fault})
