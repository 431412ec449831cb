"""Verifies a folder of evidence: what was signed, then what the signed files say of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ordinance_verify import policies, sections
from ordinance_verify.counting import Counting
from ordinance_verify.folder import Manifest, compare, manifest_of, read
from ordinance_verify.problems import Report, WrongError
from ordinance_verify.record import Chains, record_files
from ordinance_verify.strict import decode


@dataclass(frozen=True, slots=True)
class Given:
    """What whoever verifies has brought: public ``keys`` by their ids, of which one must have signed the manifest;
    those of the ``record``; the ``root`` of the policies; the key of marks; the checkpoint that the record
    must reach at ``least``, and the day by which it must have ``begun``."""

    keys: Mapping[str, bytes]
    record: Mapping[str, bytes]
    root: policies.Root | None = None
    mark: bytes | None = None
    least: int = 0
    begun: date | None = None


def verify(folder: Path, given: Given) -> Report:
    """Return everything that is wrong with the evidence in ``folder``. Nothing in it is read that was not signed."""
    report = Report()
    try:
        manifest = manifest_of(folder, given.keys)
        report.days = (manifest.first.isoformat(), manifest.last.isoformat())
        names = compare(folder, manifest, report)
        if not report.problems:
            _verify(folder, manifest, names, given, report)
    except WrongError as error:
        report.problems.append(error.problem)
    return report


def _verify(folder: Path, manifest: Manifest, names: Mapping[str, str], given: Given, report: Report) -> None:
    found = {
        name.removesuffix(".json"): decode(read(folder, name, names[name]), "section-form", name)
        for name in names
        if "/" not in name and name.endswith(".json") and name != "sbom.cdx.json"
    }
    if "sbom.cdx.json" in names:
        sections.bill(read(folder, "sbom.cdx.json", names["sbom.cdx.json"]))
    told = list(policies.told_in(found["policies"]))
    strangers = {int(name.split("/")[1]) for name in names if name.startswith("policy/")} - {
        each["number"] for each in told
    }
    if strangers:
        report.wrong("file-unknown", f"policy/{min(strangers)}", "policies.json does not list this policy")
    read_ = [policies.read_policy(folder, each["number"], each, names) for each in told]
    for policy in read_:
        policies.verify(policy, given.root, report)
    if len({each.digest for each in read_}) != len(read_):
        report.wrong("section-form", "policies.json", "a policy is there twice")

    counting = Counting(report)
    since = datetime.combine(manifest.first, time(), UTC)
    until = datetime.combine(manifest.last + timedelta(days=1), time(), UTC)
    chains = Chains(given.record, since, until, counting.take, report, whole=manifest.whole)
    for name in record_files(sorted(names)):
        chains.file(folder / name, name, names[name])
    chains.end(given.least, given.begun)
    numbers = record_files(sorted(names))
    if numbers != [f"record/{each}.jsonl" for each in range(1, len(numbers) + 1)]:
        report.wrong("record-start", "record/", "a file of the record is missing between others")

    steps: list[Callable[[], None]] = [
        lambda: sections.numbers(found["record"], chains.numbers, report),
        lambda: sections.laws(found["laws"], manifest, read_, report),
        lambda: sections.changes(found["changes"], read_, report),
        lambda: sections.allowed(found["parts"], read_, report),
        lambda: sections.others(found, given.record, given.mark, report),
    ]
    if manifest.whole:
        steps.append(lambda: sections.counted(found, counting, read_, report))
    else:
        report.note("counts-unverified", "counts.json", "records are shown as hashes: nothing was counted again")
    for step in steps:  # what one has found to be out of form, the next ones do not read
        step()


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON."""
    return {
        "ok": not report.problems,
        "problems": [{"code": each.code, "where": each.where} for each in report.problems],
        "notes": [{"code": each.code, "where": each.where} for each in report.notes],
        "days": list(report.days or ()),
        "checkpoint": report.checkpoint,
    }
