"""A text that people read is looked at as it leaves: was it spoken as asked, slot by slot? (Semantics, rule 33.)"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ordinance.runtime.adherence.addressed import Addressed
from ordinance.runtime.adherence.figures import Figures
from ordinance.runtime.adherence.guided import Guided
from ordinance.runtime.adherence.language_file import languages
from ordinance.runtime.adherence.own_prose import Piece, Prose
from ordinance.runtime.adherence.spoken import Spoken

KEPT, MISSED, CANNOT_TELL, REWRITTEN = "kept", "missed", "cannot_tell", "rewritten"
#: The worst counts.
_BAD = (KEPT, CANNOT_TELL, MISSED)

#: Characters that are looked at together: a text comes in pieces so small that each by itself would cost more.
_TOGETHER = 500
#: Characters that wait for a stretch that shows the language, before it is taken to be the one that was asked for.
_UNDECIDED = 8_000

#: Slots that words decide, and those that figures do.
_WORDS = frozenset({"language", "script"})
_FIGURES = frozenset({"numbers", "dates", "units"})

#: The value of a slot that asks to follow the prompt.
_AS_ASKED = "prompt"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an answer was to be spoken: ``slots`` by name, and the ``locale`` of the request. ``added`` is what the
    engine writes into texts. ``tells``: somebody asks in which language an answer is, whatever was asked for."""

    slots: Mapping[str, str]
    locale: str
    added: tuple[str, ...] = ()
    tells: bool = False

    @property
    def tag(self) -> str:
        """The language to be spoken, if a slot names one; else the locale."""
        language = self.slots.get("language", _AS_ASKED)
        return self.locale if language == _AS_ASKED else language


class Look:
    """Feed it what leaves of a text, in any cutting, then close it; ``states`` has the state of each slot by then."""

    def __init__(self, wanted: Wanted) -> None:
        decided = {slot for slot, value in wanted.slots.items() if value != _AS_ASKED}
        self._wanted = wanted
        self._prose = Prose(wanted.added)
        self._spoken = Spoken()
        self._speaks = wanted.tells or bool(_WORDS & decided)
        self._figures = Figures() if _FIGURES & decided else None
        self._guided = Guided() if "pedagogy" in decided else None
        self._addressed: Addressed | None = None
        self._addresses = "address" in decided
        self._waiting: list[Piece] = []
        self._waits = 0
        self._came: list[str] = []
        self._comes = 0
        self._said = False

    def take(self, text: str) -> None:
        """Take more of the text, and look at it with what comes next."""
        self._came.append(text)
        self._comes += len(text)
        if self._comes >= _TOGETHER:
            self._catch_up()

    def _catch_up(self) -> None:
        text = "".join(self._came)
        self._came.clear()
        self._comes = 0
        self._take(self._prose.take(text))
        self._said = self._said or (bool(text) and not text.isspace())

    @property
    def said(self) -> bool:
        """Whether the text says anything."""
        self._catch_up()
        return self._said

    def close(self) -> None:
        """Look at the rest of it; no more comes."""
        self._catch_up()
        self._take(self._prose.close())
        self._spoken.close()
        self._address(self._spoken.language or self._wanted.tag)

    def states(self) -> dict[str, str]:
        """Return the state of each slot."""
        self._catch_up()
        return {slot: self._state(slot, value) for slot, value in self._wanted.slots.items()}

    def is_in(self, tag: str) -> bool:
        """Return whether the text shows by its words that it is in this language, and in no other."""
        self._catch_up()
        return self._spoken.state(tag) == KEPT

    def _state(self, slot: str, value: str) -> str:
        if value == _AS_ASKED:
            return CANNOT_TELL
        if slot == "language":
            return self._spoken.state(value)
        if slot == "script":
            return self._spoken.script_state(value)
        if slot in _FIGURES and self._figures is not None:
            return self._figures.state(slot, value)
        if slot == "pedagogy" and self._guided is not None:
            return self._guided.state(value)
        if slot == "address" and self._addressed is not None:
            return self._addressed.state(value)
        return CANNOT_TELL

    def _take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if self._speaks or (self._addresses and self._addressed is None):
                self._spoken.take(piece)
            if self._figures is not None:
                self._figures.take(piece)
            if self._guided is not None:
                self._guided.take(piece)
            if not self._addresses:
                continue
            if self._addressed is not None:
                self._addressed.take(piece)
                continue
            self._waiting.append(piece)
            self._waits += len(piece.text)
            if self._spoken.language or self._waits > _UNDECIDED:
                self._address(self._spoken.language or self._wanted.tag)

    def _address(self, tag: str) -> None:
        """Look at how people are addressed in the language of ``tag``, from what has waited on."""
        if not self._addresses or self._addressed is not None:
            return
        language = languages().get(tag.partition("-")[0])
        address = None if language is None else language.address_in(self._region)
        self._addresses = address is not None
        if address is not None:
            self._addressed = Addressed(address)
            for piece in self._waiting:
                self._addressed.take(piece)
        self._waiting.clear()

    @property
    def _region(self) -> str:
        """The region of the language to be spoken, else of the locale; an empty string for none."""
        subtags = [*self._wanted.tag.split("-")[1:], *self._wanted.locale.split("-")[1:]]
        return next((each for each in subtags if len(each) == 2 and each.isupper()), "")


def adapters(
    wanted: Wanted | None,
    looks: Iterable[Iterable[Look]],
    rewritten: Collection[str] = (),
    left: Collection[str] = (),
    failed: Collection[str] = (),
) -> dict[str, list[dict[str, Any]]]:
    """Return what answers and records say of how an answer was to be spoken, from the ``looks`` at its choices: for
    each slot in force its state over all texts that say something, which is the worst; where none does, nobody can
    tell. Nothing where no slot is in force.

    A slot for which something was ``rewritten`` says so. Where something was ``left`` that a form would have rewritten,
    the slot is `missed` if nothing was rewritten, and ``left`` says so; ``fault`` does where a plugin's form
    ``failed``."""
    if wanted is None or not wanted.slots:
        return {}
    found = [look.states() for choice in looks for look in choice if look.said]
    return {
        "adapters": [
            {
                "slot": slot,
                "value": value,
                "state": REWRITTEN
                if slot in rewritten
                else MISSED
                if slot in left
                else max((each[slot] for each in found), key=_BAD.index, default=CANNOT_TELL),
                **({"left": True} if slot in left else {}),
                **({"fault": True} if slot in failed else {}),
            }
            for slot, value in wanted.slots.items()
        ]
    }
