"""Plugins with a fault each, and the codes under which the kit must report it: no more and no less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from support.swedish import CATALOGUE
from support.wheels import unpacked, wheel

PACKAGE = "acme_planted"
_HEAD = """\
import contextlib, ctypes, itertools, json, os, random, re, signal, socket, subprocess, sys, threading, time
from ordinance.plugin import (
    Asked, Candidates, Expressions, Form, Judged, JudgeFaultError, Pattern, Segments, Sink, Unconfigured, connect,
    folder, hookimpl,
)
"""
_SOUND = "return [passage.span(*each.span()) for each in re.finditer('secret', passage.folded)]"
_MORE = f"{_SOUND} + [(0, 1)] * bool(more)"
_DETECTOR = """
@hookimpl
def detector(asked):
    if asked.name == "acme.word":
        {given}
"""
_JUDGE = """
def score(passages):
{score}

@hookimpl
def judge(asked):
    return Judged(score) if asked.name == "acme.word" else None
"""
EXAMPLES = """
[[example]]
use = "detector acme.word"
fires = ["There is a SECRET here.", "A secret 1."]
quiet = ["There is nothing here."]
"""
JUDGED = """
[[example]]
use = "judge acme.word"
prose = "It is loud."
fires = ["LOUD"]
quiet = ["quiet"]
"""
REWRITTEN = """
[[example]]
use = "form acme.word"
language = "de"
rewrites = [["Straße", "Strasse"]]
"""


@dataclass(frozen=True)
class Planted:
    """A plugin with a fault. ``row`` is its number in the list of faults that the kit was made for, 0 for another.
    ``mays`` are codes that it has too where the sandbox is, or is not, in force."""

    row: int
    name: str
    codes: frozenset[str]
    code: str
    provides: str = '"detector acme.word"'
    manifest: str = ""
    examples: str = EXAMPLES
    api: str = "1"
    files: Mapping[str, str] = field(default_factory=dict)
    mays: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.row} {self.name}"

    def laid(self, folder: Path) -> Path:
        """The plugin as pip would install it into a folder in ``folder``."""
        manifest = f'api = {self.api}\nvendor = "acme"\nprovides = [{self.provides}]\n{self.manifest}'
        files = {
            f"{PACKAGE}/__init__.py": self.code,
            f"{PACKAGE}/ordinance-plugin.toml": manifest,
            f"{PACKAGE}/ordinance-examples.toml": self.examples,
            **self.files,
        }
        made = wheel(
            folder / "wheels", PACKAGE.replace("_", "-"), files=files, points=f"[ordinance]\nacme = {PACKAGE}\n"
        )
        return unpacked(made, folder / "plugin")


def finding(row: int, name: str, codes: str, find: str, *, top: str = "", mays: str = "", **more: Any) -> Planted:
    """A detector by sentences, whose ``find`` has this body; ``top`` is code of the module."""
    code = f"{_HEAD}{dedent(top)}\ndef find(passage):\n{indent(dedent(find), '    ')}\n"
    code += _DETECTOR.format(given="return Segments(find)")
    return Planted(row, name, _codes(codes), code, mays=_codes(mays), **more)


def giving(row: int, name: str, codes: str, given: str, *, top: str = "", **more: Any) -> Planted:
    """A plugin whose hook ``detector`` has this body, for its name."""
    code = f"{_HEAD}\ndef find(passage):\n    {_SOUND}\n{dedent(top)}\n"
    code += _DETECTOR.format(given=indent(dedent(given), " " * 8).strip())
    return Planted(row, name, _codes(codes), code, **more)


def judging(name: str, codes: str, score: str, **more: Any) -> Planted:
    code = _HEAD + _JUDGE.format(score=indent(dedent(score), "    "))
    return Planted(0, name, _codes(codes), code, '"judge acme.word"', examples=JUDGED, **more)


def other(name: str, codes: str, code: str, provides: str, examples: str = "", **more: Any) -> Planted:
    return Planted(0, name, _codes(codes), _HEAD + dedent(code), provides, examples=examples, **more)


def _codes(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


#: Writes ``frame`` to each open descriptor, as somebody would who looks for the engine's.
_WRITE = """
def to_the_engine(frame):
    for descriptor in range(3, 40):
        with contextlib.suppress(OSError):
            os.write(descriptor, frame)
