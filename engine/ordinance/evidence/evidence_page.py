"""The page on top of evidence: one file, without scripts or anything from elsewhere, which prints well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ordinance.authoring.register.document import Document, Entry, Fact, Section, Table, Text
from ordinance.authoring.register.html import to_html
from ordinance.evidence.claims import CLAIMS, Claim
from ordinance.evidence.days import Days

#: So many rows of one table are on the page; the files have all.
_MOST = 200
_ABOUT = (
    "This folder is evidence of what a server did on these days, and of the law that it applied. It contains no text "
    "of a question or an answer. Whoever signed it answers for it; the manifest lists every file by its SHA-256.",
    "Verify it before you rely on it, with the key of whoever signed it, which you did not take from this folder: "
    "ordinance-verify FOLDER --key KEY.pub. This page repeats what the files say, and the files count: "
    "ordinance-verify reads them and not this page, of which it verifies that it is the page that was signed.",
)


def page(days: Days, sections: Mapping[str, Any]) -> bytes:
    """Return the page of the ``sections``, by their names; of one that is not there it says so."""
    made: dict[str, Callable[[Any], list[Table]]] = {
        "policies": _policies,
        "laws": _laws,
        "changes": _changes,
        "counts": _counts,
        "failures": lambda found: _tallies("Records", found),
        "parts": lambda found: _tallies("Answers", {name: found[name] for name in found if name != "allowed"}),
        "doctor": _doctor,
        "objections": lambda found: _tallies("Objections", found),
        "sbom": _sbom,
        "record": _record,
        "marks": lambda found: [_table("Key", ("id", "public"), [(found["keyid"], found["public"])])],
    }
    return to_html(
        Document(
            "en",
            f"Evidence from {days.first} to {days.last}",
            _ABOUT,
            f"Both days are included, as days of UTC. Made by Ordinance {sections['engine']} at {sections['issued']}.",
            "Contents",
            "Skip to the sections",
            tuple(
                _section(claim, None if sections.get(name) is None else made[name](sections[name]))
                for name, claim in CLAIMS.items()
            ),
        )
    ).encode()


def _section(claim: Claim, parts: Sequence[Table] | None) -> Section:
    facts = [("Serves", claim.serves), ("Does not show", claim.shows_not), ("Files", claim.files)]
    entry = Entry(
        Text("What this is for"),
        tuple(Fact(term, (Text(words),)) for term, words in facts),
        "" if parts is not None else "Not given: this evidence has no such section.",
    )
    return Section(claim.id, claim.heading, claim.about, (entry, *(parts or ())))


def _table(caption: str, headings: tuple[str, ...], rows: Iterable[Sequence[object]]) -> Table:
    shown = [tuple(Text("–" if cell in ("", None) else str(cell)) for cell in row) for row in rows]
    more = f" (the first {_MOST} of {len(shown)})" if len(shown) > _MOST else ""
    return Table(f"{caption}{more}", headings, tuple(shown[:_MOST]))


def _tallies(what: str, found: Mapping[str, Mapping[str, int]]) -> list[Table]:
    rows: list[tuple[str, str, int]]
    rows = [(name.replace("_", " "), key, n) for name, counts in found.items() for key, n in counts.items()]
    rows += [(name.replace("_", " "), "none", 0) for name, counts in found.items() if not counts]
    return [_table(what, ("kind", "of", "number"), sorted(rows))]


def _policies(found: Sequence[Mapping[str, Any]]) -> list[Table]:
    signed = [
        (
            each["number"],
            each["digest"],
            "yes" if each["verified"] else "no",
            "; ".join(f"{made['role']} {made['version']}: {', '.join(made['signed_by']) or 'nobody'}"
                      for made in each.get("statements", ())),
        )
        for each in found
    ]  # fmt: skip
    packs = [
        (each["number"], f"{one['kind']} {one['name']}", one["version"]) for each in found for one in each["packs"]
    ]
    return [
        _table("Policies", ("number", "digest", "verified from a root", "statements, and who signed"), signed),
        _table("Packs", ("policy", "pack", "version"), packs),
    ]


def _laws(found: Mapping[str, Any]) -> list[Table]:
    rows = [
        (
            day["day"],
            digest[:16] or "(no policy)",
            n,
            ", ".join(day["in_force"].get(digest, ["(not here)"] if digest else [])),
        )
        for day in found["days"]
        for digest, n in (day["answers"] or {"": 0}).items()
    ]
    laws = {
        (law["jurisdiction"], law["title"], law["article"], law["in_force"]["from"], law["in_force"]["until"])
        for own in found["policies"].values()
        for law in own.values()
    }
    return [
        _table("By day", ("day", "policy", "answers", "laws in force"), rows),
        _table("Laws", ("place", "title", "article", "from", "until"),
               sorted(laws, key=lambda law: [each or "" for each in law])),
    ]  # fmt: skip


def _changes(found: Sequence[Mapping[str, Any]]) -> list[Table]:
    return [
        _table(
            f"Policy {each['policy']}, version {each['version']}, issued {each['issued']}; signed by "
            + ", ".join(sorted({name for names in each["signed_by"].values() for name in names})),
            ("what", "of", "kind"),
            [
                *((one["what"], one["rule"], one["kind"]) for one in each["approved"]["changes"]),
                *(("file", one["name"], one["kind"]) for one in each["approved"]["files"]),
            ],
        )
        for each in found
    ]


def _counts(found: Mapping[str, Any]) -> list[Table]:
    return [
        _table(
            f"By {', '.join(table['by'])}; {found['answers']} answers in all",
            (*table["by"], "answers"),
            [(*row["kind"], row["answers"]) for row in sorted(table["rows"], key=lambda row: -row["answers"])],
        )
        for table in found["tables"]
    ]


def _doctor(found: Mapping[str, Any]) -> list[Table]:
    rows = [(one["state"], one["check"], one["subject"], one["what"]) for one in found["findings"]]
    return [_table(f"Found at {found['url']}", ("state", "check", "subject", "what"), rows)]


def _sbom(found: Mapping[str, Any]) -> list[Table]:
    rows = [(each.get("name"), each.get("version")) for each in found.get("components", ())]
    return [_table("Components", ("name", "version"), rows)]


def _record(found: Mapping[str, Any]) -> list[Table]:
    numbers = [(name, found[name]) for name in found if isinstance(found[name], int)]
    wrong = [(kind, one["code"], one["where"]) for kind in ("problems", "breaks") for one in found[kind]]
    return [
        _table("Numbers", ("of", "number"), numbers),
        _table("Problems and breaks, as `ordinance audit verify` lists them", ("kind", "code", "where"), wrong),
    ]
