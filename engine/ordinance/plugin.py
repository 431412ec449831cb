"""The plugin contract, version 1: all that a plugin imports. It runs in the plugin's process, never in the engine's.

A plugin is a distribution with an entry point in the group ``ordinance`` that names its package, and a manifest
``ordinance-plugin.toml`` in that package, which the engine reads without importing anything (docs/plugins.md)::

    from ordinance.plugin import Asked, Segments, hookimpl

    @hookimpl
    def detector(asked):
        if asked.name == "acme.shouting":
            return Segments(find_shouting)

A hook takes the arguments of its specification that it needs, by name. None of the values below can say "pass",
"except" or "stop looking": what a plugin finds is added to what the rules find, and a fault counts as found
(docs/semantics.md, rule 13).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pluggy

#: The version of this contract. A manifest says which one its plugin was written for.
API = 1

hookspec = pluggy.HookspecMarker("ordinance")
hookimpl = pluggy.HookimplMarker("ordinance")

#: Offsets of a first character and of the one behind the last.
Span = tuple[int, int]
#: What the operator set for the plugin, of the types that its manifest states.
Settings = Mapping[str, str | int | float | bool | Sequence[str]]
#: One entry of the audit record (docs/record.md), a copy.
Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """One use of a detector or judge in a pack: ``detector acme.id ("EE", "PL")``.

    ``name`` is the name that the pack wrote, ``arguments`` what is in parentheses, ``prose`` what the rule says that it
    means.
    """

    name: str
    arguments: tuple[str, ...] = ()
    prose: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that a detector or judge looks at.

    ``text`` is what was written. ``folded`` is the same text as rules compare it: lower case, plain digits and letters,
    no accents, nothing invisible (docs/matching.md). ``offsets`` has, for each character of ``folded`` and for its end,
    the offset in ``text``. ``before`` is the folded text before it, at most as long as the plugin asked for.
    """

    text: str
    folded: str
    offsets: Sequence[int]
    before: str = ""

    def span(self, start: int, end: int) -> Span:
        """Return the offsets in ``text`` of the characters ``start`` to ``end`` of ``folded``. Where one character of
        ``text`` is several of ``folded``, the span has it whole."""
        while start < end < len(self.folded) and self.offsets[end] == self.offsets[end - 1]:
            end += 1
        return self.offsets[start], self.offsets[end]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in the dialect of docs/patterns.md. It matches folded text, and keeps case unless
    ``any_case``."""

    source: str
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class Expressions:
    """Phrases (any case, whole words where they begin or end in a letter) and patterns, found by the engine itself:
    exactly, also on a stream."""

    phrases: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Shapes that the engine finds exactly on a stream; the plugin decides about each candidate.

    ``accepts`` gets the candidate and at most ``before`` folded characters before it, and returns a truth value. It
    must be a pure function. A pattern that reads more or fewer letters and digits before its end can match twice up to
    one end; the engine then asks about the longer match only. So write one pattern for each length, unless what decides
    is the same for both, as in an e-mail address.
    """

    shapes: tuple[Pattern, ...]
    accepts: Callable[[Passage], bool]
    before: int = 0


@dataclass(frozen=True, slots=True)
class Segments:
    """A function of closed sentences: ``find`` returns a list of spans in ``Passage.text``, and must be pure.

    A sentence that does not end is shown in windows, each of which repeats the last ``overlap`` characters of the one
    before, so that no cut hides a match that is shorter.
    """

    find: Callable[[Passage], Iterable[Span]]
    overlap: int = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """``score`` returns a number from 0 to 1 for each of the passages; the pack decides from which on it counts.

    ``Passage.text`` is judged; ``Passage.before`` is what was asked, where an answer is judged. ``version`` names what
    else scores depend on, such as the wording of a prompt: a calibration holds for one version. ``score`` raises
    ``JudgeFaultError`` where it cannot tell.
    """

    score: Callable[[Sequence[Passage]], Sequence[float]]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a judged rule asks. ``rule`` is its id, ``means`` what it forbids in its pack's words, ``excludes`` what
    these do not mean; ``fires`` and ``quiet`` are texts of its examples on which it acts and does not act."""

    rule: str
    means: str
    excludes: str = ""
    fires: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """The model that the operator named for a judge. ``url`` is its address, to which ``connect()`` connects; ``model``
    the name that its answers must have; ``renderer`` how it is asked; ``seconds`` how long an answer may take;
    ``labels`` which of its own categories mean which rules."""

    url: str
    model: str
    renderer: str
    seconds: float
    labels: Mapping[str, Sequence[str]]

    @property
    def address(self) -> str:
        """Return the ``HOST:PORT`` of ``url``, as ``connect()`` takes it."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


#: Why a judge cannot tell: no answer in time, nobody there, an answer that is none, another model's answer.
JUDGE_FAULTS = ("late", "unreachable", "unreadable", "wrong_model")


