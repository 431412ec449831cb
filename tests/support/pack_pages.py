"""Writes the pages of ``docs/packs`` from the packs that ship: ``python tests/support/pack_pages.py FOLDER``.

Each jurisdiction and each house has a page with its rules, its laws and where they were read, whom to call, what people
see, and the questions that stand in its comments as ``# For a lawyer: …``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ordinance.authoring.costs import cost_of
from ordinance.authoring.words import condition_in_words
from ordinance.language import ast
from ordinance.loading.load import load
from ordinance.loading.packs import default_packs, shipped_rules
from ordinance.policy.conditions import ALWAYS
from ordinance.policy.ir import Policy, Unit, texts_of
from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Effect, Occasion
from ordinance.runtime.redact.disclose import Discloser, pick

_MADE = "<!-- Generated from the pack by `make docs`; a test checks that it is current. -->"
_ASKED = re.compile(r"# For a lawyer: (.*(?:\n *#   .*)*)")
_UNREVIEWED = re.compile("[Nn]ot (?:been )?reviewed by a native")
_SIGNS = re.compile(r"([|*<>\[\]]|(?<![`\w])_|_(?![`\w]))")
_KINDS = ("jurisdiction", "house")
_DID: Mapping[Effect, str] = {
    Effect.WITHHOLD: "leaves text out",
    Effect.MASK: "replaces text",
    Effect.MARK: "marks the metadata",
    Effect.PROVIDE: "says whom to call",
}


def pages() -> dict[str, str]:
    """Return the text of each page, by its file's name."""
    loaded = load([*default_packs(), shipped_rules() / "houses"])
    plan, policy = loaded.plan, loaded.policy
    if policy is None:
        raise ValueError("the packs that ship do not load")
    units = [unit for unit in policy.units if unit.pack.kind in _KINDS]
    shown = {f"{unit.name}.md": "\n".join(_page(unit, plan, policy)) + "\n" for unit in units}
    return {**shown, "README.md": "\n".join(_index(units, plan, policy)) + "\n"}


def _index(units: list[Unit], plan: Plan, policy: Policy) -> Iterator[str]:
    yield from ("# The packs that ship", "", _MADE, "")
    yield "| pack | place | rules | laws | contacts | questions for a lawyer |"
    yield "|---|---|---|---|---|---|"
    for unit in sorted(units, key=lambda unit: (unit.pack.kind != "jurisdiction", unit.name)):
        counted = (_rules(unit, plan), _laws(unit), unit.pack.each(ast.ContactDecl), _asked(unit))
        counts = " | ".join(str(len(each)) for each in counted)
        yield f"| [{unit.name}]({unit.name}.md) | {_title(unit)} | {counts} |"
    languages = {unit.name: unit.pack.source.text for unit in policy.units if unit.pack.kind == "language"}
    yield from ("", f"Languages of notices: {', '.join(sorted(languages))}.")
    unread = sorted(tag for tag, text in languages.items() if _UNREVIEWED.search(text.partition("\nlanguage ")[0]))
    yield f"Not reviewed by a native speaker: {', '.join(unread)}."


def _page(unit: Unit, plan: Plan, policy: Policy) -> Iterator[str]:
    pack = unit.pack
    yield from (f"# {_title(unit)} ({unit.name})", "", _MADE, "")
    within = f", within [{pack.within}]({pack.within}.md)" if pack.within else ""
    zone = f", time of {pack.zone.text}" if pack.zone else ""
    yield from (f"The {pack.kind} pack `{unit.name}` {pack.version}{within}{zone}.", "", *_said(unit))
    if pack.records:
        yield from (f"Its law as a whole: {_plain(_english(pack.records))}.", "")
    yield from _rules_table(unit, plan, policy)
    yield from _laws_table(unit)
    yield from _contacts(unit)
    yield from _seen_by_people(unit, plan)
    if asked := _asked(unit):
        yield from ("## Questions for a lawyer", "", *(f"- {_plain(each)}" for each in asked), "")


def _rules_table(unit: Unit, plan: Plan, policy: Policy) -> Iterator[str]:
    nodes = {rule.id: rule.node for rule in policy.rules}
    yield from ("## Rules", "")
    if not (rules := _rules(unit, plan)):
        yield from ("None.", "")
        return
    yield from ("| rule | means | when | law |", "|---|---|---|---|")
    for rule in rules:
        means = _english(nodes[rule.id].means)
        when = "" if rule.condition == ALWAYS else condition_in_words(rule.condition, plan)
        cited = f"{rule.law.title} {rule.law.article}".strip() if rule.law else ""
        yield f"| `{rule.id}` | {_plain(means)} | {_plain(when)} | {_plain(cited)} |"
    yield ""


