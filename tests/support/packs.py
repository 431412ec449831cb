"""Packs for tests: texts that are right, to be spoiled one line at a time."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_rules

#: The day on which the dates of these packs are looked at.
TODAY = date(2026, 11, 23)

#: A jurisdiction that holds one of everything that a jurisdiction can hold.
JURISDICTION = """\
jurisdiction XA 1.0.0 under charter baseline 1
title   "Testland"
members XB, XC
zone    "Europe/Tallinn"

dimension stage attested one of draft, final

lexicon words from "lexicons/words.txt"
topic   talk  from lexicon words
pattern code  "X[0-9]{3}" any case {
  example matches "see x123"
  example skips   "see X12"
}

law act {
  title   "Test Act"
  article "§ 1"
  reaches place within XA or seat within XA, not unknown
  in force from 2020-01-01 until 2090-01-01
  zone    "Europe/Berlin"
  source  "https://law.example/act" seen 2026-11-01
}

label secrets {
  en "secrets" de "Geheimnisse" et "saladused"
}

notice gone {
  en          "Left out: {type}. {law}."
  de formal   "Ausgelassen; bitte beachten Sie: {type}. {law}."
  de informal "Ausgelassen; bitte beachte: {type}. {law}."
  et          "Välja jäetud: {type}. {law}."
}

section 1 "Words" {
  quote act "Nobody shall say the words."

  withhold 1.1 words {
    means   "The words are not said."
    when    answer has any of lexicon words, pattern code, topic talk and (stage is draft or stage is unknown)
    except  study under act when purpose is one of education, research
    scope   sentence at most 200
    under   act
    telling gone about secrets
    example fires answer "So: secret words."
    example fires answer "Take x123." given stage draft
    example quiet answer "So: secret words." given purpose research
    example quiet answer "So: secret words." given stage final
    example quiet answer "Nothing to see."
  }
  say 1.2 often {
    when    age below 18 and turn below 5
    at      every answer
    under   act
    telling ai_disclosure
    example fires answer "Hello." given age 12, turn 3
    example quiet answer "Hello." given age 40
  }
}

contact crisis helpline {
  title  "Helpline"
  number "+372 600 0000"
  hours  "10:00–24:00"
  in     XA
  spoken et, en
  seen   2026-11-01
}
contact emergency page {
  title "Help"
  link  "https://help.example/now"
  hours always
  in    XA-B
  seen  2026-11-01
}
"""

LEXICON = "# For tests.\nsecret words\n"

LANGUAGE = """\
language fr 1.0.0 under charter baseline 1
title "Français"
speak { language fr address informal }
notice omitted          { fr "Omis pour des raisons juridiques. Type : {type}. Base : {law}." }
notice ai_disclosure    { fr formal "Vous parlez à une IA. {law}." fr informal "Tu parles à une IA. {law}." }
notice red_line         { fr "Pas de suite ici : {type}." }
notice fault            { fr "La réponse s'arrête." }
notice forged_marker    { fr "Le signe d'omission venait du modèle." }
notice cut              { fr "La réponse s'interrompt ; la fin n'est pas montrée." }
notice history          { fr "Un échange plus ancien a été omis ; le modèle ne l'a pas lu." }
notice contacts         { fr "De l'aide : {contacts}." }
notice contacts_unknown { fr "En cas de danger, appelez les secours." }
label machine           { fr "machine" }
"""

CHARTER = (shipped_rules() / "charter" / "baseline.ord").read_text("utf-8")


def write_jurisdiction(folder: Path, text: str = JURISDICTION, lexicon: str = LEXICON) -> Path:
    """A folder with a jurisdiction's pack and its lexicon."""
    (folder / "lexicons").mkdir(parents=True, exist_ok=True)
    (folder / "lexicons" / "words.txt").write_text(lexicon, "utf-8")
    pack = folder / "XA.ord"
    pack.write_text(text, "utf-8")
    return pack


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
