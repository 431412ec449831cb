"""What a choice tells: its verdict, its notices, the rules that fired. Made of what its texts met, by one function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ordinance.policy.plan import UNTOLD, PlannedRule, RewriteLine
from ordinance.policy.vocabulary import Effect, NoticeKind, Verdict
from ordinance.runtime.occasions import OPENING
from ordinance.runtime.redact.disclose import Cause, Notice, causes_of
from ordinance.runtime.redact.signs import imitation
from ordinance.runtime.redact.text_contract import Meeting
from ordinance.runtime.remembered import CONTACTS
from ordinance.runtime.situation import closed
from ordinance.runtime.terms import Terms


@dataclass(frozen=True, slots=True)
class Met:
    """What the texts of a choice met together, as numbers of rules and of signs. ``spoken`` are rules in whose language
    the choice is."""

    refused: frozenset[int]
    severed: frozenset[int]
    omitted: frozenset[int]
    observed: frozenset[int]
    tried: frozenset[int]
    failed: frozenset[int]
    spoken: frozenset[int] = frozenset()


def met(texts: Sequence[Meeting]) -> Met:
    """Join what ``texts`` met."""
    none = frozenset[int]()
    return Met(
        refused=none.union(*(text.refused for text in texts)),
        severed=none.union(*(text.severed for text in texts)),
        omitted=none.union(*(text.omitted for text in texts)),
        observed=none.union(*(text.observed for text in texts)),
        tried=none.union(*(text.tried for text in texts)),
        failed=none.union(*(text.failed for text in texts)),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What a choice tells: the notices ``before`` and ``after`` the answer, the ids of the ``rules`` that fired, of
    those whose detector ``failed`` and of those on trial that would have fired, and the joined ``verdict``."""

    before: tuple[Notice, ...]
    after: tuple[Notice, ...]
    rules: frozenset[str]
    failed: frozenset[str]
    trials: frozenset[str]
    verdict: Verdict


def tell(
    terms: Terms,
    met: Met,
    *,
    refused: bool,
    fault: str,
    defers: bool = False,
    rewritten: frozenset[str] = frozenset(),
) -> Told:
    """Return what a choice under ``terms`` reports, whose texts ``met`` that. ``refused``: nothing more of the model's
    leaves; ``fault`` names what went wrong, if anything did; ``defers``: what stands before an answer is left to the
    next one (semantics, rule 17). ``rewritten`` are the slots for which something of the answer was rewritten."""
    activation, asked, without = terms.activation, terms.screened, terms.without
    rules, masked, say = activation.rules, asked.masked, terms.discloser
    refusing = [rules[tag] for tag in sorted(met.refused)]
    refusing += [rule for rule in asked.rules if rule.effect is Effect.REFUSE]
    seen = frozenset[int]() if terms.whole and refused else met.observed  # nothing of that text is shown (rule 16)
    providing = [rules[tag] for tag in sorted(seen) if rules[tag].effect is Effect.PROVIDE]
    providing += [rule for rule in asked.rules if rule.effect is Effect.PROVIDE]
    shown = met.severed if terms.whole and refused else met.severed | met.omitted
    omitting = [rules[tag] for tag in sorted(shown | masked) if 0 <= tag < len(rules)]
    forged = {tag for tag in shown if tag < 0 or tag == activation.forged}
    forged -= {imitation(tag) for tag in masked}  # the placeholder of a masked prompt is only repeated
    left_out = asked.left_out
    failing = [*(rules[tag] for tag in met.failed), *asked.failed, *left_out.failed]
    if not fault and any(not rule.trial for rule in failing):
        fault = "detector"

    saying = [rule for rule in terms.opening if not (defers and rule.occasion in OPENING)]
    answering = [rule for rule in terms.answering if any(rules[tag] is rule for tag in seen | met.spoken)]
    before = say.told((rule for rule in saying if rule.occasion in OPENING), terms.heard)
    after = say.told(rule for rule in omitting if rule.told)
    if forged:
        after.append(_of_the_engine(terms, NoticeKind.OMISSION, "forged_marker", "forged_marker"))
    if activation.cut in shown:
        after.append(say.engine(NoticeKind.CUT, terms.plan.engine_notices["cut"], ()))
    if left_out.exchanges and not left_out.told and not asked.refused:
        causes = dict.fromkeys(cause for rule in (*left_out.rules, *left_out.failed) for cause in causes_of(rule))
        after.append(say.engine(NoticeKind.HISTORY, terms.plan.engine_notices["history"], tuple(causes)))
    after += say.told(dict.fromkeys(refusing))
    if fault:
        after.append(_of_the_engine(terms, NoticeKind.FAULT, "fault", fault))
    after += say.told([*(rule for rule in saying if rule.occasion not in OPENING), *answering], terms.heard)
    if without is not None and (without.declines or terms.remembered.last(without.id) is None):
        after.append(say.engine(NoticeKind.ADAPTER, without.notice, (_missing(without.id),)))
    after += [_of_rewriting(terms, line) for line in terms.rewriting.told_by(rewritten)]
    red = [rule for rule in refusing if rule.kind is NoticeKind.RED_LINE]
    if providing or red:
        after.append(_contacts(terms, providing, red))

    verdict = Verdict.DISCLOSE if before or after or left_out.exchanges else Verdict.PASS
    if shown or masked:
        verdict = Verdict.WITHHOLD
    if refused:
        verdict = Verdict.REFUSE
    fired = {rule.id for rule in (*refusing, *providing, *omitting, *saying, *answering, *left_out.rules)}
    return Told(
        before=tuple(before),
        after=tuple(after),
        rules=frozenset(fired if without is None else {*fired, without.id}),
        failed=frozenset(rules[tag].id for tag in met.failed),
        trials=frozenset(rules[tag].id for tag in met.tried | {tag for tag in met.spoken if rules[tag].trial}),
        verdict=verdict,
    )


def _of_the_engine(terms: Terms, kind: NoticeKind, template: str, name: str) -> Notice:
    cause = Cause(f"engine/{name}", kind.value if kind is NoticeKind.FAULT else name, None)
    return terms.discloser.engine(kind, terms.plan.engine_notices[template], (cause,))


def _missing(rule: str) -> Cause:
    return Cause(rule, NoticeKind.ADAPTER.value, None)


def _of_rewriting(terms: Terms, line: RewriteLine) -> Notice:
    """Return the notice that a line has given where an answer was rewritten for it."""
    law = None if line.law is None else (line.law.title, line.law.article, line.law.jurisdiction)
    return terms.discloser.engine(NoticeKind.ADDITION, line.notice or UNTOLD, (Cause(line.id, "rewritten", law),))


def _contacts(terms: Terms, providing: Iterable[PlannedRule], refusing: Iterable[PlannedRule]) -> Notice:
    """Whom to call: the groups that rules name; after a red line all that the situation has (rule 14). A fault says
    nothing about people, so it brings none."""
    groups = {rule.contacts for rule in providing}
    chosen = [contact for contact in terms.contacts if refusing or contact.group in groups]
    named = tuple(dict.fromkeys(cause for rule in providing or refusing for cause in causes_of(rule)))
    notices = terms.plan.engine_notices
    return terms.discloser.contacts(
        notices["contacts"],
        notices["contacts_unknown"],
        chosen,
        named,
        closed=[contact for contact in chosen if closed(contact, terms.plan, terms.situation)],
        again=CONTACTS in terms.heard,
    )