class JudgeFaultError(Exception):
    """A judge cannot tell. ``code`` is one of ``JUDGE_FAULTS``, and all that the engine is told."""

    def __init__(self, code: str) -> None:
        if code not in JUDGE_FAULTS:
            raise ValueError(f"a fault of a judge is one of {', '.join(JUDGE_FAULTS)}")
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Form:
    """Rewrites the form of a text, never its substance.

    ``rewrite`` is shown passages and returns each, rewritten or as it is: of a line as many whole words as have at most
    ``width`` characters together, which wait for it (2 to 500). They contain no code, no links and no quotations. It
    must be a pure function. The engine's own witness decides whether the substance is the same; line breaks and
    invisible characters stay as they are, and nothing becomes longer than twice its length and 100 characters.
    """

    rewrite: Callable[[str], str]
    width: int


@dataclass(frozen=True, slots=True)
class Sink:
    """``write`` stores or sends copies of records of requests; they contain no text."""

    write: Callable[[Sequence[Record]], None]


@dataclass(frozen=True, slots=True)
class Unconfigured:
    """What the operator has to set first; ``missing`` names it. Where a red line asks for it, the load stops; elsewhere
    the detector is struck out, which start-up and ``/ready`` show."""

    missing: str


class Hooks:
    """What the engine asks a plugin for. A hook takes those of its arguments that it needs, by name, in any order.

    Each docstring says what the hook returns; after ``Runs``, when and where it runs; after ``Fails``, what a failure
    means: an exception, an exit, another type, or no answer within ``limits``.
    """

    @hookspec(firstresult=True)
    def detector(self, asked: Asked, settings: Settings) -> Expressions | Candidates | Segments | Unconfigured | None:
        """Return how ``asked`` is found, or None where the name is not this plugin's.

        Runs: in the plugin's process, once for each use in a pack, whenever such a process starts: as a policy is
        loaded, and again when a process is replaced. What it returns is called for candidates and sentences of prompts
        and answers, in any thread, several at once, in any order.

        Fails: at the start, the load stops and names the plugin, and a running server keeps its policy. Later it counts
        as found: a red line refuses; another rule that removes text leaves the passage out; others let it pass. The
        answer says that a fault was the reason.
        """

    @hookspec(firstresult=True)
    def judge(
        self, asked: Asked, settings: Settings, question: Question, served: Served | None
    ) -> Judged | Unconfigured | None:
        """Return how ``question`` is judged, or None where the name is not this plugin's. ``asked.prose`` is what the
        question means; ``served`` is None where the operator named no address for the judge.

        Runs: as ``detector``. What it returns is called with batches of passages, which may come from several requests.
        ``Unconfigured`` for one question leaves that question to other judges.

        Fails: as ``detector``.
        """

    @hookspec(firstresult=True)
    def form(self, asked: Asked, settings: Settings) -> Form | Unconfigured | None:
        """Return how text is rewritten, or None where the name is not this plugin's.

        Runs: as ``detector``. What it returns is called with passages of answers that the rules have read, and the
        rules read what it returns.

        Fails: at the start, as ``detector``. Later the passage stays as it was, and the answer's metadata says so; so
        it does where the witness cannot tell that the substance is the same.
        """

    @hookspec(firstresult=True)
    def audit_sink(self, settings: Settings) -> Sink | Unconfigured | None:
        """Return where records go.

        Runs: in the plugin's process, when the server starts. What it returns is called, in one thread, with copies of
        records, which wait in a bounded queue once their responses have ended.

        Fails: at the start, the server does not start, or keeps its policy. Later the records are lost and counted, and
        ``/ready`` and standard error say how many and why; no request waits and none fails.
        """

    @hookspec(firstresult=True)
    def health(self, settings: Settings) -> Sequence[str] | None:
        """Return what is wrong, one line each, nothing if all is well.

        Runs: in the plugin's process, every 30 seconds.

        Fails: that is something wrong too. ``/ready`` shows the lines; they can only make it worse.
        """


#: Set by the plugin's process before the plugin is imported.
_connect: Callable[[str], socket.socket] | None = None
_folder: Path | None = None


def connect(address: str) -> socket.socket:
    """Return a socket that the engine has connected to ``address``, ``HOST:PORT`` or ``unix:PATH``, which the operator
    named in ``network``; a plugin cannot connect by itself. Raises ``PermissionError`` for any other address, and
    ``OSError`` where nothing answers."""
    if _connect is None:
        raise PermissionError("connect() works in a process that the engine has started")
    return _connect(address)


def folder() -> Path:
    """Return the one folder in which the plugin may write, which the operator named in ``folder``. Raises
    ``PermissionError`` where none was named."""
    if _folder is None:
        raise PermissionError("the operator has named no `folder` for this plugin")
    return _folder
