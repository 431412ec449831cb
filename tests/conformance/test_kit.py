"""The kit finds each planted fault, for the right reason, and none in a plugin that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.conformance.faults import CATALOGUE
from ordinance.conformance.kit import check_plugin
from ordinance.plugins.budget import Budget
from support.planted import PLANTED, Planted, giving

#: What hangs must not hang long; all else has the time that a busy machine needs.
HANGING = {"late", "answer-broken", "start-late"}
SHORT, LONG = Budget(seconds=1.0, start=5.0), Budget(seconds=10.0, start=60.0)


@pytest.mark.server
@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_fault_is_found_for_the_right_reason(planted: Planted, tmp_path: Path) -> None:
    budget = SHORT if planted.codes & HANGING else LONG
    checked = check_plugin(planted.laid(tmp_path), budget=budget)
    codes = {each.code for each in checked.faults}
    assert planted.codes <= codes <= planted.codes | planted.mays, checked.faults
    for each in checked.faults:
        assert each.hook
        assert "acme" in each.cause
        assert CATALOGUE[each.code].help in each.cause
        assert "defect of ordinance" not in each.cause.lower()
        assert "correct the example" not in each.cause.lower()


#: What plugins do that is no fault: their own data, threads, time zones, certificates, and most of the library.
HONEST = """
import asyncio, concurrent.futures, datetime, hashlib, importlib.metadata, importlib.resources, locale, logging, ssl
import mimetypes, multiprocessing, platform, sqlite3, tempfile, unicodedata, urllib.request, uuid, zoneinfo

WORD = importlib.resources.files(__package__).joinpath("word.txt").read_text("utf-8")
VERSION = importlib.metadata.version("acme-planted")
ZONE = zoneinfo.ZoneInfo("Europe/Tallinn")
TRUSTED = ssl.create_default_context()
LOG = logging.getLogger(__name__)
THREADS = concurrent.futures.ThreadPoolExecutor(2)
ALWAYS = random.Random(7).random()


def find(passage):
    LOG.info("asked")
    return THREADS.submit(found, passage).result()


def found(passage):
    return [passage.span(*each.span()) for each in re.finditer(WORD, passage.folded)]
"""


@pytest.mark.server
def test_what_is_no_fault_is_not_reported(tmp_path: Path) -> None:
    honest = giving(0, "honest", "", "return Segments(find)", top=HONEST, files={"acme_planted/word.txt": "secret"})
    checked = check_plugin(honest.laid(tmp_path), budget=LONG)
    assert (checked.faults, checked.untried) == ((), ())


def test_each_code_has_a_plugin_that_has_it() -> None:
    """A code that nothing shows may never be reported."""
    shown = frozenset().union(*(planted.codes | planted.mays for planted in PLANTED))
    assert shown == set(CATALOGUE)
    assert {planted.row for planted in PLANTED} >= set(range(1, 18))
