"""A plugin that does, when a text says so, everything that a plugin must not do."""

from __future__ import annotations

import time

from ordinance.plugin import Passage, Span
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import FaultError
from ordinance.plugins.pool import TURN_SECONDS, Pool
from support.plugin_folders import finds, passage

BUDGET = Budget(seconds=1.0, processes=2, start=60.0)
#: The longest that a question may take, in seconds.
BOUND = TURN_SECONDS + BUDGET.seconds + 5

#: What only a foreign answer has. It lies in every text.
FOREIGN = (70, 71)
_LENGTH = 72

#: What a text may say, and what is done then.
DEEDS = {
    "FINE": "pass",
    "RAISE": "raise RuntimeError(text)",
    "EXIT": "sys.exit(0)",
    "LEAVE": "os._exit(0)",
    "CRASH": "ctypes.string_at(0)",
    "KILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "STOP": "os.kill(os.getpid(), signal.SIGSTOP); time.sleep(600)",
    "LOOP": "while True: pass",
    "STUCK": "re.fullmatch('(a|a)+', 'a' * 60 + 'b')",
    "SLEEP": "time.sleep(600)",
    "LATE": "time.sleep(2)",
    "NONE": "return None",
    "TYPE": "return [('0', True)]",
    "FAR": "return [(0, 10 ** 9)]",
    "MANY": "return [(0, 1)] * 200_000",
    "ENDLESS": "return itertools.repeat((0, 1))",
    "NAN": "return [(math.nan, 1)]",
    "MEMORY": "kept = bytearray(1 << 32)",
    "FORK": "os.fork()",
    "CHILD": "if os.fork() == 0: time.sleep(600)",
    "SESSION": "os.setsid()",
    "PROGRAM": "subprocess.Popen(['/bin/sleep', '600'])",
    "THREADS": "for _ in range(8): threading.Thread(target=time.sleep, args=(2,), daemon=True).start()",
    "HALF": "frames._connection.send(bytes([0, 0])); time.sleep(600)",
    "LONG": "frames._connection.send(bytes([255]) * 99); time.sleep(600)",
    "TWICE": "frames.send(packed({'answer': question['ask'], 'is': right})); right = foreign",
    "OTHER": "frames.send(packed({'answer': question['ask'] ^ 1, 'is': foreign}))",
    # Long answered. That of one which another thread of this process still works on is the plugin's to give, and no
    # worse than its answer to that question itself.
    "EARLIER": "if len(earlier) == 32: frames.send(packed({'answer': earlier[0], 'is': foreign}))",
    "AGAIN": "threading.Timer(0.05, frames.send, [packed({'answer': question['ask'], 'is': foreign})]).start()",
    "FLOOD": "while True: frames.send(packed({'answer': question['ask'] + 1, 'is': foreign}))",
    "PONGS": "while True: frames.send(packed({'pong': 1}))",
    "NOISE": "frames.send(packed([[[]]])); frames.send(packed('x' * 100_000))",
    "PRINT": "print(text * 100_000); sys.stderr.write(text)",
    "CLOSE": "os.closerange(0, 100); time.sleep(600)",
}
#: Those after which the plugin still answers for the same text.
HARMLESS = {"FINE", "THREADS", "PRINT"}


def source(right: str, foreign: str, unless: str = "False") -> str:
    """The source of a detector that does what its text says; ``right`` and ``foreign`` are expressions of ``text`` and
    ``number`` that give its answer, and one that no question has. It finds nothing where ``unless`` is true."""
    cases = (
        f"    case {name!r}:\n" + "".join(f"        {line}\n" for line in deed.splitlines())
        for name, deed in DEEDS.items()
    )
    return "from collections import deque\nearlier = deque(maxlen=32)\n" + finds(f"""\
if {unless}:
    return []
frame = sys._getframe()
while "frames" not in frame.f_locals:
    frame = frame.f_back
frames, question = frame.f_locals["frames"], frame.f_locals["question"]
from ordinance.plugins.inside.frames import packed
number = int(text.split()[1])
right, foreign = {right}, {foreign}
match text.split()[0]:
{"".join(cases)}
earlier.append(question['ask'])
return right""")


SOURCE = source("[[number % 60, number % 60 + 1]]", "[[70, 71]]")


def asks(deed: str, number: int) -> Passage:
    """The text that has ``deed`` done; ``number`` decides what is right."""
    return passage(f"{deed} {number} ".ljust(_LENGTH, "x"))


def right(number: int) -> list[Span]:
    """The answer to a text with that ``number``."""
    return [(number % 60, number % 60 + 1)]


def ask(pool: Pool, deed: str, number: int) -> str:
    """Ask, and return the code of a fault, or nothing for the right answer; anything else fails."""
    began = time.monotonic()
    try:
        found = pool.find(0, asks(deed, number))
    except FaultError as error:
        return error.cause
    finally:
        assert time.monotonic() - began < BOUND, deed
    assert found == right(number), f"{deed}: an answer to another question"
    return ""
