"""What became of one rule: stricter, looser or different, each with a situation that shows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ordinance.authoring.cases import Case, case_in
from ordinance.authoring.words import law_in_words
from ordinance.policy.check.cubes import Region, TooComplexError
from ordinance.policy.check.forces import in_force, space_of
from ordinance.policy.check.spaces import Space
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.plan import Law, Scope
from ordinance.policy.vocabulary import Channel
from ordinance.runtime.compared.two_policies import Kind

_PARTS = frozenset({Channel.CONTENT, Channel.REASONING, Channel.TOOL_CALL})
_UNITS = ("span", "sentence", "paragraph")


@dataclass(frozen=True, slots=True)
class Change:
    """``case`` is a situation that shows it, None where none has to do with it; ``text`` a phrase that does."""

    kind: Kind
    rule: str
    what: str
    case: Case | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """A rule in its policy."""

    rule: Rule
    policy: Policy

    @property
    def sought(self) -> frozenset[tuple[str, str]]:
        """What the rule looks for, line by line, with the kind of detector."""
        asks = self.rule.asks
        judged = (
            []
            if asks is None
            else [("judged test", f"{asks.test}: {asks.question.means}, not: {asks.question.excludes}")]
        )
        spoken = [("language", tag) for tag in self.rule.spoken]
        return frozenset([*self._lines(self.rule.detectors), *judged, *spoken])

    @property
    def beside(self) -> frozenset[tuple[str, str]]:
        """What must stand near that, in the same form."""
        return frozenset(self._lines(self.rule.near))

    def _lines(self, keys: Collection[str]) -> Iterator[tuple[str, str]]:
        found = (each for each in self.policy.detectors if each.key in keys)
        return ((each.kind, line) for each in found for line in each.lines)

    @property
    def channels(self) -> frozenset[Channel]:
        channels = self.rule.channels
        return channels | _PARTS if Channel.ANSWER in channels else channels


def came(new: Side) -> Change:
    """Report a new rule."""
    return _whole("stricter", "it is new", new)


def went(old: Side) -> Change:
    """Report a removed rule."""
    return _whole("looser", "it is gone", old)


def _whole(kind: Kind, what: str, side: Side) -> Change:
    of = space_of((side.rule,), side.policy)
    try:
        region = in_force(of, side.rule, side.policy.parents)
    except TooComplexError:
        return Change(kind, side.rule.id, what)
    if not region:
        return Change("different", side.rule.id, f"{what}, and is never in force")
    return Change(kind, side.rule.id, what, case_in(of, region, side.rule.jurisdiction))


def compare(old: Side, new: Side) -> Iterator[Change]:
    """Yield the changes between two states of one rule."""
    of = space_of((old.rule, new.rule), old.policy, new.policy)
    try:
        before = in_force(of, old.rule, old.policy.parents)
        after = in_force(of, new.rule, new.policy.parents)
        more, less, both = after - before, before - after, before & after
    except TooComplexError:
        yield Change("different", new.rule.id, "the situations in which it acts are too complex to compare")
        return
    where = new.rule.jurisdiction
    if more:
        yield Change("stricter", new.rule.id, "it is in force where it was not", case_in(of, more, where))
    if less:
        yield Change("looser", new.rule.id, "it is no longer in force", case_in(of, less, where))
    shown = case_in(of, both, where) if both else None
    yield from _acts(old, new, shown)
    yield from _looks(old, new, shown)
    yield from _tells(old, new, of, both)


def _acts(old: Side, new: Side, case: Case | None) -> Iterator[Change]:
    """Compare what the rule does, and to how much text."""
    one, two, name = old.rule, new.rule, new.rule.id
    if one.effect is not two.effect:
        rank = (two.effect.verdict, two.effect.removes) > (one.effect.verdict, one.effect.removes)
        kind: Kind = "stricter" if rank else "looser"
        if (two.effect.verdict, two.effect.removes) == (one.effect.verdict, one.effect.removes):
            kind = "different"
        yield Change(kind, name, f"it was `{one.effect.value}` and is `{two.effect.value}`", case)
    if one.scope != two.scope:
        kind = "stricter" if _breadth(two.scope) > _breadth(one.scope) else "looser"
        yield Change(kind, name, f"its scope was {_scope(one.scope)} and is {_scope(two.scope)}", case)
    if one.trial != two.trial:
        what = "it is on trial and no longer applied" if two.trial else "it is no longer on trial"
        yield Change("looser" if two.trial else "stricter", name, what, case)
    elif one.trial_until != two.trial_until:
        what = f"its trial ended on {one.trial_until or 'no day'} and ends on {two.trial_until or 'no day'}"
        yield Change("different", name, what, case)
    if one.by_text != two.by_text:
        what = "it speaks only if an answer contains what it looks for" if two.by_text else "it speaks whatever is said"
        yield Change("looser" if two.by_text else "stricter", name, what, case)
    if (one.occasion, one.hours) != (two.occasion, two.hours):
        yield Change("different", name, f"it spoke at {_occasion(one)} and speaks at {_occasion(two)}", case)


def _occasion(rule: Rule) -> str:
    at = rule.occasion.value if rule.occasion else "none"
    return f"{at}, every {rule.hours} hours" if rule.hours else at


def _breadth(scope: Scope) -> tuple[int, int]:
    return _UNITS.index(scope.unit), scope.bound


def _scope(scope: Scope) -> str:
    return f"{scope.unit} at most {scope.bound}" if scope.bound else scope.unit


def _looks(old: Side, new: Side, case: Case | None) -> Iterator[Change]:
    """Where it looks, and for what."""
    name = new.rule.id
    if extra := new.channels - old.channels:
        yield Change("stricter", name, f"it looks at the {_channels(extra)} too", case)
    if fewer := old.channels - new.channels:
        yield Change("looser", name, f"it no longer looks at the {_channels(fewer)}", case)
    if old.rule.disguised != new.rule.disguised:
        now = new.rule.disguised
        what = "it sees through disguise" if now else "it no longer sees through disguise"
        yield Change("stricter" if now else "looser", name, what, case)
    yield from _nearness(old.rule, new.rule, case)
    yield from _lines(old.sought, new.sought, name, case)
    if old.rule.near and new.rule.near:
        yield from _lines(old.beside, new.beside, name, case)


def _nearness(old: Rule, new: Rule, case: Case | None) -> Iterator[Change]:
    """Compare how near two things must stand."""
    one, two = _together(old), _together(new)
    if one != two:
        both = bool(old.near and new.near)
        wider = new.within > old.within if both else not new.near
        kind: Kind = "different" if both and not (old.within and new.within) else "stricter" if wider else "looser"
        yield Change(kind, new.id, f"it looked for {one} and looks for {two}", case)


def _together(rule: Rule) -> str:
    if not rule.near:
        return "one thing"
    return f"two things within {rule.within} characters" if rule.within else "two things in the same sentence"


def _lines(
    old: frozenset[tuple[str, str]], new: frozenset[tuple[str, str]], name: str, case: Case | None
) -> Iterator[Change]:
    """Compare lines that are looked for."""
    added, removed = new - old, old - new
    patterns = {kind for kind, _ in added} & {kind for kind, _ in removed} - {"lexicon", "named"}
    for kind in sorted(patterns):
        yield Change("different", name, f"what its {kind} looks for has changed", case, _first(added, kind))
    for kind in sorted({kind for kind, _ in added} - patterns):
        yield Change("stricter", name, f"it looks for {_count(added, kind)} more", case, _first(added, kind))
    for kind in sorted({kind for kind, _ in removed} - patterns):
        yield Change("looser", name, f"it looks for {_count(removed, kind)} less", case, _first(removed, kind))


def _channels(channels: frozenset[Channel]) -> str:
    shown = {Channel.ANSWER} if channels >= _PARTS else set()
    rest = channels - _PARTS - {Channel.ANSWER} if shown else channels
    return " and the ".join(sorted(channel.value for channel in shown | rest))


def _count(lines: frozenset[tuple[str, str]], kind: str) -> str:
    number = sum(each == kind for each, _ in lines)
    what = {"lexicon": "phrase", "named": "tool"}.get(kind, kind)
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _first(lines: frozenset[tuple[str, str]], kind: str) -> str:
    return min(line for each, line in lines if each == kind)


def _tells(old: Side, new: Side, of: Space, both: Region) -> Iterator[Change]:
    """Compare the notices that people get."""
    one, two, name = old.rule, new.rule, new.rule.id
    case = case_in(of, both, two.jurisdiction) if both else None
    if _cited(one.laws) != _cited(two.laws):
        yield Change("different", name, f"its law was {_cited(one.laws)} and is {_cited(two.laws)}", case)
    if one.notice != two.notice:
        yield Change("different", name, "the text of its notice has changed", case)
    if dict(one.placeholders) != dict(two.placeholders):
        yield Change("different", name, "the text of its placeholder has changed", case)
    if one.told != two.told:
        yield Change("different", name, "its notice is given" if two.told else "its notice is no longer given", case)
    if dict(one.label) != dict(two.label) or one.type != two.type:
        yield Change("different", name, "the text of its label has changed", case)
    if one.contacts != two.contacts:
        yield Change(
            "different", name, f"it provides {two.contacts or 'nobody'} and not {one.contacts or 'nobody'}", case
        )


def _cited(laws: tuple[Law, ...]) -> str:
    return " and ".join(map(law_in_words, laws)) or "none"
