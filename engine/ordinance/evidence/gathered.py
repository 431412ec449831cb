"""Makes the folder of evidence from a record, policies, and what else the operator gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ordinance import __version__
from ordinance.authoring.objections import counted, read
from ordinance.evidence.days import Days
from ordinance.evidence.evidence_page import page
from ordinance.evidence.evident_policies import Evident, laws
from ordinance.evidence.record_part import Shown, parts, stretch_of
from ordinance.evidence.sealed_folder import SealedFolder
from ordinance.evidence.tallies import Tallies
from ordinance.record.record_lines import Place, lines_of
from ordinance.record.series import kept_in
from ordinance.record.signed_lines import Checkpoint, signed_in
from ordinance.record.verified_record import Found, Known, Verified, verify
from ordinance.trust.envelopes import Envelope, key_id
from ordinance.trust.moments import now, written

#: What evidence calls a record in PostgreSQL: nothing of where it is.
_TABLE = "ordinance_record"


@dataclass(frozen=True, slots=True)
class Sources:
    """What evidence of some ``days`` is made of. ``record`` are its parts, the oldest first, ``record_keys`` the public
    keys of its checkpoints. With ``whole`` the records themselves are shown, else only their hashes. ``doctor`` and
    ``sbom`` are what others made, in JSON."""

    days: Days
    record: Sequence[Place]
    record_keys: Sequence[bytes]
    policies: Sequence[Evident]
    whole: bool = True
    doctor: Mapping[str, Any] | None = None
    sbom: tuple[bytes, Mapping[str, Any]] | None = None
    objections: Path | None = None
    mark: tuple[str, bytes] | None = None
    verified: Verified = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verified", _verified(self.record, self.record_keys))


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: the SHA-256 of the ``manifest``, how many ``requests`` it is about and how many ``answers`` they
    got, what is wrong with what it shows (problems of the record, policies that are not signed as the root asks, and
    those that are not here), and of which part of the days nothing is there (``lacks``)."""

    manifest: str
    requests: int
    answers: int
    problems: tuple[Found, ...]
    lacks: tuple[str, ...]


def make(out: Path, sources: Sources, sign: Callable[[Envelope], Envelope], signer: str) -> Made:
    """Write the evidence to the folder ``out``, with a manifest that ``sign`` signs, with the key whose id is
    ``signer``. Raises ``OrdinanceError``."""
    tallies, shown, days = Tallies(), Shown(), sources.days
    with SealedFolder(out) as folder:
        stretch = stretch_of(sources.record, days)
        for name, lines in parts(sources.record, stretch, days, tallies.take, shown, whole=sources.whole):
            folder.add(name, lines)
        for policy in sources.policies:
            for name, content in policy.files.items():
                folder.add(name, [content])
        sections = _sections(sources, tallies, shown)
        for name, section in sections.items():
            if name == "sbom" and sources.sbom:
                folder.add("sbom.cdx.json", [sources.sbom[0]])
            elif section is not None:
                folder.add_json(f"{name}.json", section)
        issued = written(now())
        told = {"engine": __version__, "issued": issued, "marks": sections["keys"]["mark"], "signed_by": signer}
        told["lacks"] = shown.lacks(days)
        folder.add("index.html", [page(days, {**sections, **told})])
        predicate = {
            "engine": __version__,
            "from": days.first.isoformat(),
            "to": days.last.isoformat(),
            "issued": issued,
            "records": "whole" if sources.whole else "hashed",
        }
        manifest = folder.seal(predicate, sign)
    counts = sections["counts"]
    problems = (*_problems(sources), *_missing(sources, tallies, shown))
    return Made(manifest, counts["requests"], counts["answers"], problems, tuple(told["lacks"]))


