"""``ordinance ext-proc``: govern what an Envoy shows of its requests."""

from __future__ import annotations

import argparse
import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ordinance.cli.arguments import add_day
from ordinance.cli.servers import add_policy, announce, flags_of
from ordinance.errors import ServeError, SettingsError
from ordinance.settings.sources import load

if TYPE_CHECKING:
    from ordinance.serve.door.service import Service
    from ordinance.settings.model import Settings

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
exit codes: 0 ended by SIGTERM, 1 the packs have errors or it could not serve, 2 wrong settings or wrong usage.
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
        help="the model server, which is asked directly for its list of models, such as http://127.0.0.1:8000/v1",
    )
    add_policy(parser)
    add_day(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes. Raises ``OrdinanceError`` if the server cannot start."""
    listen = {"listen": arguments.listen} if arguments.listen else None
    given = partial(load, flags_of(arguments, ext_proc=listen), arguments.config)
    settings = given()
    _check_open(settings)
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # otherwise each stranger who connects is a line in the log
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

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # held back until somebody listens to it
    ready = readiness()
    policies = partial(policies_of, on=arguments.on)
    renewal = Renewal(policies, given, installed_engine())
    made = ExtProc(policies(settings), settings, renewal, arguments.on)

    def begun(address: str, service: Service) -> None:
        announce(f"listening for Envoy on {address}", service)
        ready()

    if serve(made, settings, begun):
        raise KeyboardInterrupt
    return 0


def _check_open(settings: Settings) -> None:
    """Raise ``SettingsError`` if anyone on other machines may speak as Envoy, and nobody has asked for that."""
    if settings.is_open_to_envoys:
        raise SettingsError(
            f"other machines reach {settings.ext_proc.listen}, and it asks for no certificate: whoever connects could "
            "speak as Envoy.",
            help="Set 'ext_proc.certificate', 'key_file' and 'ca' (docs/envoy.md), listen on 127.0.0.1 or in a Unix "
            "socket, or set 'ext_proc.open_without_tls: true' if something else decides who connects.",
        )
