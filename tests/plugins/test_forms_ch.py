"""The form that third parties copy, from source to a stream: Swiss spelling and numbers, whatever the pieces."""

from __future__ import annotations

import shutil

import pytest

from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import ROOT
from support.forming import write_house
from support.packs import TODAY
from support.plugin_folders import allowed
from support.wheels import built

pytestmark = [pytest.mark.server, pytest.mark.semantics(43)]

SOURCE = ROOT / "plugins" / "ordinance-forms-ch"

SAID = (
    "Außerdem ist die Straße 3,5 km lang und kostet 1.234.567,50 Euro, sagt Frau Weiß.\n"
    "Sie sagt: „Die Straße kostet 3,5 Mio. Euro“, siehe https://straße.example/maß und `maß = 1.234,5`.\n\n"
    "```\nstraße = 1.000,50\n```\n\n"
    "Es waren 1.234 Menschen, die Größe ist nicht sicher."
)
LEFT = (
    "Ausserdem ist die Strasse 3.5 km lang und kostet 1'234'567.50 Euro, sagt Frau Weiß.\n"
    "Sie sagt: „Die Straße kostet 3,5 Mio. Euro“, siehe https://straße.example/maß und `maß = 1.234,5`.\n\n"
    "```\nstraße = 1.000,50\n```\n\n"
    "Es waren 1.234 Menschen, die Grösse ist nicht sicher."
)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A house that speaks as Switzerland does, by the plugin, built by hatchling and unpacked as pip would."""
    work = tmp_path_factory.mktemp("forms-ch")
    shutil.copytree(SOURCE, work / "source")
    lines = "spelling by ch.spelling\n  rewrite numbers by ch.numbers"
    house = write_house(work / "house", lines, "spelling de-CH\n  numbers de-CH")
    return load([house], plugins=[allowed(built(work / "source"))], on=TODAY).plan


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_is_written_as_in_switzerland_and_says_so(plan: Plan, size: int) -> None:
    session = Session(plan, situate(plan, jurisdiction=None, on=TODAY), "de")
    stream = session.stream()
    pieces = (SAID[at : at + size] for at in range(0, len(SAID), size))
    assert "".join([*map(stream.feed, pieces), stream.close()]) == LEFT
    told = {each["slot"]: each["state"] for each in session.metadata()["adapters"]}
    assert (told["spelling"], told["numbers"]) == ("rewritten", "rewritten")
    assert session.metadata()["plugins"] == ["ordinance-forms-ch 0.1.0"]
    assert session.outcome().balanced
