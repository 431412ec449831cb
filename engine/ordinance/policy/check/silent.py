"""The lemma *never silent*: whatever is omitted or added, people are told so, in words that are whole.

For each rule that tells something, and each language in which it can be told, the texts that the engine would take are
looked at: they exist, say what they must, and hold no variable that nothing gives a value. A rule of a pack that does
not speak a language is told there in another, whole: English, else the first that has all. Linking demands each of
these of the packs as they are written; this proves it of the policy that came of them, of the notices that the engine
gives itself, and names a situation in which the rule would be silent. Where no language pack is loaded every request
is told in ``DEFAULT_LANGUAGE``, so that one is reachable and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.language.source import Span
from ordinance.policy.check.cubes import TooComplexError
from ordinance.policy.check.forces import in_force, space_of
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.link.names import Report
from ordinance.policy.link.notices import DEFAULT_LANGUAGE, VARIABLES, valued
from ordinance.policy.plan import NoticeTemplate, RewriteLine, WithoutAdapter
from ordinance.policy.vocabulary import Effect, NoticeKind

#: What each kind of notice must say (TR-2); what the engine gives itself, by the notice's name.
_NEEDS: Mapping[NoticeKind, frozenset[str]] = {
    NoticeKind.OMISSION: frozenset({"type", "law"}),
    NoticeKind.DECLINED: frozenset({"type", "law"}),
    NoticeKind.ADDITION: frozenset({"law"}),
    NoticeKind.RED_LINE: frozenset({"type"}),
}
_ENGINE_NEEDS: Mapping[str, frozenset[str]] = {"contacts": frozenset({"contacts"})}

_VARIABLE = re.compile(r"\{([^{}]*)\}")

#: A finding's code, and what is wrong in words that follow a name.
_Fault = tuple[str, str]


def check_silent(policy: Policy, report: Report) -> None:
    """Report omissions and additions that would have no notice, or an incomplete one."""
    tags = tuple(policy.languages) or (DEFAULT_LANGUAGE,)
    for name, template in policy.engine_notices.items():
        needs = _ENGINE_NEEDS.get(name, frozenset())
        for tag in tags:
            for code, said in _in_language(template, tag, needs, needs):
                report(diagnose(code, _place(policy, name, tag), f"the notice `{name}` {said}: any situation"))
    lines: tuple[WithoutAdapter | RewriteLine, ...] = (*policy.without, *policy.rewrites)
    for line in lines:
        notice = line.notice
        if notice is None:
            continue
        told_in = (line.language,) if line.language else (_stands_in((notice.texts,), tag) for tag in tags)
        for tag in dict.fromkeys(told_in):
            for code, said in _in_language(notice, tag, frozenset(), frozenset()):
                message = f"the notice of `{line.id}` {said}: any situation"
                report(diagnose(code, _place(policy, notice.name, tag), message))
    for rule in policy.rules:
        if faults := [fault for tag in _told_in(rule, tags) for fault in _of_rule(rule, tag)]:
            where = _where(rule, policy)
            for code, said in dict.fromkeys(faults):
                report(diagnose(code, rule.node.name.span, f"the notice of `{rule.node.name}` {said}: {where}"))


def _told_in(rule: Rule, tags: Iterable[str]) -> Iterable[str]:
    """Return the languages in which who reads one of ``tags`` is told of ``rule``."""
    texts = (rule.notice.texts if rule.told else {}, rule.label, rule.placeholders)
    return dict.fromkeys(_stands_in(texts, tag) for tag in tags)


def _of_rule(rule: Rule, tag: str) -> Iterator[_Fault]:
    """Yield what is wrong with the texts that ``rule`` shows in one language."""
    needs = _NEEDS.get(rule.kind)
    if needs is None or rule.effect is Effect.MARK:
        return
    if rule.kind in (NoticeKind.OMISSION, NoticeKind.DECLINED):
        for texts, what in ((rule.label, "label"), (rule.placeholders, "placeholder")):
            if texts and not texts.get(tag, "").strip():
                yield "label-text", f"has no {what} in {tag}"
    if not rule.told:
        return
    known = valued(rule.laws) | {"type", *(("law", "jurisdiction") if rule.laws else ())}
    yield from _in_language(rule.notice, tag, needs, known)


def _stands_in(texts: Iterable[Mapping[str, str]], tag: str) -> str:
    """Return the language of a notice made of ``texts`` for who reads ``tag``: that itself, unless a text is missing
    in it and another language has all."""
    needed = [each for each in texts if each]
    if all(tag in have for have in needed):
        return tag
    others = ("en", *sorted(needed[0])) if needed else ()
    return next((each for each in others if all(each in have for have in needed)), tag)


def _in_language(template: NoticeTemplate, tag: str, needs: frozenset[str], known: frozenset[str]) -> Iterator[_Fault]:
    """Yield what is wrong with the texts of ``template`` in one language, in every way of address."""
    texts = [template.texts.get(tag, ""), *(each[tag] for each in template.addressed.values() if tag in each)]
    for text in texts:
        if not text.strip():
            yield "notice-text", f"has no text in {tag}"
            continue
        held = set(_VARIABLE.findall(text))
        if silent := sorted(needs - held):
            yield "notice-silent", f"lacks {' and '.join(f'{{{name}}}' for name in silent)} in {tag}"
        for name in sorted(held - known):
            what = "which has no value here" if name in VARIABLES else "which is not a variable"
            yield "notice-unresolved", f"contains {{{name}}} in {tag}, {what}"


def _where(rule: Rule, policy: Policy) -> str:
    """Describe a situation in which ``rule`` is in force."""
    of = space_of(policy.rules, policy)
    try:
        return of.words(in_force(of, rule, policy.parents))
    except TooComplexError:
        return "where it is in force"


def _place(policy: Policy, name: str, tag: str) -> Span:
    """Where the notice ``name`` is written that is told in a language: in its pack, else in the charter."""
    units = sorted(policy.units, key=lambda unit: (unit.name != tag, unit is not policy.charter))
    found = (item.name.span for unit in units for item in unit.pack.each(ast.NoticeDecl) if item.name.text == name)
    return next(found, policy.charter.pack.name.span)
