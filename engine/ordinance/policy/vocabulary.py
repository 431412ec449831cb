"""The words that the language, the engine and the manual share. One word, one meaning."""

from __future__ import annotations

import re
from enum import Enum, IntEnum


class Verdict(IntEnum):
    """The lattice of verdicts; joining is ``max`` (semantics, rule 11)."""

    PASS = 0
    DISCLOSE = 1
    WITHHOLD = 2
    REFUSE = 3

    @property
    def word(self) -> str:
        """The verdict as answers and records spell it."""
        return self.name.lower()


class Effect(Enum):
    """What a rule does. ``verdict`` is what it adds to an answer's verdict."""

    REFUSE = "refuse"
    WITHHOLD = "withhold"
    MASK = "mask"
    SAY = "say"
    MARK = "mark"
    PROVIDE = "provide"

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[self]

    @property
    def removes(self) -> bool:
        """Whether text may have to wait for this rule (semantics, rule 6)."""
        return self in (Effect.REFUSE, Effect.WITHHOLD, Effect.MASK)


_VERDICTS = {
    Effect.REFUSE: Verdict.REFUSE,
    Effect.WITHHOLD: Verdict.WITHHOLD,
    Effect.MASK: Verdict.WITHHOLD,
    Effect.SAY: Verdict.DISCLOSE,
    Effect.MARK: Verdict.PASS,
    Effect.PROVIDE: Verdict.DISCLOSE,
}


class Channel(Enum):
    """Where a rule looks: at everything it is asked, at everything the model says, or at one part of that."""

    PROMPT = "prompt"
    ANSWER = "answer"
    CONTENT = "content"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"


class Rank(IntEnum):
    """Who sets a slot; the highest that says something holds (semantics, rule 15)."""

    DEFAULT = 0
    HOUSE = 1
    REQUEST = 2
    LAW = 3


class NoticeKind(Enum):
    """Why a paragraph was added to an answer."""

    OMISSION = "omission"
    ADDITION = "addition"
    RED_LINE = "red_line"
    CONTACT = "contact"
    FAULT = "fault"
    ADAPTER = "adapter"
    CUT = "cut"
    HISTORY = "history"
    DECLINED = "declined"


class Occasion(Enum):
    """When a ``say`` speaks."""

    FIRST_ANSWER = "first answer of conversation"
    FIRST_OF_DAY = "first answer of day"
    EVERY_ANSWER = "every answer"
    EVERY_HOURS = "every hours"


#: The severe-harm list (RL-1). A charter that lacks one of these does not load (semantics, rule 21).
SEVERE_HARMS = frozenset({"violence", "weapons", "terrorism", "child_abuse", "persecution", "mass_surveillance"})

#: What takes people's standing among others (RL-2): the second closed list, held as the first one is.
CIVIC_HARMS = frozenset({"exclusion", "manipulation", "autonomy", "civic_participation"})

#: The red lines that every charter draws, and that it may draw.
HARMS = SEVERE_HARMS | CIVIC_HARMS

#: What an operator attests where people have texts of their own transformed (TE-1). No red line makes an exception for
#: it.
PURPOSE, TRANSFORM = "purpose", "transform"

#: Dimensions whose values are codes of places: not a closed set, for people can be anywhere.
PLACES = frozenset({"place", "seat", "market"})
#: Dimensions whose values are whole numbers.
NUMBERS = frozenset({"age", "turn", "elapsed"})
#: Built-in dimensions that a request merely claims.
CLAIMED = frozenset({"language", "turn", "elapsed"})
#: Dimensions that exist in every policy; packs may not declare them again.
BUILT_IN_DIMENSIONS = PLACES | NUMBERS | CLAIMED

#: A jurisdiction's code as packs write it: DE, EU, DE-BY.
JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
#: The code of a place that is attested; it may lie deeper than any pack does: DE-BY-M.
PLACE = re.compile(rf"{JURISDICTION.pattern}(-[A-Z0-9]{{1,3}})*")

#: Notices the engine itself may have to give; the charter must hold a text for each.
ENGINE_NOTICES = frozenset({"fault", "forged_marker", "cut", "history", "contacts", "contacts_unknown"})

#: Words that the engine sets between contacts, where a pack has them: between two values of one name, and for the
#: hours of one that always answers.
ENGINE_LABELS = frozenset({"contacts_or", "contacts_always"})

#: What stands in the place of a withheld region (semantics, rule 17).
MARKER = "⟦…⟧"
