"""Packs that say how to speak, in a few words each."""

from __future__ import annotations

from pathlib import Path

from ordinance.loading.load import Loaded
from ordinance.policy.plan import Plan
from support.packs import LANGUAGE, errors, load_on

HOUSE = """\
house {name} 1.0.0 under charter baseline 1
title "A house"
speak {{
{lines}
}}
"""

LAW = """\
jurisdiction {name} 1.0.0 under charter baseline 1
title "A state"
{within}
law act {{
  title   "Act"
  article "§ 1"
  reaches place within {name}, not unknown
  in force from {start} until {end}
  zone    "Europe/Tallinn"
  source  "https://law.example/act" seen 2026-11-01
}}
speak {{
{lines}
}}
"""


def house(*lines: str, name: str = "school") -> str:
    return HOUSE.format(name=name, lines="\n".join(lines))


def state(*lines: str, name: str = "XA", within: str = "", start: str = "2020-01-01", end: str = "2090-01-01") -> str:
    bound = "\n".join(f"{line} under act" for line in lines)
    return LAW.format(name=name, within=within, start=start, end=end, lines=bound)


def language(tag: str, *lines: str) -> str:
    """A language pack that tells everything, and sets what these lines say."""
    text = LANGUAGE.replace(" fr ", f" {tag} ").replace('{ fr "', f'{{ {tag} "').replace("fr formal", f"{tag} formal")
    old = f"speak {{ language {tag} address informal }}"
    assert old in text
    return text.replace(old, "speak {\n" + "\n".join(lines) + "\n}" if lines else "")


def loaded(folder: Path, *packs: str) -> Loaded:
    for number, text in enumerate(packs):
        (folder / f"{number}.ord").write_text(text, "utf-8")
    return load_on(folder)


def plan_of(folder: Path, *packs: str) -> Plan:
    found = loaded(folder, *packs)
    assert not errors(found), found.diagnostics
    return found.plan


def with_notice(pack: str, *tags: str) -> str:
    texts = " ".join(f'{tag} "No adapter ({tag})."' for tag in tags)
    return pack.replace("speak {", f"notice none {{ {texts} }}\nspeak {{")
