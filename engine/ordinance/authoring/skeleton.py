"""A pack to begin with: commented, and right as it stands."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import langcodes
import regex

from ordinance.authoring.countries import countries_called, is_assigned, zone_table
from ordinance.authoring.results import examine
from ordinance.errors import OrdinanceError, UsageError
from ordinance.language import ast
from ordinance.language.format import format_source
from ordinance.language.source import Source
from ordinance.loading.files import shown
from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_pack
from ordinance.policy.ir import Policy
from ordinance.policy.link.names import is_code, iso_code

Kind = Literal["jurisdiction", "language", "house"]

_FOLDER = Path(__file__).resolve().parent / "skeletons"
_LEXICON = "lexicons/example_words.txt"
_IN_EACH = regex.compile(r"@TEXTS:([^@\n]*)@")
_NAME = regex.compile(r"[\p{XID_Start}][\p{XID_Continue}]*")


class SkeletonError(OrdinanceError):
    """A skeleton cannot be made: the words of the engine that is installed do not carry it."""

    code = "skeleton"


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Files by their place below the pack's own folder, the pack first."""

    name: str
    files: Mapping[str, str]

    def write(self, into: Path) -> tuple[Path, ...]:
        """Write all files below ``into``/name. Raises ``UsageError`` where one is there, before anything is written."""
        home = into / self.name
        targets = tuple(home / place for place in self.files)
        for target in targets:
            if target.exists() or target.is_symlink():
                raise UsageError(f"{shown(target)} already exists.", help="Give another folder with --into DIR.")
        try:
            for target, text in zip(targets, self.files.values(), strict=True):
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("x", encoding="utf-8", newline="\n") as file:
                    file.write(text)
        except OSError as error:
            message = f"{shown(into)} cannot be written: {error.strerror}."
            raise UsageError(message, help="Give another folder with --into DIR.") from None
        return targets


#: What a law can ask for, as `ordinance new` calls it. An omission is what a jurisdiction's skeleton shows by itself.
DUTIES = ("disclosure", "label", "reminder", "omission", "mask", "help")


def skeleton(kind: Kind, name: str, today: date, duty: str = "omission", languages: Sequence[str] = ()) -> Skeleton:
    """Make a pack of ``kind`` called ``name``, under the charter that ships; a jurisdiction's for one of ``DUTIES``.

    Its texts are in ``languages``, else in those that ship. For each of them that does not ship a language's pack to
    begin with lies beside it.
    Raises ``UsageError`` for a name that such a pack must not have, ``SkeletonError`` if the result does not pass check
    and test.
    """
    _MAY_BE_CALLED[kind](name)
    shipped = load()
    if shipped.policy is None:
        raise SkeletonError("the packs that ship contain errors.", help="`ordinance check rules` says why.")
    for tag in languages:
        _is_language(tag)
    ship = [unit.name for unit in shipped.policy.units if unit.pack.kind == "language"]
    tags = sorted(languages or ship)
    of = f"duties/{duty}" if kind == "jurisdiction" and duty != "omission" else kind
    found = {f"{name}.ord": _fill(kind, name, shipped.policy, today, tags, of)}
    for tag in tags if kind != "language" else ():
        if tag not in ship:
            found[f"languages/{tag}/{tag}.ord"] = _fill("language", tag, shipped.policy, today, tags, "language")
    if of in ("jurisdiction", "house"):
        found[_LEXICON] = (_FOLDER / "example_words.txt").read_text("utf-8")
    made = Skeleton(name, found)
    with tempfile.TemporaryDirectory() as folder:
        made.write(Path(folder))
        _check(load([Path(folder), *(shipped_pack(tag) for tag in languages if tag in ship)], on=today))
    return made


