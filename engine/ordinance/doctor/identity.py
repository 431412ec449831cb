"""Who the server says it is: its versions, its policy, and whether it speaks of itself to others."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ordinance import __version__
from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.local import Process, listening_at
from ordinance.doctor.sightings import metadata
from ordinance.doctor.target import Door, Target, value_at
from ordinance.doctor.wire import POLICY, NoReplyError, Server
from ordinance.serve.account import RANGE, TESTED, is_supported, sends_statistics

#: What is asked of a server that only the gateway should reach. The second route does nothing by that method, and
#: vLLM's own key does not guard it.
_ROUND = (("GET", "/v1/models"), ("PATCH", "/invocations"))
_ALONE = (
    "Let only the gateway reach it: another network, a socket, a firewall. "
    "vLLM's --api-key guards /v1 and nothing else."
)

POLICIES, VERSIONS, TELEMETRY, BYPASS = "policy", "versions", "telemetry", "the server behind"


@dataclass(frozen=True, slots=True)
class Expected:
    """The policy that is to be in force: ``shown`` as answers show it, or ``digest``, or the beginning of one; both
    empty where nobody says."""

    shown: str = ""
    digest: str = ""


def policies(target: Target, expected: Expected) -> Iterator[Finding]:
    """Check that all answers show the same policy, and the expected one."""
    seen: dict[str, list[str]] = {}
    for path, reply in target.first.items():
        if target.doors[path] is not Door.OPEN_TO_US:
            continue
        shown, door = reply.header(POLICY) or "", f"POST {path}"
        seen.setdefault(shown, []).append(door)
        digest = str(metadata(reply).get("policy", {}).get("digest", ""))
        if digest and not shown.endswith(f"+{digest[:16]}"):
            yield is_open(
                POLICIES, shown, "an answer's header and its metadata differ", "Report this to Ordinance.", door
            )
        elif digest[:16] == expected.digest[:16] and not digest.startswith(expected.digest):
            yield from _not_expected(shown, expected, door)
    ready = value_at(target.server, "/ready").get("policy")
    if isinstance(ready, str) and _digest(ready) not in map(_digest, seen):  # a key may name another jurisdiction
        seen.setdefault(ready, []).append("GET /ready")
    if not seen:
        yield untried(
            POLICIES, "the policy", "no answer names a policy", "Give a key, or check what answers on these routes."
        )
    for shown, doors in seen.items():
        part = ", ".join(doors)
        if expected == Expected():
            yield untried(POLICIES, shown, "not compared with an expected policy",
                          "Say which is expected, with --policy or --pack.", part)  # fmt: skip
        elif expected.shown in ("", shown) and _digest(shown).startswith(expected.digest[:16]):
            yield well(POLICIES, shown, "the expected one", part)
        else:
            yield from _not_expected(shown, expected, part)
    if len(set(map(_digest, seen))) > 1:
        yield is_open(POLICIES, "the policy", "different answers name different policies",
                      "Reload every process: send SIGHUP to the one that you started.")  # fmt: skip


def _digest(shown: str) -> str:
    return shown.rpartition("+")[2]


def _not_expected(shown: str, expected: Expected, part: str) -> Iterator[Finding]:
    wanted = expected.shown or expected.digest[:16]
    yield is_open(POLICIES, shown, f"not the expected one ({wanted})",
                  "Load the expected packs: send SIGHUP, or restart.", part)  # fmt: skip


def versions(target: Target) -> Iterator[Finding]:
    """Ordinance's and vLLM's, against what this Ordinance was made for."""
    ready = value_at(target.server, "/ready")
    there = ready.get("ordinance")
    if not isinstance(there, str):
        yield untried(VERSIONS, "ordinance", "cannot be seen from here", "See `ordinance --version` there.")
    elif there != __version__:
        yield is_open(
            VERSIONS,
            f"ordinance {there}",
            f"not this one ({__version__})",
            "Run the `ordinance doctor` of that version.",
        )
    else:
        yield well(VERSIONS, f"ordinance {there}", "this one")
    vllm = _vllm_version(target, ready)
    if not vllm:
        yield untried(
            VERSIONS,
            "vLLM",
            "cannot be seen from here",
            "Name the server behind with --behind, or look on its machine.",
        )
    elif not is_supported(vllm):
        yield is_open(VERSIONS, f"vLLM {vllm}", f"outside the range that was examined ({RANGE})",
                      "Install a version in the range: another may have unknown routes.")  # fmt: skip
    else:
        tested = "tested" if vllm.startswith(TESTED) else f"in the supported range; tested with {TESTED}"
        yield well(VERSIONS, f"vLLM {vllm}", tested)


def _vllm_version(target: Target, ready: dict[str, Any]) -> str:
    found = ready.get("server", {})
    candidates = [found.get("vllm") if isinstance(found, dict) else None]
    for server in (*target.behind, target.server):
        candidates.append(value_at(server, "/version").get("version"))
    return next((each for each in candidates if isinstance(each, str) and re.match(r"\d+\.\d+", each)), "")


def telemetry(target: Target) -> Iterator[Finding]:
    """Whether vLLM's usage statistics are off, and whom its processes on this machine are connected to."""
    said = value_at(target.server, "/ready").get("server")
    off = said.get("usage_statistics") if isinstance(said, dict) else None
    if off is False:
        yield well(TELEMETRY, "usage statistics", "off, as the server says")
    elif off is True:
        yield is_open(TELEMETRY, "usage statistics", "on, as the server says", "Set VLLM_NO_USAGE_STATS=1 there.")
    processes = [(server, listening_at(server.port)) for server in (target.server, *target.behind)
                 if server.is_here]  # fmt: skip
    for server, process in processes:
        if process is not None:
            yield from _of_process(server, process)
    if off is None and not any(process is not None and process.is_vllm for _, process in processes):
        yield untried(
            TELEMETRY, "usage statistics", "cannot be seen from here",
            "Set VLLM_NO_USAGE_STATS=1 where vLLM runs, and run doctor on that machine (--behind).",
        )  # fmt: skip
    if not any(process for _, process in processes):
        yield untried(TELEMETRY, "connections", "cannot be seen from here", "Run doctor on the server's machine.")