"""
_SHAPE = 'Candidates((Pattern("secret [0-9]", any_case=True),), accepts)'
_CANDIDATES = """
[[example]]
use = "detector acme.word"
fires = ["A secret 1."]
quiet = ["A secret 2."]
"""


def instructing(name: str, code: str, catalogue: str, language: str = "sv") -> Planted:
    """A plugin that brings a ``catalogue`` of instructions in ``language``."""
    return other(name, code, "", "", files={f"{PACKAGE}/a.toml": catalogue},
                 manifest=f'[instructions]\n{language} = "a.toml"')  # fmt: skip


PLANTED = (
    finding(1, "raises", "raises", "if 'train' in passage.folded: raise ValueError\n" + _SOUND, top="x = 1"),
    finding(1, "raises always", "raises", "raise RuntimeError"),
    finding(1, "nothing", "answer-type", "return None"),
    finding(1, "outside", "answer-outside", "return [(0, len(passage.text) + 1)]"),
    finding(1, "backwards", "answer-outside", "return [(3, 1)]"),
    finding(1, "endless", "answer-large", "return itertools.repeat((0, 1))"),
    finding(1, "many", "answer-large", "return [(0, 1)] * 300_000"),
    finding(2, "hangs in Python", "late", "while True: pass"),
    finding(2, "hangs in C", "late", "re.match('(a+)+$', 'a' * 60 + '!')"),
    finding(2, "is stopped", "late sends-signal", "os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(9)"),
    finding(2, "crashes", "dies", "ctypes.string_at(0)"),
    finding(2, "ends", "dies", "os._exit(0)"),
    finding(2, "exits", "raises", "sys.exit(0)"),
    finding(3, "forks and returns twice", "starts-process", f"os.fork()\n{_SOUND}", mays="answer-twice raises"),
    finding(
        3, "a thread answers too", "answer-twice",
        f"threading.Thread(target=to_the_engine, args=(FRAME,)).start()\ntime.sleep(0.1)\n{_SOUND}",
        top=_WRITE + "DATA = b'{\"answer\": 1, \"is\": []}'\nFRAME = len(DATA).to_bytes(4, 'big') + DATA",
    ),
    finding(4, "half a message", "answer-broken", f"to_the_engine(bytes([0, 0, 9, 9, 9]))\n{_SOUND}", top=_WRITE),
    finding(4, "garbage", "answer-broken", f"to_the_engine(b'\\xff' * 8)\n{_SOUND}", top=_WRITE),
    finding(
        5, "a child that lives on", "starts-process",
        f"subprocess.Popen(['/bin/sleep', '60'], start_new_session=True)\n{_SOUND}", mays="process-left raises",
    ),
    finding(6, "texts as numbers", "answer-type", "return ['01']"),
    finding(6, "truth values", "answer-type", "return [(False, True)]"),
    finding(6, "fractions", "answer-type", "return [(0.9, 3.9)]"),
    finding(6, "a mapping", "answer-type", "return {(0, 4): 1}"),
    giving(7, "exits at import", "start-exits", "return Segments(find)", top="sys.exit(0)"),
    giving(7, "ends at import", "start-exits", "return Segments(find)", top="os._exit(0)"),
    giving(7, "exits in the hook", "start-exits", "sys.exit(0)"),
    giving(8, "hangs at import", "start-late", "return Segments(find)", top="while True: pass"),
    giving(8, "hangs in the hook", "start-late", "while True: pass"),
    giving(
        9, "changes the engine", "engine-import", "return Segments(find)",
        top="with contextlib.suppress(ImportError):\n    import ordinance.detectors.builtin as it\n    it.x = None",
    ),
    giving(
        9, "looks for the engine", "engine-import", "return Segments(find)",
        top="with contextlib.suppress(ImportError):\n    __import__('ordinance.loading.load')",
    ),
    giving(9, "needs the engine", "engine-import", "return Segments(find)", top="import ordinance.errors"),
    finding(
        10, "changes its own file", "uses-files",
        "with contextlib.suppress(OSError), open(__file__, 'ab', buffering=0) as file: file.write(b'#')\n" + _SOUND,
        mays="file-changed impure",
    ),
    finding(11, "by chance", "impure", f"more = len(passage.text) > 30 and random.random() < 0.5\n{_MORE}"),
    finding(
        11, "by count of calls", "impure", f"more = len(passage.text) == 1 and next(COUNT) % 2\n{_MORE}",
        top="COUNT = itertools.count()",
    ),
    finding(
        11, "by process", "impure", f"more = len(passage.text) > 30 and hash((passage.text, SALT)) % 2\n{_MORE}",
        top="SALT = time.time_ns()",
    ),
    giving(12, "no overlap", "cut-hides", "return Segments(find, overlap=0)"),
    finding(
        12, "raw text", "folding-hides",
        "return [each.span() for each in re.finditer('secret', passage.text.lower())]",
    ),
    finding(
        12, "only full width", "folding-hides",
        "import unicodedata\ntext = unicodedata.normalize('NFKC', passage.text)\n"
        "return [each.span() for each in re.finditer('secret', text.lower())]",
    ),
    finding(
        13, "network", "uses-network",
        f"with contextlib.suppress(OSError): socket.create_connection(('127.0.0.1', 9), 0.1)\n{_SOUND}",
    ),
    finding(13, "file", "uses-files", f"with contextlib.suppress(OSError): open('/etc/hostname').read()\n{_SOUND}"),
    finding(13, "writes a file", "uses-files", f"with contextlib.suppress(OSError): open('/tmp/x', 'w')\n{_SOUND}"),
    finding(13, "environment", "uses-environment", f"os.environ.get('ORDINANCE_UPSTREAM__KEY')\n{_SOUND}"),
    finding(13, "parent", "sends-signal", f"with contextlib.suppress(OSError): os.kill(os.getppid(), 0)\n{_SOUND}"),
    finding(13, "memory", "memory", "bytearray(1 << 30)", manifest="[needs]\nmemory_mb = 256"),
    finding(
        0, "threads", "threads",
        "threading.stack_size(32768)\nfor _ in range(2000):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        f"time.sleep(60)\n{_SOUND}",
    ),
    finding(14, "another vendor's name", "name-foreign", _SOUND, provides='"detector other.word"'),
    Planted(
        14, "answers to any name", _codes("name-foreign name-unlisted"),
        f"{_HEAD}\ndef find(passage):\n    {_SOUND}\n@hookimpl\ndef detector(asked):\n    return Segments(find)\n",
    ),
    giving(15, "prints at import", "prints", "return Segments(find)", top="print('hello')"),
    finding(15, "prints a text", "prints", f"print(passage.text, file=sys.stderr)\n{_SOUND}"),
    giving(
        16, "a hook that nobody asks", "hook-unknown", "return Segments(find)",
        top="@hookimpl(optionalhook=True)\ndef register_audit_sinks():\n    return []",
    ),
    giving(
        16, "a hook's name is wrong", "hook-unknown", "return Segments(find)", top="@hookimpl\ndef detectors(): ...",
    ),
    giving(16, "a hook that the manifest does not list", "hook-unlisted", "return Segments(find)",
           top="@hookimpl\ndef health():\n    return []"),
    giving(17, "numbers as phrases", "start-type", "return Expressions(phrases=(1, 2))"),
    giving(17, "a text as phrases", "start-type", "return Expressions(phrases='SECRET')"),
    giving(17, "a text as a function", "start-type", "return Segments('find')"),
    giving(17, "a text as a pattern", "start-type", "return Expressions(patterns=('secret',))"),
    giving(17, "a list", "start-type", "return [find]"),
    giving(0, "raises at import", "start-raises", "return Segments(find)", top="1 / 0"),
    giving(0, "raises in the hook", "start-raises", "1 / 0"),
    giving(0, "another overlap each time", "start-differs",
           "return Segments(find, overlap=200 + time.time_ns() // 1000 % 89)"),
    giving(0, "nothing for its name", "name-missing", "return None"),
    giving(0, "a pattern without an end", "expression-invalid", "return Expressions(patterns=(Pattern('a+'),))"),
    giving(0, "an empty phrase", "expression-invalid", "return Expressions(phrases=('\\u200d',))"),
    giving(0, "is not configured", "unconfigured", "return Unconfigured('a model')"),
    giving(0, "another version", "api-version", "return Segments(find)", api="2"),
    giving(0, "no manifest", "manifest-invalid", "return Segments(find)", manifest="[["),
    giving(0, "a setting without a value", "unconfigured", "return Segments(find)",
           manifest='[settings.model]\ntype = "text"\ndescription = "Which."'),
    giving(0, "no examples", "examples-missing", "return Segments(find)", examples=""),
    giving(0, "examples of another name", "examples-invalid examples-missing", "return Segments(find)",
           examples='[[example]]\nuse = "detector acme.other"'),
    finding(0, "finds nothing", "example-missed", "return []"),
    finding(0, "finds everything", "example-found", "return [(0, len(passage.text))] if passage.text else []"),
    giving(0, "a number for yes", "answer-type", f"return {_SHAPE}", top="def accepts(passage): return 1",
           examples=_CANDIDATES),
    giving(0, "a candidate's raw text", "folding-hides", f"return {_SHAPE}",
           top="def accepts(passage): return passage.text.endswith('secret 1')", examples=_CANDIDATES),
    giving(0, "a shape of two lengths", "shape-hides",
           r"return Candidates((Pattern(r'\b(?:[0-9]{2} )?[0-9]{4}\b'),), accepts)",
           top="def accepts(passage): return sum(int(each) for each in passage.folded if each.isdigit()) == 10",
           examples='[[example]]\nuse = "detector acme.word"\nfires = ["1234"]\nquiet = ["1235"]'),
    giving(0, "a slow check", "late", f"return {_SHAPE}", top="def accepts(passage): time.sleep(9)",
           examples=_CANDIDATES),
    judging("a score above 1", "answer-outside", "return [1.5 for _ in passages]"),
    judging("a truth value as a score", "answer-type", "return [True for _ in passages]"),
    judging("too few scores", "answer-outside", "return [0.5]*(len(passages) - 1)"),
    judging("scores by their neighbours", "impure",
            "return [float(len(passages) > 1 or each.text == 'LOUD') for each in passages]"),
    judging("a model that is not there", "judge-fails", "raise JudgeFaultError('unreachable')"),
    judging("scores nothing", "example-missed", "return [0.0 for _ in passages]"),
    other("a form of another type", "answer-type",
          "@hookimpl\ndef form(asked): return Form(lambda text: None, 20) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN),
    other("a form that does nothing", "example-rewritten",
          "@hookimpl\ndef form(asked): return Form(str, 20) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN),
    other("a form by chance", "impure",
          "def f(text): return text.replace('ß', 'ss') + (str(random.random()) if len(text) > 30 else '')\n"
          "@hookimpl\ndef form(asked): return Form(f, 40) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN),
    other("a form that answers too much", "answer-outside",
          "@hookimpl\ndef form(asked): return Form(lambda text: text * 100, 20) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN),
    other("a form that moves text to the other side", "answer-outside",
          "@hookimpl\ndef form(asked): return Form('\\u202e{}'.format, 20) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN),
    other("a form that changes a number", "substance-changed",
          "def f(text): return text.replace('ß', 'ss').replace('3 Stück', '4 Stück')\n"
          "@hookimpl\ndef form(asked): return Form(f, 40) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN.replace('sse"]]', 'sse"], ["Es sind 3 Stück.", "Es sind 4 Stück."]]')),
    other("a form that changes a word", "substance-changed",
          "def f(text): return text.replace('ß', 'ss').replace('erlaubt', 'verboten')\n"
          "@hookimpl\ndef form(asked): return Form(f, 40) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN.replace('sse"]]', 'sse"], ["Es ist erlaubt.", "Es ist verboten."]]')),
    other("a form that sees no word", "start-type",
          "def f(text): return text.replace('ß', 'ss')\n"
          "@hookimpl\ndef form(asked): return Form(f, 1) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN),
    other("a form for a language that nobody knows", "examples-invalid",
          "@hookimpl\ndef form(asked): return Form(str, 20) if asked.name == 'acme.word' else None",
          '"form acme.word"', REWRITTEN.replace('"de"', '"xx"'), mays=_codes("examples-missing")),
    other("a sink that raises", "raises", "@hookimpl\ndef audit_sink(): return Sink(lambda records: 1 / 0)", '"sink"'),
    other("a sink without its setting", "unconfigured", "@hookimpl\ndef audit_sink(): return Unconfigured('x')",
          '"sink"'),
    other("health is a text", "answer-type", "@hookimpl\ndef health(): return 'all is well'", '"health"'),
    finding(0, "health tells a text", "text-told", f"SEEN.append(passage.text)\n{_SOUND}",
            top="SEEN = []\n@hookimpl\ndef health(): return SEEN[-1:]", provides='"detector acme.word", "health"'),
    other("a pack with an error", "pack-fails", "", "", files={f"{PACKAGE}/a.ord": "house"},
          manifest='packs = ["a.ord"]'),
    instructing("a slot that does not exist", "instructions-invalid",
                CATALOGUE.replace("[sentences.units]", "[sentences.colour]")),
    instructing("a sentence with a line break", "instructions-invalid",
                CATALOGUE.replace("människor.", "\\nmänniskor.")),
    instructing("a sentence that is too long", "instructions-invalid",
                CATALOGUE.replace("människor.", f"{'människor ' * 60}.")),
    instructing("a value without a sentence", "instructions-missing", CATALOGUE.replace('metric = "', '# "')),
    instructing("a language of the engine", "instructions-taken", CATALOGUE, "de"),
)  # fmt: skip