def _sections(sources: Sources, tallies: Tallies, shown: Shown) -> dict[str, Any]:
    found = sources.policies
    objections = None
    if sources.objections is not None:
        days = sources.days
        decided = (each for each in read(sources.objections) if days.first <= each.day <= days.last)
        objections = {each.rule: {name: n for name, n in each.outcomes.items() if n} for each in counted(decided)}
    allowed = [
        {"policy": each.number, "plugins": report["plugins"], "judges": report["judges"]}
        for each in found
        if (report := each.report()).get("plugins") is not None
    ]
    return {
        "policies": [each.report() for each in found],
        "laws": laws(found, sources.days, tallies.days),
        "changes": [change for each in found if (change := each.change()) is not None],
        "counts": tallies.counts(),
        "failures": tallies.failed({each.plan.digest: each.verified for each in found}),
        "parts": {**tallies.took_part(), "allowed": allowed},
        "record": _record(sources, shown),
        "keys": {
            "record": sorted(({"keyid": key_id(each), "public": each.hex()} for each in sources.record_keys),
                             key=lambda key: key["keyid"]),
            "mark": sources.mark and {"keyid": key_id(sources.mark[1]), "public": sources.mark[1].hex(),
                                      "provider": sources.mark[0]},
        },
        "doctor": sources.doctor,
        "objections": objections,
        "sbom": sources.sbom and sources.sbom[1],
    }  # fmt: skip


def _record(sources: Sources, shown: Shown) -> dict[str, Any]:
    names = {str(part): part.name if isinstance(part, Path) else _TABLE for part in sources.record}
    return {
        **{each.name: getattr(shown, each.name) for each in fields(shown)},
        **{
            kind: [{"code": one.code, "where": _named(one.where, names)} for one in several]
            for kind, several in (("problems", sources.verified.problems), ("breaks", sources.verified.breaks))
        },
    }


def _named(where: str, names: Mapping[str, str]) -> str:
    """Return a place in the record without the folder, or the address, that it has."""
    path, colon, line = where.rpartition(":")
    return f"{names[path]}{colon}{line}" if path in names else where


def _problems(sources: Sources) -> list[Found]:
    wrong = [Found(each.code, each.where, str(each)) for one in sources.policies for each in one.found or ()]
    return [*sources.verified.problems, *wrong]


def _missing(sources: Sources, tallies: Tallies, shown: Shown) -> Iterator[Found]:
    """Yield what whoever verifies will miss, though the operator may have it."""
    known = {"", *(each.plan.digest for each in sources.policies)}
    first: dict[str, str] = {}
    for day, digests in sorted(tallies.days.items()):
        for digest in sorted(digests.keys() - known):
            first.setdefault(digest, day)
    for digest, day in first.items():
        what = f"the policy {digest} is not named: name the bundle that was in force on {day} with --policy"
        yield Found("policy-unknown", day, what)
    number = _first_number(sources.record[0])
    if number is not None and number > 1 and shown.begins and shown.begins >= written(sources.days.since):
        what = (
            f"the record begins with checkpoint {number}, after the first day did: name its older files with --record"
        )
        yield Found("record-start", str(sources.record[0]), what)


def _verified(record: Sequence[Place], keys: Sequence[bytes]) -> Verified:
    """Verify the record. Its older files may be gone: then it is verified from where it begins here."""
    known = {key_id(each): each for each in keys}
    head = kept_in(record[-1])
    if _first_number(record[0]) in (None, 1):
        return verify(record, Known(known, head=head))
    found = verify(record, Known(known, partial=True))
    numbers = [signed.says.number for line in head if (signed := signed_in(line.rstrip(b"\n")))]
    last = found.last.number if found.last else 0
    if numbers and last < numbers[0]:
        found.problems.append(Found("record-end", str(record[-1]), f"it ends with checkpoint {last}"))
    return found


def _first_number(part: Place) -> int | None:
    """Return the number of the first checkpoint in a part of the record; None if there is none."""
    for line in lines_of(part):
        signed = signed_in(line.data)
        if signed is not None and isinstance(signed.says, Checkpoint):
            return signed.says.number
    return None
