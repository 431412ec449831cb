"""An installed plugin whose detector does, when a sentence says so, everything that a detector must not do.

The packs made here have it in a red line (a shout of ``RED``) and in a law of Testland (a shout of ``LAW``).
"""

from __future__ import annotations

from pathlib import Path

from support.packs import CHARTER, JURISDICTION, write_charter, write_jurisdiction

_PLUGIN = r"""import ctypes, itertools, os, re, sys, threading, time
from ordinance.detection import DetectorKind, Segments, Unconfigured
from ordinance.hookspecs import hookimpl

def connection():
    # what this process speaks to the engine with
    return max(int(each) for each in os.listdir("/proc/self/fd") if is_socket(each))

def is_socket(each):
    try:
        return os.readlink(f"/proc/self/fd/{each}").startswith("socket:")
    except OSError:
        return False

def write(data):
    os.write(connection(), data)

def again():
    time.sleep(0.1)
    answer = b"[[0, 4]]"  # to another question: as it was said before questions had numbers, and as it is said now
    for number in (b"", (1).to_bytes(8, "big")):
        write((len(number + answer)).to_bytes(4, "big") + number + answer)

def orphan():
    if os.fork() == 0:
        with open(os.environ["FAULTY_ORPHANS"], "a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(600)

def finds(word):
    def find(sentence):
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
            # W10: what it starts lives on
            case "CHILD": orphan(); time.sleep(60)
            case "FORKED": orphan()
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
def register_detectors():
    # Functions that no other process could be sent: it has to find them by name.
    return [
        DetectorKind("faulty.red", lambda _: Segments(finds("RED"))),
        DetectorKind("faulty.law", lambda _: Segments(finds("LAW"))),
        DetectorKind("faulty.model", lambda _: Unconfigured("FAULTY_MODEL, the path of a model")),
    ]
"""

#: What makes the detector fail; SLOW keeps a budget of a second.
RAISING = ("RAISE", "NONSENSE", "TEXTS", "TRUTHS", "FRACTIONS", "MAPPING", "THREE")
LASTING = ("EXIT", "QUIT", "CRASH", "HANG", "STUCK", "SLEEP", "ENDLESS", "MANY", "HALF", "HUGE")


def install(folder: Path) -> Path:
    """A folder that a path entry makes installed: the plugin and its entry point."""
    information = folder / "faulty_ordinance-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / "faulty_ordinance.py").write_text(_PLUGIN, "utf-8")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-ordinance\nVersion: 1.0\n", "utf-8")
    (information / "entry_points.txt").write_text("[ordinance]\nfaulty = faulty_ordinance\n", "utf-8")
    return folder


def packs(folder: Path, law_asks: str = "faulty.law") -> list[Path]:
    """A charter and a jurisdiction, XA, that ask the plugin."""
    charter = CHARTER.replace("has lexicon violence", "has any of lexicon violence, detector faulty.red", 1)
    law = JURISDICTION.replace("topic talk and", f"detector {law_asks} and").replace(
        "topic   talk  from lexicon words\n", ""
    )
    law = law.replace("scope   sentence at most 200", "scope   span")
    return [write_charter(folder / "charter", charter), write_jurisdiction(folder / "XA", law)]
