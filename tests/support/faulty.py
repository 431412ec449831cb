"""A plugin whose detector does, when a sentence says so, everything that a detector must not do.

The packs made here have it in a red line (a shout of ``RED``) and in a law of Testland (a shout of ``LAW``).
"""

from __future__ import annotations

from pathlib import Path

from ordinance.plugins.allowed import Plugin
from support.allowing import allowed, write_plugin
from support.packs import write_asking

_PLUGIN = r"""import ctypes, itertools, os, re, sys, threading, time
from ordinance.plugin import Segments, Unconfigured, hookimpl

def write(data):
    # to the engine, on whatever this process speaks to it with
    for each in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{each}").startswith("socket:"):
                os.write(int(each), data)
        except OSError:
            pass

def again():
    time.sleep(0.1)
    for number in (0, 1, 2**63):  # to another question
        answer = b'{"number": %d, "answer": [[0, 4]]}' % number
        write(len(answer).to_bytes(4, "big") + answer)

def finds(word):
    def find(passage):
        sentence = passage.text
        print(sentence)
        deed = re.search(rf"{word}-([A-Z]+)", sentence)
        match deed and deed[1]:
            case "RAISE": raise RuntimeError(sentence)
            case "EXIT": os._exit(0)
            case "CRASH": ctypes.string_at(0)
            case "HANG":
                while True: pass
            case "STUCK": re.fullmatch("(a|a)+", "a" * 60 + "b")
            case "SLEEP": time.sleep(60)
            case "SLOW": time.sleep(0.2)
            case "ENDLESS": return itertools.repeat((0, 1))
            case "MANY": return [(0, 1)] * 1_000_000
            case "NONSENSE": return "no spans"
            # W1: two answers to one question
            case "FORK": os.fork()
            case "LATE": threading.Thread(target=again).start()
            # W11: half a message, and then nothing
            case "HALF": write(b"\0\0"); time.sleep(60)
            case "HUGE": write(b"\xff\xff\xff\xff"); time.sleep(60)
            # W12: what can be converted and is no span
            case "TEXTS": return ["01"]
            case "TRUTHS": return [(False, True)]
            case "FRACTIONS": return [(0.9, 3.9)]
            case "MAPPING": return {(0, 4): 1}
            case "THREE": return [(0, 1, 2)]
            case "QUIT": sys.exit(0)
        return [match.span() for match in re.finditer(rf"\b{word}\b", sentence)]
    return find

@hookimpl
def detector(asked):
    if asked.name == "faulty.model":
        return Unconfigured("FAULTY_MODEL, the path of a model")
    return Segments(finds(asked.name.partition(".")[2].upper()))
"""
_MANIFEST = (
    'api = 1\nvendor = "faulty"\nprovides = ["detector faulty.red", "detector faulty.law", "detector faulty.model"]\n'
)

#: What makes the detector fail; SLOW keeps a budget of a second.
RAISING = ("RAISE", "NONSENSE", "TEXTS", "TRUTHS", "FRACTIONS", "MAPPING", "THREE")
LASTING = ("EXIT", "QUIT", "CRASH", "HANG", "STUCK", "SLEEP", "ENDLESS", "MANY", "HALF", "HUGE")


def faulty(folder: Path) -> Plugin:
    """Write the plugin into a folder, and allow it."""
    written = write_plugin(folder / "faulty", _PLUGIN, _MANIFEST, name="faulty-ordinance", version="1.0")
    return allowed(written, name="faulty-ordinance", version="1.0")


def packs(folder: Path, law_asks: str = "faulty.law") -> list[Path]:
    """A charter and a jurisdiction, XA, that ask the plugin."""
    return write_asking(folder, f"detector {law_asks}", red="detector faulty.red")