def _laws_table(unit: Unit) -> Iterator[str]:
    encoded = _encoded(unit)
    if not (laws := _laws(unit)):
        return
    yield from ("## Laws", "", "| law | in force | read at | last seen | encoded as |", "|---|---|---|---|---|")
    for law in laws:
        title = f"{_english(law.title)} {_english(law.article)}".strip()
        if isinstance(law, ast.RecordedLaw):
            seen, force = law.seen.text if law.seen else "not read", ""
            what = f"{'left out' if law.seen else 'not encoded'}: {_english(law.why)}"
        else:
            sure = f"; uncertain: {law.uncertain.text}" if law.uncertain else ""
            seen, force = law.seen.text, f"{_in_force(law)}{sure}"
            what = ", ".join(f"`{name}`" for name in encoded.get(law.name.text, ()))
        yield f"| {_plain(title)} | {_plain(force)} | <{law.source.text}> | {seen} | {_plain(what)} |"
    yield ""


def _encoded(unit: Unit) -> Mapping[str, list[str]]:
    """Return the rules that stand under each law, or have an exception under it."""
    found: dict[str, list[str]] = {}
    for rule in unit.pack.rules:
        exceptions = () if isinstance(rule, ast.RedLine) else getattr(rule, "exceptions", ())
        for law in dict.fromkeys(word.text for word in (*ast.laws_of(rule), *(each.law for each in exceptions))):
            found.setdefault(law, []).append(f"{unit.name}/{rule.name.text}")
    return found


def _in_force(law: ast.LawDecl) -> str:
    parts = []
    for each in law.in_force:
        when = " (transition)" if each.when else ""
        parts.append(f"from {each.start.text}{f' until {each.end.text}' if each.end else ''}{when}")
    return "; ".join([*parts, *(f"amended by {_plain(each.act.text)} on {each.on.text}" for each in law.amended)])


def _contacts(unit: Unit) -> Iterator[str]:
    if not (contacts := unit.pack.each(ast.ContactDecl)):
        return
    yield from ("## Whom to call", "", "| contact | group | value | hours | where | last seen |")
    yield "|---|---|---|---|---|---|"
    for each in contacts:
        hours = _english(each.hours) if each.hours else "always"
        places = ", ".join(word.text for word in each.places)
        cells = (_plain(_english(each.title)), each.group.text, each.value.text, hours, places, each.seen.text)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _seen_by_people(unit: Unit, plan: Plan) -> Iterator[str]:
    if not (rules := _rules(unit, plan)):
        return
    yield from ("## What people see", "")
    tells = Discloser(plan, "en")
    for rule in rules:
        notices = tells.told([rule]) if rule.tells else []
        told = f": “{_plain(notices[0].text)}”" if notices else "."
        if rule.removes:
            yield f"- `{rule.id}` {_DID[rule.effect]}{told} {_costs(plan, rule)}"
        else:
            yield f"- `{rule.id}` {_occasions(rule) if rule.effect is Effect.SAY else _DID[rule.effect]}{told}"
    yield ""


def _costs(plan: Plan, rule: PlannedRule) -> str:
    """Say what a rule takes out, and for how much text people wait."""
    cost = cost_of(plan, rule)
    taken = f"{cost.breadth.characters:.1f}" if cost.breadth else "0"
    said = f"Scope: {cost.scope}. Of 100 characters of plain prose it takes out {taken}"
    if not cost.holds:
        return f"{said}."
    language, hold = cost.worst
    return f"{said}, and {hold.mean:.1f} wait on average, {hold.p99} in one of 100 places ({language})."


def _occasions(rule: PlannedRule) -> str:
    when = [rule.occasion.value] if rule.occasion and rule.occasion is not Occasion.EVERY_HOURS else []
    hours = [f"every {rule.hours} hours"] if rule.hours else []
    return f"speaks at {', and '.join([*when, *hours])}"


def _rules(unit: Unit, plan: Plan) -> list[PlannedRule]:
    return [rule for rule in plan.rules if rule.id.partition("/")[0] == unit.name]


def _laws(unit: Unit) -> list[ast.LawDecl | ast.RecordedLaw]:
    return [item for item in unit.pack.declarations if isinstance(item, ast.LawDecl | ast.RecordedLaw)]


def _said(unit: Unit) -> Iterator[str]:
    """Yield what the pack's first comment says, without its questions."""
    before = _ASKED.sub("", unit.pack.source.text.partition(f"\n{unit.pack.kind} ")[0])
    lines = [line[1:].strip() for line in before.split("\n") if line.startswith("#")]
    if lines:
        yield from (_plain(" ".join(lines)), "")


def _asked(unit: Unit) -> list[str]:
    return [re.sub(r"\n *# +", " ", each) for each in _ASKED.findall(unit.pack.source.text)]


def _title(unit: Unit) -> str:
    return _english(unit.pack.title) if unit.pack.title else unit.name


def _english(written: ast.Written | None) -> str:
    return pick(texts_of(written), "en")


def _plain(words: str) -> str:
    return _SIGNS.sub(r"\\\1", words)


if __name__ == "__main__":
    _folder = Path(sys.argv[1])
    _folder.mkdir(parents=True, exist_ok=True)
    _made = pages()
    for _old in set(_folder.glob("*.md")) - {_folder / name for name in _made}:
        _old.unlink()
    for _name, _text in _made.items():
        (_folder / _name).write_text(_text, "utf-8")
