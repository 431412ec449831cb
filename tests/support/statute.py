"""A jurisdiction and a house that use every construct that runs: to be read, run, and spoiled one line at a time."""

from __future__ import annotations

from pathlib import Path

STATUTE = """\
jurisdiction XZ 1.0.0 under charter baseline 1
title "Zedland"
zone  "Europe/Berlin"

dimension placed_on_market attested date
dimension deployment attested one of school, office
condition minors when age below 18 or deployment is school

lexicon words from "lexicons/words.txt"
pattern code "Z-[0-9]{4}" {
  example matches "Z-1234"
  example skips   "Z-12"
}

law act {
  title   "Act"
  article "section 1"
  reaches place within XZ, not unknown
  in force from 2024-01-01 until 2025-01-01
  in force from 2025-01-01
  in force from 2026-12-02 when placed_on_market before 2026-08-02
  amended by "Act 7 of 2025" on 2025-01-01
  authority "Zed Authority"
  appeal  ombud
  source  "https://law.example/act" seen 2026-11-01
}
law rumour {
  title   "Rumour"
  article "section 2"
  reaches place within XZ, not unknown
  in force from 2024-01-01
  uncertain "Only one secondary source."
  source  "https://law.example/rumour" seen 2026-11-01
}

label words { en "words" de "Wörter" et "sõnad" }
label code  { en "code"  de "Code"   et "kood" }

notice gone {
  en "Left out: {type}. {law}. Ask {authority}, or {appeal}."
  de "Ausgelassen: {type}. {law}. {authority}, {appeal}."
  et "Välja jäetud: {type}. {law}. {authority}, {appeal}."
}
notice reminder {
  en one "A machine answers, you hear it every hour. {law}."
  en other "A machine answers, you hear it every {hours} hours. {law}."
  de one "Maschine, jede Stunde. {law}." de other "Maschine, alle {hours} Stunden. {law}."
  et one "Masin, iga tund. {law}." et other "Masin, iga {hours} tunni järel. {law}."
}

speak {
  language de when place within XZ-B otherwise same as prompt under act
  reading level B1 when condition minors under act
}

section 1 "Words" {
  quote rumour "…"

  withhold 1.1 words {
    means   "Secrets that a badge opens."
    not     "Badges that open nothing."
    when    answer has any of lexicon words, judged at least 0.8 and condition minors
    except  study under act when purpose is research
    scope   paragraph at most 1000
    under   act
    telling gone about words
    example fires answer "A badge secret." given deployment school
    example fires answer "A badge secret." given age 12, placed_on_market 2026-08-01, date 2026-12-02
    example quiet answer "A badge secret." given age 12, placed_on_market 2026-08-01, date 2026-12-01
    example fires answer "A badge secret." given age 12, placed_on_market 2026-08-02, date 2026-12-01
    example quiet answer "A badge secret." given deployment office
    alike   answer "A badge secret." and answer "The badge secret." given deployment school
  }
  mask 1.2 codes {
    when    prompt or answer has pattern code
    as      code
    under   act
    told once
    example fires answer "See Z-1234."
    example fires prompt "See Z-1234."
    example quiet answer "See Z-12."
  }
  say 1.3 often {
    as      reminder
    at      first answer of day every 3 hours
    under   act
    telling reminder about code
    example fires answer "Yes." given elapsed 3
    example quiet answer "Yes." given elapsed 2
  }
  mark 1.4 marked {
    as      machine_readable
    under   act
    on trial until 2026-12-01
    example fires answer "Yes."
    example quiet answer "Yes." given place AT
  }
  withhold 1.5 thinking {
    when    reasoning has lexicon words
    scope   sentence at most 1000
    under   rumour
    telling omitted about words
    on trial until 2026-12-01
    example fires reasoning "A badge secret."
    example quiet content   "A badge secret."
  }
  mask 1.7 personal_code {
    when    prompt or answer has identifier isikukood
    as      code
    under   act
    told once
    example fires answer "Her code is 49403136526."
    example quiet answer "Her code is 49403136527."
  }
  withhold 1.8 cyrillic {
    when    answer script is Cyrl
    scope   sentence at most 1000
    under   act
    telling omitted about words
    example fires answer "Это слово."
    example quiet answer "This is a word."
  }
  withhold 1.9 pairs {
    when    answer has both lexicon words and pattern code in the same sentence
    scope   sentence at most 1000
    under   act
    telling omitted about words
    example fires answer "The badge secret is Z-1234."
    example quiet answer "The badge secret. It is Z-12."
  }
  provide 1.6 help {
    when     prompt or answer has topic self_harm
    contacts crisis
    under    act
    example fires prompt "I want to die."
    example quiet prompt "Hello."
  }
}

contact appeal ombud {
  title "Ombudsman"
  link  "https://ombud.example"
  hours always
  in    XZ
  seen  2026-11-01
}
contact crisis line {
  title    "Line"
  number   "0800 111"
  hours    always
  in       XZ
  formerly "0900 111"
  seen     2026-11-01
}
contact crisis local {
  title    "Local line"
  number   "0800 222"
  hours    "10:00–24:00"
  in       XZ-A, XZ-B
  replaces line
  seen     2026-11-01
}
"""

HOUSE = """\
house example_school 1.0.0 under charter baseline 1
title "A school"
zone  "Europe/Tallinn"

dimension lesson attested one of language_lesson, other

lexicon answers from "lexicons/words.txt"
topic   answers from lexicon answers

bylaw conduct {
  title   "Kodukord"
  adopted by "School council" on 2026-09-01
}

label  answers { en "ready answers" de "fertige Lösungen" et "valmis vastused" }
notice welcome { en "Think first. {law}." de "Denk zuerst nach. {law}." et "Mõtle enne. {law}." }

notice poorer { en "Poorer." de "Schlechter." et "Kehvem." }

speak {
  language et unless lesson is language_lesson otherwise same as prompt
  address  informal
  pedagogy guided
  without adapter answer telling poorer
  on miss ask once more
}

section 1 "Learning" {
  limit 1.1 ready_answers {
    when    answer has topic answers
    scope   sentence at most 400
    reason  "Pupils learn by solving."
    under   conduct
    telling omitted about answers
    example fires answer "The badge secret is 42."
    example quiet answer "Try a smaller number first."
  }
  say 1.2 welcome {
    at      first answer of conversation
    under   conduct
    telling welcome
    example fires answer "Yes." given turn 1
    example quiet answer "Yes." given turn 2
  }
}
"""


def _write(pack: Path, text: str) -> Path:
    (pack.parent / "lexicons").mkdir(parents=True, exist_ok=True)
    (pack.parent / "lexicons" / "words.txt").write_text("badge secret\n", "utf-8")
    pack.write_text(text, "utf-8")
    return pack


def write_statute(folder: Path, text: str = STATUTE) -> Path:
    """A folder with the jurisdiction and its lexicon."""
    return _write(folder / "XZ.ord", text)


def write_house(folder: Path, text: str = HOUSE) -> Path:
    """A folder with the house and its lexicon."""
    return _write(folder / "houses" / "school" / "school.ord", text)
