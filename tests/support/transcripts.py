"""Conversations as transcripts: what a person wrote, what was on their screen, and what the model was sent.

A script (``tests/cases/conversations/*.yaml``) says who asks what at which time and what the model would answer. Its
transcript is a text to be read; the ``openai`` client and the chat page must both give it, to the letter.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import takewhile, zip_longest
from pathlib import Path
from textwrap import fill, wrap
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import pytest
import yaml

from ordinance.serve.door.policies import policies_of
from ordinance.settings.model import Settings
from support.checkout import CASES, ROOT
from support.clock import Clock
from support.serving import OpenGateway, RunningGateway, ScriptedUpstream, say

FOLDER = CASES / "conversations"
SCRIPTS = sorted(FOLDER.glob("*.yaml"))
#: The day of every conversation, and the key of those that have one.
DAY = date(2026, 11, 26)
KEY = "a-key-for-tests"
#: Characters that the model says at a time.
_PIECE = 7
_WIDTH, _COLUMN = 118, 60

#: The names of those who speak, as a transcript has them.
_SPEAKERS = {"system": "operator", "user": "person", "assistant": "model"}


class Block(NamedTuple):
    """What stands on the screen in one piece: the model's words, or a notice."""

    text: str
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as a person has it before them, and what the page says beside it: a ``verdict``, and what ``happened``
    with the rules and laws."""

    blocks: Sequence[Block]
    verdict: str
    happened: Sequence[str]


class Holder(Protocol):
    """A client that holds a conversation, and sends all of it back with each question."""

    def ask(self, question: str, language: str) -> Heard: ...


@dataclass(frozen=True, slots=True)
class Script:
    """See the module; ``name`` is that of its file, and times are those of ``zone``."""

    name: str
    title: str
    scene: str
    zone: ZoneInfo
    settings: dict[str, Any]
    turns: list[dict[str, str]]

    def open(self, open_gateway: OpenGateway, folder: Path) -> RunningGateway:
        """Start the gateway of the scene, which remembers conversations in ``folder`` and shows the chat page."""
        settings = {**self.settings, "chat": True, "conversation": {"store": f"sqlite:{folder / 'memory.sqlite'}"}}
        if "packs" in settings:
            settings["packs"] = [str(ROOT / pack) for pack in settings["packs"]]
        return open_gateway(policies_of(Settings.model_validate(settings), DAY), **settings)

    def clock(self, patch: pytest.MonkeyPatch) -> Clock:
        """Put a clock of the place into the gateway."""
        return Clock(patch, datetime.combine(DAY, time(), self.zone))


def script(path: Path) -> Script:
    said = yaml.safe_load(path.read_text("utf-8"))
    return Script(
        path.stem, said["title"], said["scene"].strip(), ZoneInfo(said["zone"]), said["settings"], said["turns"]
    )


def transcript(script: Script, holder: Holder, upstream: ScriptedUpstream, clock: Clock) -> str:
    """Hold the conversation; what came of it, to be read."""
    told = [script.title, "=" * len(script.title), "", fill(script.scene, _WIDTH), ""]
    language, before = "", list[Any]()
    for turn in script.turns:
        upstream.reset()
        upstream.script = say(turn["model"], range(_PIECE, len(turn["model"]), _PIECE))
        clock.at(turn["at"])
        language = turn.get("language", language)
        heard = holder.ask(turn["person"], language)
        sent = upstream.asked[-1].json["messages"] if upstream.asked else None
        told += [*_turn(turn, language, heard, None if sent is None else list(_read(sent, before))), ""]
        before = sent or before
    return "\n".join(line.rstrip() for line in told)


def check(script: Script, told: str, folder: Path = FOLDER) -> None:
    """Compare with the golden text; with ``ORDINANCE_GOLDEN=write`` it is written anew, to be read by somebody."""
    golden = folder / f"{script.name}.txt"
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        golden.write_text(told, "utf-8")
    assert told == golden.read_text("utf-8")


def _turn(turn: dict[str, str], language: str, heard: Heard, sent: list[str] | None) -> list[str]:
    screen = [line for block in heard.blocks for line in [*_wrapped(block), ""]]
    read = ["(nothing: the model was not asked)"] if sent is None else sent
    rows = zip_longest(["On the screen", "", *screen[:-1]], ["Sent to the model", "", *read], fillvalue="")
    asked = fill(f"{turn['at']} [{language}]  {turn['person']}", _WIDTH, subsequent_indent=" " * 12)
    return [
        "-" * _WIDTH,
        asked,
        "",
        *(f"  {left:{_COLUMN}} | {right}" for left, right in rows),
        "",
        *(fill(line, _WIDTH, initial_indent="  ", subsequent_indent="      ") for line in _beside(heard)),
    ]


def _wrapped(block: Block) -> list[str]:
    return [
        ("» " if block.notice else "") + line
        for part in block.text.split("\n")
        for line in wrap(part, _COLUMN - 2 * block.notice, break_on_hyphens=False) or [""]
    ]


def _read(sent: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]) -> Iterable[str]:
    """What the model reads; of what it read the last time, how many messages there are."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(sent, before, strict=False)))
    if same:
        yield f"({same} {'message' if same == 1 else 'messages'} as before)"
    for message in sent[same:]:
        yield from wrap(
            f"{_SPEAKERS[message['role']]}: {message['content']}", _WIDTH - _COLUMN - 5, break_on_hyphens=False
        )


def _beside(heard: Heard) -> list[str]:
    return [f"=> {heard.verdict}", *(f"   {line}" for line in heard.happened)]
