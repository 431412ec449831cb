"""Packs that take speech out of answers: each is one rule of a made-up jurisdiction or house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ordinance.loading.load import Loaded, load
from support.packs import TODAY

_HEAD = """\
jurisdiction XA 2026.11.0 under charter baseline 1
title "Xland"
zone  "Europe/Berlin"
{declared}
law act {{
  title   "Act"
  article "section 1"
  reaches {reaches}
  in force {force}
{uncertain}  source  "https://law.example/act" seen 2026-11-01
}}
label things {{ en "things" de "Dinge" et "asjad" }}
section 1 "Words" {{
"""
_HOUSE = """\
house desk 1.0.0 under charter baseline 1
title "A desk"
zone  "Europe/Berlin"
{declared}
bylaw rules {{
  title   "Rules"
  adopted by "The board" on 2026-09-01
}}
label things {{ en "things" de "Dinge" et "asjad" }}
section 1 "Words" {{
  limit 1.1 words {{
    when    {when}
    scope   {scope}
    reason  "The desk has other work."
    under   rules
    telling omitted about things
    example fires answer "{fires}"
    example quiet answer "Hm."
  }}
}}
"""
_RULE = """\
  withhold 1.{number} words{number} {{
    when    {when}
{exception}    scope   {scope}
    under   act
    telling omitted about things
{trial}    example fires answer "{fires}"{given}
    example quiet answer "Hm."{given}
  }}
"""
_MASK = """\
  mask 1.{number} words{number} {{
    when    {when}
    as      things
    under   act
    told once
    example fires answer "{fires}"
    example quiet answer "Hm."
  }}
"""


@dataclass(frozen=True)
class Ban:
    """What one rule looks for and when it is in force; ``phrases`` are one lexicon, each of ``parts`` a rule of its
    own. ``zzqx`` is found by all, so that each has an example that fires."""

    phrases: Sequence[str] = ()
    pattern: str = ""
    any_case: bool = False
    parts: Sequence[Sequence[str]] = ()
    when: str = ""
    scope: str = "span"
    reaches: str = "place within XA, not unknown"
    force: str = "from 2024-01-01"
    uncertain: bool = False
    given: str = ""
    mask: bool = False
    house: bool = False
    trial: str = ""
    exception: str = ""
    declared: str = ""
    fires: str = "zzqx."

    def write(self, folder: Path) -> Path:
        """Write the pack, and return its folder."""
        lexicons = [self.phrases, *self.parts] if self.phrases else [*self.parts]
        (folder / "lexicons").mkdir(parents=True, exist_ok=True)
        declared, uses = [self.declared], []
        for number, phrases in enumerate(lexicons):
            (folder / "lexicons" / f"words{number}.txt").write_text("\n".join(["zzqx", *phrases]) + "\n", "utf-8")
            declared.append(f'lexicon words{number} from "lexicons/words{number}.txt"')
            uses.append(f"answer has lexicon words{number}")
        if self.pattern:
            case = " any case" if self.any_case else ""
            examples = 'example matches "zzqx" example skips "."'
            declared.append(f'pattern shape "(?:zzqx|{self.pattern})"{case} {{ {examples} }}')
            uses.append("answer has pattern shape")
        uses = [self.when] if self.when else uses
        values = {"declared": "\n".join(declared), "reaches": self.reaches, "force": self.force}
        values |= {"scope": self.scope, "given": self.given, "fires": self.fires}
        values["exception"] = f"    {self.exception}\n" if self.exception else ""
        values["trial"] = f"    on trial until {self.trial}\n" if self.trial else ""
        values["uncertain"] = '  uncertain "No court has said."\n' if self.uncertain else ""
        if self.house:
            text = _HOUSE.format(when=uses[0], **values)
        else:
            rule = _MASK if self.mask else _RULE
            rules = (rule.format(when=when, number=number, **values) for number, when in enumerate(uses, 1))
            text = f"{_HEAD.format(**values)}{''.join(rules)}}}\n"
        (folder / ("desk.ord" if self.house else "XA.ord")).write_text(text, "utf-8")
        return folder

    def load(self, folder: Path) -> Loaded:
        """Load it beside what ships."""
        return load([self.write(folder)], on=TODAY)


def found(loaded: Loaded) -> dict[str, list[str]]:
    """Return the messages of the errors by code."""
    codes: dict[str, list[str]] = {}
    for item in loaded.diagnostics:
        if item.severity == "error":
            codes.setdefault(item.code, []).append(item.message)
    return codes


#: Laws that forbid some words, as packs for real laws do. They are made up.
REASONABLE = {
    "codes": Ban(pattern=r"\bZB-[0-9]{4}\b"),
    "addresses": Ban(pattern=r"@[a-z0-9.]{1,40}\.[a-z]{2,10}", mask=True),
    "telephone numbers": Ban(pattern=r"\b[0-9]{4} [0-9]{3} [0-9]{3}\b", mask=True),
    "gambling": Ban(["casino bonus{,es}", "betting on horses", "Sportwett{e,en}"], scope="sentence at most 400"),
    "tobacco": Ban(["cigarette{,s}", "tobacco", "Zigarette{,n}", "sigaret{,id,te}"], scope="sentence at most 400"),
    "alcohol": Ban(["beer", "wine", "vodka", "Bier", "Wein", "õlu"], scope="sentence at most 400"),
    "denial": Ban(["it never happened in the camps", "die Lagerlüge"], scope="paragraph at most 2000"),
    "names of people": Ban(pattern=r"\b(?:Mr|Ms|Herr|Frau) [A-Z][a-z]{1,20}\b", mask=True),
}