def _of_process(server: Server, process: Process) -> Iterator[Finding]:
    subject = f"the process {process.id} at port {server.port}"
    if process.is_vllm:
        if sends_statistics(process.environment, process.home):
            yield is_open(TELEMETRY, subject, "vLLM sends usage statistics", "Start it with VLLM_NO_USAGE_STATS=1.")
        else:
            yield well(TELEMETRY, subject, "vLLM sends no usage statistics")
    public = [address for address in process.reached if ipaddress.ip_address(address).is_global]
    if public:
        yield is_open(TELEMETRY, subject, f"connected to the internet ({', '.join(public)})",
                      "Find out why; a firewall that blocks outgoing connections is the sure remedy.")  # fmt: skip
    else:
        near = f"; connected in your own network: {', '.join(process.reached)}" if process.reached else ""
        yield well(TELEMETRY, subject, f"no connection to the internet{near}")


def behind(target: Target) -> Iterator[Finding]:
    """Whether a server behind a gateway answers who comes round it: us, without a key."""
    for server in target.behind:
        yield from _round(server)


def _round(server: Server) -> Iterator[Finding]:
    subject = f"{server.host}:{server.port}"
    for method, path in _ROUND:
        try:
            status = server.ask(method, path, key=None).status
        except NoReplyError as error:
            yield well(BYPASS, subject, f"not reached from here ({error})", f"{method} {path}")
            continue
        if status in (401, 403):
            yield well(BYPASS, subject, "asks for a key", f"{method} {path}")
        else:
            yield is_open(
                BYPASS, subject, f"answers from here without a key (status {status})", _ALONE, f"{method} {path}"
            )
