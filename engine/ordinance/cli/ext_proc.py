"""``ordinance ext-proc``: govern what an Envoy shows of its requests."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ordinance.cli.arguments import add_day, locale_tag, tell_charter_alone
from ordinance.errors import ServeError
from ordinance.settings.sources import load

if TYPE_CHECKING:
    from ordinance.serve.door.service import Service

_EXAMPLE = """\
what it does:
  Envoy's filter `ext_proc` shows it each request before the model server gets it, and each answer before the client
  gets it, as they arrive. It sends back what may go on: the request with what the policy adds, the governed answer, or
  an answer in its own words where the policy refuses. Envoy keeps its routes, its TLS and its balancing.

examples:
  ordinance ext-proc --listen 127.0.0.1:9002 --jurisdiction DE
  ordinance ext-proc --listen unix:/run/ordinance/ext-proc.sock --config /etc/ordinance.yaml

Then name that address in Envoy's configuration: deploy/envoy/envoy.yaml is one that works, docs/envoy.md explains each
line, and `ordinance doctor --envoy CONFIG` checks yours. Without `failure_mode_allow: false`, and with a body mode that
is not FULL_DUPLEX_STREAMED, answers would not be governed: the doctor and this command say so.

It serves in one process: start one per core, and name all of them in Envoy's cluster. Envoy and Kubernetes ask whether
it is ready by gRPC's health checking (grpc.health.v1); the service name `liveness` asks whether it lives.
docs/configuration.md lists the settings. A flag overrides the setting of the same name; --listen is `ext_proc.listen`
and --pack is `packs`. --config and --on are not settings. SIGHUP reads policy and keys anew, SIGTERM ends.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "ext-proc",
        help="govern what an Envoy shows of its requests (ext_proc)",
        description="Govern an inference server's answers behind an Envoy, as its external processor (ext_proc).",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: $ORDINANCE_CONFIG)")
    parser.add_argument(
        "--listen", metavar="ADDRESS", help="where Envoy calls: HOST:PORT or unix:/PATH (default: 127.0.0.1:9002)"
    )
    parser.add_argument(
        "--upstream",
        metavar="URL",
        help="the model server, to ask for its list of models beside Envoy, such as http://127.0.0.1:8000/v1",
    )
    parser.add_argument(
        "--pack", nargs="+", action="extend", metavar="PATH",
        help="packs or folders of packs (default: every shipped pack except house packs)",
    )  # fmt: skip
    parser.add_argument("--jurisdiction", metavar="CODE", help="whose law applies, such as DE")
    parser.add_argument("--locale", type=locale_tag, metavar="TAG", help="language of notices, such as de-DE")
    add_day(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes. Raises ``OrdinanceError`` if the server cannot start."""
    given = partial(load, _flags(arguments), arguments.config)
    settings = given()
    try:
        from ordinance.serve.external_processor import ExtProc
        from ordinance.serve.external_processor import run as serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("grpc", "grpc_health", "envoy", "google"):
            raise
        raise ServeError(
            f"the package that has '{error.name}' is not installed.", help="pip install 'ordinance[ext-proc]'"
        ) from None
    from ordinance.serve.door.current_policy import Renewal
    from ordinance.serve.door.engine import installed_engine
    from ordinance.serve.door.policies import policies_of
    from ordinance.serve.http.service_manager import readiness

    ready = readiness()
    policies = partial(policies_of, on=arguments.on)
    renewal = Renewal(policies, given, installed_engine())
    made = ExtProc(policies(settings), settings, renewal, arguments.on)

    def announce(address: str, service: Service) -> None:
        _announce(address, service)
        ready()

    if serve(made, settings, announce):
        raise KeyboardInterrupt
    return 0


def _flags(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that flags give, in the shape of the file."""
    flags = {
        "packs": arguments.pack,
        "upstream": {"url": arguments.upstream} if arguments.upstream else None,
        "ext_proc": {"listen": arguments.listen} if arguments.listen else None,
        **{name: getattr(arguments, name) for name in ("jurisdiction", "locale")},
    }
    return {name: value for name, value in flags.items() if value is not None}


def _announce(address: str, service: Service) -> None:
    """Print the address and the policy."""
    from ordinance.serve.door.http_headers import policy_header
    from ordinance.serve.door.service import charter_alone

    if charter_alone(service):
        tell_charter_alone(service.plan)
    for plugin in service.plan.attached:
        print(f"ordinance: the plugin {plugin.line()}", flush=True)
    policy = policy_header(service.open(service.keyring.anyone))
    print(f"ordinance: listening for Envoy on {address}, policy {policy}", flush=True)
