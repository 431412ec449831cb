"""``ordinance doctor``: test a running server from outside, and report what is open."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ordinance.cli.arguments import add_config, add_format, add_shipped, allowed_by, packs_of, positive
from ordinance.cli.colour import tell
from ordinance.doctor.envoy_config import examined
from ordinance.doctor.examination import examine
from ordinance.doctor.findings import Finding, State
from ordinance.doctor.identity import Expected
from ordinance.doctor.protocols.canaries import canaries_of
from ordinance.doctor.report import as_json, as_text
from ordinance.doctor.target import Target, acquaint
from ordinance.doctor.wire import NoReplyError, Server, server_at
from ordinance.errors import UnreachableError, UnreadableError, UsageError
from ordinance.policy.plan import Plan
from ordinance.settings.other_files import read_config
from ordinance.settings.sources import KEY_VARIABLE
from ordinance.trust.drafts import load_draft

_EXAMPLE = """\
what it does:
  Sends canaries (meaningless words that the policy's lexicons contain) through every route and every field, and checks
  every byte of the responses. Has the model say a canary that no text in the request contains. Calls every route that
  should be closed. Checks the policy, versions, keys and telemetry. Nothing on the server changes, but the model gets
  a few dozen short questions, and the audit log gets a line for each.

examples:
  ordinance doctor http://127.0.0.1:8000
  ordinance doctor https://llm.example.org --key-file key.txt --pack /etc/ordinance/packs
  ordinance doctor http://gateway:8080 --behind http://vllm:8000 --format json
  ordinance doctor --envoy /etc/envoy/envoy.yaml
  curl -s localhost:19000/config_dump >dump.json && ordinance doctor --envoy dump.json --model-cluster vllm

With --envoy, reads the configuration of an Envoy that calls `ordinance ext-proc`, and sends nothing: does a listener
or a route bypass it, and does it fail closed? It is the file with which Envoy starts, or what its admin address
shows at /config_dump, which also has what Istio, Envoy Gateway or kgateway sent it.

The canaries come from the packs at --pack, or from the shipped packs. What could not be checked is reported as not
tried, never as ok.
exit codes: 0 nothing is open, 1 something is open, 2 wrong usage or no server.
"""
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_SHOWN = re.compile(r"[^\s@+]+@[^\s@+]+\+[0-9a-f]{16}")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "doctor",
        help="test a running server from outside",
        description="Test from outside whether a running server leaves anything ungoverned.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # `--key K` must not be taken for `--key-file K`: a key has no flag
    )
    parser.add_argument("url", metavar="URL", nargs="?", help="the URL that clients use, such as http://127.0.0.1:8000")
    parser.add_argument(
        "--envoy", type=Path, metavar="FILE", help="an Envoy's configuration to read, in YAML or JSON, without a URL"
    )
    parser.add_argument(
        "--filter", default="ordinance", metavar="NAME",
        help="with --envoy: a part of the name of Ordinance's filter, or of its cluster's (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--model-cluster", default="", metavar="NAME",
        help="with --envoy: a part of the name of the model server's cluster; other listeners are left out",
    )  # fmt: skip
    parser.add_argument(
        "--behind", action="append", default=[], metavar="URL",
        help="an inference server behind a gateway: check that it cannot be reached; repeat it for each server",
    )  # fmt: skip
    parser.add_argument("--model", metavar="NAME", help="the model to ask (default: the first one listed)")
    parser.add_argument(
        "--policy", metavar="DIGEST", help="the expected policy: name@version+digest, or 8 or more digits of the digest"
    )
    parser.add_argument(
        "--pack", dest="paths", nargs="+", action="extend", type=Path, default=[], metavar="PATH",
        help="the packs of the expected policy",
    )  # fmt: skip
    add_shipped(parser)
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help=f"a file that contains the API key (default: ${KEY_VARIABLE})"
    )
    parser.add_argument(
        "--timeout", type=positive, default=60, metavar="SECONDS", help="limit for one answer (default: %(default)s)"
    )
    add_config(parser)
    add_format(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Examine the server. Return 0 if nothing is open, else 1. Raises ``OrdinanceError`` if no server answers."""
    if arguments.envoy is not None:
        return _read_envoy(arguments)
    if arguments.url is None:
        raise UsageError("no URL was given.", help="Give the URL that clients use, or --envoy FILE.")
    server = server_at(arguments.url, key_in(arguments.key_file), arguments.timeout)
    behind = tuple(server_at(each, None, arguments.timeout) for each in arguments.behind)
    allowed = allowed_by(arguments)
    plan = load_draft(packs_of(arguments, None), plugins=allowed.plugins, budget=allowed.budget).plan
    expected = _expected(arguments.policy, plan.digest if arguments.paths else "")
    target, findings = _examine(arguments.url, server, behind, plan, arguments.model, expected)
    return _report(arguments.format, arguments.url, target.model, findings)


def report_of(url: str, key: str | None, plan: Plan) -> dict[str, Any]:
    """Examine the server at ``url`` with the canaries of ``plan``, and return the report in JSON. Raises
    ``UnreachableError`` if no server answers."""
    target, findings = _examine(url, server_at(url, key, 60), (), plan, None, Expected())
    return as_json(url, target.model, findings)


def _examine(
    url: str, server: Server, behind: tuple[Server, ...], plan: Plan, model: str | None, expected: Expected
) -> tuple[Target, list[Finding]]:
    progress = _Progress()
    try:
        target = acquaint(server, behind, canaries_of(plan), model)
    except NoReplyError as error:
        raise UnreachableError(f"{url} cannot be tested: {error}.", help=error.help) from None
    findings = list(examine(target, expected, progress))
    progress.clear()
    return target, findings


def _read_envoy(arguments: argparse.Namespace) -> int:
    """Examine an Envoy's configuration, and return as ``run`` does."""
    if arguments.url is not None:
        raise UsageError("a URL and --envoy were given.", help="Run the doctor once for each.")
    config = read_config(arguments.envoy)
    findings = list(examined(config, arguments.filter, arguments.model_cluster))
    return _report(arguments.format, str(arguments.envoy), "", findings)


def _report(form: str, examined: str, model: str, findings: Sequence[Finding]) -> int:
    """Print what was found of what was ``examined``. Returns 0 if nothing is open, else 1."""
    if form == "json":
        print(json.dumps(as_json(examined, model, findings), ensure_ascii=False))
    else:
        tell(as_text(examined, findings), sys.stdout)
    return 1 if any(finding.state is State.OPEN for finding in findings) else 0


def key_in(file: Path | None) -> str | None:
    """Read the API key from a file or the environment: everyone on the machine can read a command line."""
    if file is None:
        return os.environ.get(KEY_VARIABLE) or None
    try:
        key = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UnreadableError(
            f"the key in {file} cannot be read.", help="Name a text file that contains the key."
        ) from None
    if not key or not key.isascii() or not key.isprintable():
        raise UsageError(f"{file} does not contain a key.", help="Write the key into it, on one line.")
    return key


def _expected(policy: str | None, digest: str) -> Expected:
    if policy is None:
        return Expected(digest=digest)
    if digest:
        raise UsageError("--policy and --pack both name the expected policy.", help="Give only one of them.")
    if _SHOWN.fullmatch(policy):
        return Expected(shown=policy)
    if _DIGEST.fullmatch(policy):
        return Expected(digest=policy)
    raise UsageError(
        f"'{policy}' is not a policy.",
        help="Copy it from the header `x-ordinance-policy`, or write 8 or more digits of the digest.",
    )


class _Progress:
    """One line on the terminal that shows what is being tested."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._name = ""

    def __call__(self, name: str, number: int) -> None:
        if self._shown:
            print(f"\r\x1b[Kordinance: {name} … {number or ''}", end="", file=sys.stderr, flush=True)
        elif name != self._name:
            print(f"ordinance: {name}", file=sys.stderr, flush=True)
        self._name = name

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
