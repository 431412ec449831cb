"""Sessions whose answers are rewritten by functions of the test, as by the forms of plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from ordinance.detection import Form
from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.forming import forming, write_house
from support.packs import TODAY

Rewrite = Callable[[str], str]


@cache
def house(rewrite: str, slots: str) -> Plan:
    """The plan of a house that has answers rewritten by a plugin."""
    folder = Path(mkdtemp())
    pack = write_house(folder / "house", rewrite, slots)
    return load([pack], plugins=[forming(folder / "plugin")], on=TODAY).plan


def session(
    given: Mapping[str, Form],
    rewrite: str = "spelling by acme.swiss",
    slots: str = "spelling de-CH",
    *,
    whole: bool = False,
) -> Session:
    """A session whose answers the forms ``given`` rewrite, by the names that the pack writes."""
    plan = replace(house(rewrite, slots), forms=dict(given))
    return Session(plan, situate(plan, jurisdiction=None, on=TODAY), "de", whole=whole)


def answered(session: Session, pieces: Iterable[str]) -> str:
    """What leaves of an answer that comes in ``pieces``."""
    stream = session.stream()
    return "".join([*(stream.feed(piece) for piece in pieces), stream.close()])
