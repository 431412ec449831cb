"""An installed plugin whose detector does, when a sentence says so, everything that a detector must not do.

The packs made here have it in a red line (a shout of ``RED``) and in a law of Testland (a shout of ``LAW``).
"""

from __future__ import annotations

from pathlib import Path

from support.packs import CHARTER, JURISDICTION, write_charter, write_jurisdiction

_PLUGIN = """\
import ctypes, itertools, os, re, time
from ordinance.detection import DetectorKind, Segments, Unconfigured
from ordinance.hookspecs import hookimpl

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
        return [match.span() for match in re.finditer(rf"\\\\b{word}\\\\b", sentence)]
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
RAISING = ("RAISE", "NONSENSE")
LASTING = ("EXIT", "CRASH", "HANG", "STUCK", "SLEEP", "ENDLESS", "MANY")


def install(folder: Path) -> Path:
    """A folder that a path entry makes installed: the plugin and its entry point."""
    information = folder / "faulty_ordinance-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / "faulty_ordinance.py").write_text(_PLUGIN.replace("\\\\", "\\"), "utf-8")
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
