"""Packs for tests: texts that are right, to be spoiled one line at a time."""

from __future__ import annotations

import re
import shutil
from datetime import date
from functools import cache
from pathlib import Path

from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_rules
from support.checkout import ROOT

#: The day on which the dates of these packs are looked at.
TODAY = date(2026, 11, 23)

SAMPLE = ROOT / "docs" / "errors" / "sample"

#: The sample packs of the pages of errors: one of everything that a jurisdiction or a language pack can contain.
JURISDICTION = (SAMPLE / "XA.ord").read_text("utf-8")
LEXICON = (SAMPLE / "lexicons" / "words.txt").read_text("utf-8")
LANGUAGE = (SAMPLE / "fr.ord").read_text("utf-8")


@cache
def all_that_ships() -> Loaded:
    """All packs that ship, on ``TODAY``: loaded once in each process, for whoever only reads them."""
    return load(on=TODAY)


def without_judges(charter: str) -> str:
    """The text of a charter whose red lines look for words alone, so that a test can say what else they ask."""
    words = re.sub(r"has any of (lexicon \w+), judged at least 0\.8", r"has \1", charter)
    return re.sub(r'^    not     "[^"]*"\n', "", words, flags=re.MULTILINE)


def in_english(charter: str) -> str:
    """The text of a charter whose rules say what they mean in English alone, on one line."""
    return re.sub(r"means \{\n +en (\"[^\"]*\")\n(?: +[a-z]+ \"[^\"]*\"\n)* +\}", r"means   \1", charter)


SHIPPED_CHARTER = (shipped_rules() / "charter" / "baseline.ord").read_text("utf-8")
CHARTER = in_english(without_judges(SHIPPED_CHARTER))


def write_jurisdiction(folder: Path, text: str = JURISDICTION, lexicon: str = LEXICON) -> Path:
    """A folder with a jurisdiction's pack and its lexicon."""
    (folder / "lexicons").mkdir(parents=True, exist_ok=True)
    (folder / "lexicons" / "words.txt").write_text(lexicon, "utf-8")
    pack = folder / "XA.ord"
    pack.write_text(text, "utf-8")
    return pack


def asking(asks: str) -> str:
    """The jurisdiction's pack with a rule that asks ``asks`` and no topic."""
    text = JURISDICTION.replace("topic talk and", f"{asks} and").replace("topic   talk  from lexicon words\n", "")
    return text.replace("scope   sentence at most 200", "scope   span")


def write_asking(folder: Path, asks: str, *, red: str = "") -> list[Path]:
    """A charter and a jurisdiction, XA, whose rule asks ``asks``; ``red`` is what a red line asks besides."""
    charter = CHARTER.replace("has lexicon violence", f"has any of lexicon violence, {red}", 1) if red else CHARTER
    return [write_charter(folder / "charter", charter), write_jurisdiction(folder / "XA", asking(asks))]


def write_charter(folder: Path, text: str = CHARTER) -> Path:
    """A folder with a charter and the lexicons of the one that ships."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(shipped_rules() / "charter" / "lexicons", folder / "lexicons", dirs_exist_ok=True)
    pack = folder / "charter.ord"
    pack.write_text(text, "utf-8")
    return pack


def write_language(folder: Path, text: str = LANGUAGE) -> Path:
    """A folder with a language pack."""
    folder.mkdir(parents=True, exist_ok=True)
    pack = folder / "fr.ord"
    pack.write_text(text, "utf-8")
    return pack


def load_on(*paths: Path) -> Loaded:
    """Load as of ``TODAY``."""
    return load(paths, on=TODAY)


def errors(loaded: Loaded) -> list[str]:
    """The codes of the errors, in the order in which they are told."""
    return [item.code for item in loaded.diagnostics if item.severity == "error"]
