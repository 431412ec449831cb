"""``ordinance serve``: run the gateway in front of an inference server, or of a small embedded model."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ordinance.cli.arguments import add_day, positive, region_of
from ordinance.cli.servers import add_policy, announce, flags_of
from ordinance.errors import SettingsError, UsageError
from ordinance.settings.model import Settings, unix_path
from ordinance.settings.sections import UpstreamSettings
from ordinance.settings.sources import load

if TYPE_CHECKING:
    from ordinance.serve.door.service import Service

_EXAMPLE = """\
examples:
  ordinance serve --upstream http://127.0.0.1:8000/v1 --jurisdiction DE
  ordinance serve --config /etc/ordinance.yaml --workers 4
  ordinance serve --embedded --locale de-DE

Without --jurisdiction, the region of --locale is the jurisdiction too. A request's locale never decides which
law applies.
docs/configuration.md lists the settings. A flag overrides the setting of the same name; --upstream is `upstream.url`
and --pack is `packs`. --config, --on and --embedded are not settings.
exit codes: 0 ended by SIGTERM, 1 the packs have errors or it could not serve, 2 wrong settings or wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "serve",
        help="run the gateway",
        description="Run the gateway: an inference server's OpenAI and Anthropic APIs, governed by packs.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: $ORDINANCE_CONFIG)")
    behind = parser.add_mutually_exclusive_group()
    behind.add_argument("--upstream", metavar="URL", help="the inference server, such as http://127.0.0.1:8000/v1")
    behind.add_argument("--embedded", action="store_true", help="run a small model in this process (English only)")
    add_policy(parser)
    parser.add_argument(
        "--shadow", nargs="+", action="extend", metavar="PATH",
        help="packs of the next policy: they judge the same traffic and change nothing",
    )  # fmt: skip
    parser.add_argument("--host", help="address to listen on, or unix:/PATH (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on; 0 takes a free one (default: 8080)")
    parser.add_argument("--workers", type=positive, metavar="N", help="number of serving processes (default: 1)")
    add_day(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes. Raises ``OrdinanceError`` if the server cannot start."""
    own = {name: getattr(arguments, name) for name in ("shadow", "host", "port", "workers")}
    flags = flags_of(arguments, **own)
    given = _Given(flags, arguments.config, region_of(arguments.locale) if arguments.locale else None)
    settings = given()
    if settings.upstream is None and not settings.upstreams and not arguments.embedded:
        raise UsageError(
            "no inference server is configured.",
            help="Give --upstream http://127.0.0.1:8000/v1, set 'upstream.url' or 'upstreams', or try --embedded.",
        )
    # The server's parts are slow to import, and a wrong setting should be reported at once.
    from ordinance.serve.behind.embedded import EmbeddedModel, find_model
    from ordinance.serve.door.engine import installed_engine
    from ordinance.serve.http.listener import listen
    from ordinance.serve.http.service_manager import passed_listener, readiness
    from ordinance.serve.launcher import serve
    from ordinance.serve.worker import Worker

    engine = installed_engine()
    ready = readiness()
    listener = passed_listener()
    if listener is None:
        _check_open(settings)
        listener = listen(settings.host, settings.port, int(settings.socket_mode, 8))
    else:
        given = replace(given, listening=(listener.host, listener.port))
        settings = given()
        _check_open(settings)
    say: Callable[[Service], None] = partial(_announce, listener.address)
    if arguments.embedded:
        # Bound to a name: the model stops when nothing refers to it.
        model = EmbeddedModel(find_model())
        given = replace(given, upstream=model.settings)
        settings = given()
        say = partial(_announce_embedded, listener.address)

    serve(Worker(settings, given, engine, say, arguments.on, keyed=bool(settings.keys)), listener, ready)
    return 0


def _check_open(settings: Settings) -> None:
    """Raise ``SettingsError`` if everyone on other machines may send requests, and nobody has asked for that."""
    if settings.is_open:
        raise SettingsError(
            f"other machines reach {settings.host}, and there are no 'keys': everyone there could send requests.",
            help="Set 'keys' (docs/operations.md), listen on 127.0.0.1, or set 'open_without_keys: true' if something "
            "in front decides who may.",
        )


@dataclass(frozen=True, slots=True)
class _Given:
    """Where the settings come from, so that they can be read again: ``flags`` and ``file``, a ``region`` that is the
    jurisdiction if none is named, the embedded ``upstream``, and host and port of a socket that was passed, for what
    holds for `host` holds for where requests really come in."""

    flags: Mapping[str, Any]
    file: Path | None
    region: str | None
    upstream: UpstreamSettings | None = None
    listening: tuple[str, int] | None = None

    def __call__(self) -> Settings:
        """Read the settings again. Raises ``OrdinanceError``."""
        settings = load(self.flags, self.file)
        ours: dict[str, Any] = {"upstream": self.upstream or settings.upstream}
        if self.upstream is not None:
            ours["upstreams"] = {}
        if settings.jurisdiction is None:
            ours["jurisdiction"] = self.region
        if self.listening is not None:
            ours["host"], ours["port"] = self.listening
        return settings.model_copy(update=ours)


def _announce(address: str, service: Service) -> None:
    """Print the address and the policy."""
    if service.settings.shows_chat and address.startswith("http"):
        print(f"ordinance: to chat with the model, open {address}/chat", flush=True)
    announce(f"listening on {address}", service)


def _announce_embedded(address: str, service: Service) -> None:
    """Print the address and the policy, which model is embedded, and what to try."""
    from ordinance.serve.chat.questions import PLAIN, REPEAT

    _announce(address, service)
    print("ordinance: the model is SmolLM2-135M-Instruct, in this process: very small, English only")
    lineage = service.plan.lineage(service.settings.jurisdiction)
    if not service.settings.keys:
        told = " after the disclosure that Regulation (EU) 2024/1689 requires" if "EU" in lineage else ""
        print(f"\nA question that is answered in full{told}:\n  {_curl(address, PLAIN)}")
        if "DE" in lineage:
            print("\nA question that makes the model repeat a canary from § 86a's lexicon; its sentence is left out:")
            print(f"  {_curl(address, REPEAT)}")
        print(flush=True)


def _curl(address: str, question: str) -> str:
    body = {"model": "default", "temperature": 0, "max_tokens": 60, "messages": [{"role": "user", "content": question}]}
    path = unix_path(address)
    base, options = (address, []) if path is None else ("http://localhost", ["--unix-socket", str(path)])
    words = ["curl", "-sw", "\\n", *options, f"{base}/v1/chat/completions", "-H", "content-type: application/json"]
    return shlex.join([*words, "-d", json.dumps(body)])
