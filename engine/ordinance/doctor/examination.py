"""The whole examination, in the order in which one look helps the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ordinance.doctor import (
    attached_judges,
    attached_plugins,
    attached_servers,
    bypasses,
    identity,
    inbound,
    marked_answers,
    other_applications,
    outbound,
    server_settings,
    strangers,
    target,
)
from ordinance.doctor.findings import Finding
from ordinance.doctor.identity import Expected
from ordinance.doctor.target import Target

#: Told with the name of each check before it begins, and how much has been looked at.
Progress = Callable[[str, int], None]


def examine(patient: Target, expected: Expected, progress: Progress) -> Iterator[Finding]:
    """Examine ``patient`` and yield every finding as it is made."""
    checks: tuple[tuple[str, Iterable[Finding]], ...] = (
        (target.GOVERNED, target.governed_doors(patient)),
        (bypasses.CLOSED, bypasses.closed_doors(patient)),
        (inbound.ASKED, inbound.asked(patient)),
        (outbound.ANSWERED, outbound.answered(patient)),
        (bypasses.PASSED, bypasses.passed_routes(patient)),
        (server_settings.SETTINGS, server_settings.settings(patient)),
        (strangers.KEYS, strangers.keys(patient)),
        (identity.BYPASS, identity.behind(patient)),
        (other_applications.BESIDE, other_applications.beside(patient)),
        (identity.POLICIES, identity.policies(patient, expected)),
        (identity.VERSIONS, identity.versions(patient)),
        (attached_plugins.PLUGINS, attached_plugins.plugins(patient)),
        (attached_judges.JUDGES, attached_judges.judges(patient)),
        (attached_servers.SERVERS, attached_servers.servers(patient)),
        (marked_answers.MARKS, marked_answers.marks(patient)),
        (identity.TELEMETRY, identity.telemetry(patient)),
    )
    for name, found in checks:
        progress(name, 0)
        for number, finding in enumerate(found, 1):
            progress(name, number)
            yield finding