def _fill(kind: Kind, name: str, policy: Policy, today: date, tags: Sequence[str], template: str) -> str:
    charter = policy.charter
    labels = {"jurisdiction": "numbers of files", "house": "matters of the house"}.get(kind, "")
    places = {
        "NAME": name,
        "VERSION": f"{today.year}.{today.month:02}.0",
        "CHARTER": f"{charter.name} {charter.pack.version.text.partition('.')[0]}",
        "TODAY": str(today),
        "ZONE": _zone(name),
        "ELSEWHERE": "BV" if name.startswith("AQ") else "AQ",  # uninhabited: nobody's law is meant
        "NOTICES": _notices(name, policy),
        "LABELS": "\n".join(f'  {tag} "{labels}"' for tag in tags) if labels else _labels(name, policy),
    }
    text = (_FOLDER / f"{template}.ord").read_text("utf-8")
    text = _IN_EACH.sub(lambda found: "\n".join(f'  {tag} "{found[1]}"' for tag in tags), text)
    for place, value in places.items():
        text = text.replace(f"@{place}@", value)
    done = format_source(Source(Path(f"{name}.ord"), f"{name}.ord", text), "pack")
    return done or text


def _notices(tag: str, policy: Policy) -> str:
    """Write the notices of the English pack, each to be translated; without an English pack, those of the charter."""
    return "\n".join(f'notice {name} {{ {tag} "{text}" }}' for name, text in _texts(policy, ast.NoticeDecl).items())


def _labels(tag: str, policy: Policy) -> str:
    return "\n".join(f'label {name} {{ {tag} "{text}" }}' for name, text in _texts(policy, ast.LabelDecl).items())


def _texts(policy: Policy, kind: type[ast.NoticeDecl] | type[ast.LabelDecl]) -> dict[str, str]:
    """Return the English texts of all notices or labels that ship, by name."""
    found: dict[str, str] = {}
    for unit in policy.units:
        for item in unit.pack.each(kind):
            for text in item.texts:
                if text.tag.text == "en":
                    found.setdefault(item.name.text, text.text.text)
    return found


def _zone(code: str) -> str:
    """Return the time zone of a country that has only one, by tzdata's table; else UTC, for the author to correct."""
    rows = [line.split("\t") for line in zone_table("zone.tab").splitlines() if not line.startswith("#")]
    zones = [row[2] for row in rows if row[0] == code.partition("-")[0]]
    try:
        return ZoneInfo(zones[0]).key if len(zones) == 1 else "UTC"
    except ZoneInfoNotFoundError:
        return "UTC"


def _check(loaded: Loaded) -> None:
    wrong = [item.message for item in loaded.diagnostics if item.severity == "error"]
    if loaded.compiled is not None:
        wrong += [result.problem for result in examine(loaded, on=loaded.on).failed]
    if wrong:
        raise SkeletonError(
            f"this version cannot make that skeleton: {wrong[0]}.",
            help="Write the pack by hand, or wait for one that can.",
        )


def _is_jurisdiction(name: str) -> None:
    usual = is_code(name)
    if usual and not iso_code(name) and is_assigned(name):
        return
    upper = name.upper()
    near = iso_code(name) or (upper if is_code(upper) and upper != name and is_assigned(upper) else "")
    meant = {near: ""} if near else countries_called(name)
    choices = " or ".join(f"'{code}' ({place})" if place else f"'{code}'" for code, place in meant.items())
    raise UsageError(
        f"'{name}' is not a code of ISO 3166." if usual else f"'{name}' is not a jurisdiction's code.",
        help=f"Did you mean {choices}?" if choices else "Write it as JP, EU or US-CA, or XX for a trial.",
    )


def _is_language(name: str) -> None:
    if not langcodes.tag_is_valid(name):
        raise UsageError(f"'{name}' is not a language tag.", help="Write it as ja or fr-CA.")
    usual = langcodes.standardize_tag(name)
    if usual != name:
        raise UsageError(f"'{name}' is not a language tag in its usual form.", help=f"Write '{usual}'.")


def _is_house(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}' cannot name a house.", help="Use letters, digits and `_`, as in city_school.")


_MAY_BE_CALLED: Mapping[Kind, Callable[[str], None]] = {
    "jurisdiction": _is_jurisdiction,
    "language": _is_language,
    "house": _is_house,
}
