"""The page on top of evidence: one file, without scripts or anything from elsewhere, which prints well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ordinance.authoring.register.document import Document, Entry, Fact, Section, Table, Text
from ordinance.authoring.register.html import to_html
from ordinance.evidence.claims import CLAIMS, Claim
from ordinance.evidence.days import Days

#: Through these something went past a rule, or past a policy that others can verify.
_BYPASSES = ("judge_passed_over", "policy_not_here", "policy_not_verified", "without_policy")
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
        "laws": lambda found: _laws(found, sections["record"]["begins"] or ""),
        "changes": _changes,
        "counts": _counts,
        "failures": _failures,
        "parts": lambda found: _tallies("Requests", {name: found[name] for name in found if name != "allowed"}),
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
            (*_ABOUT, *sections["lacks"]),
            f"Both days are included, as days of UTC. Made by Ordinance {sections['engine']} at {sections['issued']}. "
            f"Signed with the key whose SHA-256 is {sections['signed_by']}.",
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


def _laws(found: Mapping[str, Any], begins: str) -> list[Table]:
    def policy(day: str, digest: str, n: int) -> str:
        none = "(ended before a policy applied)" if n else "(no requests recorded)"
        return digest[:16] or ("(before the record here begins)" if day < begins[:10] else none)

    rows = [
        (
            day["day"],
            policy(day["day"], digest, n),
            n,
            ", ".join(day["in_force"].get(digest, ["(not here)"] if digest else [])),
        )
        for day in found["days"]
        for digest, n in (day["requests"] or {"": 0}).items()
    ]
    laws = {
        (law["jurisdiction"], law["title"], law["article"], law["in_force"]["from"], law["in_force"]["until"])
        for own in found["policies"].values()
        for law in own.values()
    }
    return [
        _table("By day", ("day", "policy", "requests", "laws in force"), rows),
        _table("Laws", ("place", "title", "article", "from", "until"),
               sorted(laws, key=lambda law: [each or "" for each in law])),
    ]  # fmt: skip


def _changes(found: Sequence[Mapping[str, Any]]) -> list[Table]:
    return [table for each in found for table in _change(each)]


def _change(each: Mapping[str, Any]) -> Iterator[Table]:
    policy = f"Policy {each['policy']}, version {each['version']}, issued {each['issued']}"
    told = (("approved_by", "yes"), ("signed_before", "no, signed an earlier bundle: the part did not change"))
    signed = [(role, ", ".join(people) or "nobody", what) for kind, what in told for role, people in each[kind].items()]
    changed = [
        *((one["what"], one["rule"], one["kind"]) for one in each["approved"]["changes"]),
        *(("file", one["name"], one["kind"]) for one in each["approved"]["files"]),
    ]
    yield _table(f"{policy}: who signed which part", ("role", "signed by", "approved this difference"), signed)
    yield _table(f"{policy}: the difference, {each['diff']}", ("what", "of", "kind"), changed)


def _counts(found: Mapping[str, Any]) -> list[Table]:
    total, none = found["requests"], sum(found["no_answer"].values())
    return [
        _table(
            f"{total} requests ended: {found['answers']} got an answer; {none} got none, or not all of it (499)",
            ("status of those without an answer", "requests"),
            list(found["no_answer"].items()),
        ),
        *(
            _table(
                f"By {', '.join(table['by'])}; {total} requests in all",
                (*table["by"], "requests"),
                [(*row["kind"], row["requests"]) for row in sorted(table["rows"], key=lambda row: -row["requests"])],
            )
            for table in found["tables"]
        ),
    ]


def _failures(found: Mapping[str, Mapping[str, int]]) -> list[Table]:
    return [
        *_tallies("Bypasses", {name: counts for name, counts in found.items() if name in _BYPASSES}),
        *_tallies("Failures", {name: counts for name, counts in found.items() if name not in _BYPASSES}),
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
    span = [("begins", found["begins"]), ("ends, with its last checkpoint", found["ends"])]
    return [
        _table("From when to when there is a record in this folder, in UTC", ("it", "at"), span),
        _table("Numbers", ("of", "number"), numbers),
        _table("Problems and breaks, as `ordinance audit verify` lists them", ("kind", "code", "where"), wrong),
    ]
