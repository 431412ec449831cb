"""The judges that the server's policy asks: whether they answer, and what they let pass or only record."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.doctor.findings import Finding, is_open, well
from ordinance.doctor.target import Target, value_at

JUDGES = "judges"


def judges(target: Target) -> Iterator[Finding]:
    """Tell what ``/ready`` says of each judge; nothing where none is configured."""
    said = value_at(target.server, "/ready").get("judges")
    for each in said if isinstance(said, list) else []:
        yield from _judge(str(each.get("name")), each)


def _judge(name: str, said: dict[str, object]) -> Iterator[Finding]:
    if said.get("state") == "ready":
        yield well(JUDGES, name, "answers, and answers its canaries right")
    elif said.get("state") != "records":
        yield is_open(JUDGES, name, f"has failed ({said.get('state')})",
                      "What it judges counts as found, so red lines refuse. See docs/meaning.md.")  # fmt: skip
    calibration = str(said.get("calibration"))
    if calibration.startswith("void"):
        yield is_open(JUDGES, f"{name}, calibration", calibration,
                      "It only records until `ordinance calibrate` has measured it anew.")  # fmt: skip
    records = said.get("records")
    for rule in records if isinstance(records, list) else ():
        yield is_open(JUDGES, f"{name}, {rule}", "only records what it would have done",
                      "It acts where a calibration covers the rule and the language. See docs/meaning.md.")  # fmt: skip
