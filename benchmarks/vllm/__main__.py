"""What governing costs a real vLLM: nothing, a middleware that passes on, Ordinance, and the gateway in front.

    .venv/test/bin/python benchmarks/vllm [--streams 1,8,32] [--vllm PATH] [--shape tiny|8b] [-- words of vllm serve]

All variants run in one server, chosen by the path, interleaved and repeated. Writes a table to
benchmarks/vllm/results/.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from processes import api_processes, family, free_port, load, machine, running, spent
from shapes import SHAPES, write

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHAT = "/v1/chat/completions"
#: Names as the table has them, and the first part of the path in the server; the gateway is asked at its own.
VARIANTS = {"nothing": "/nothing", "pass-through middleware": "/through", "Ordinance": "/ordinance", "gateway": ""}
#: The aims: throughput against nothing with one API process and with several, and the 99th percentile between texts.
AIMS = "aims: throughput ≥ 0.95 with one API process at saturation, ≥ 0.99 with four; between texts, p99 ≤ 1.05"


@dataclass
class Round:
    """One measurement."""

    tokens: float
    median: float
    late: float
    first: float
    cores: float
    microseconds: float
    gateway_cores: float
    client_cores: float


@dataclass
class Row:
    """A variant with so many streams, and its measurements."""

    variant: str
    streams: int
    rounds: list[Round] = field(default_factory=list)

    def middle(self, name: str) -> float:
        return statistics.median(getattr(each, name) for each in self.rounds)


def arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", default="1,32,128,256,512", help="how many at once, separated by commas")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="which, separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--answers", type=int, default=2, help="that each stream asks for, one after another")
    parser.add_argument("--tokens", type=int, default=256, help="of one answer")
    parser.add_argument("--clients", type=int, default=4, help="processes that ask")
    parser.add_argument("--api-server-count", type=int, default=1)
    parser.add_argument("--gateway-workers", type=int, default=1)
    parser.add_argument("--jurisdiction", default="EE", help="in DE a rule holds whole sentences")
    parser.add_argument(
        "--vllm", default=str(ROOT / ".venv" / "vllm" / "bin" / "vllm"), help="the command of that name"
    )
    parser.add_argument("--shape", choices=list(SHAPES), default="8b", help="of the model, whose weights are random")
    parser.add_argument("--name", default="", help="of the table's file; else the shape and the API processes")
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    return parser.parse_args(words[:cut]), words[cut + 1 :]


def measure(address: str, path: str, streams: int, given: argparse.Namespace, api: list[int], gateway: int) -> Round:
    front = family(gateway)
    before, before_front = spent(api), spent(front)
    clients = load(address, path, streams, given.answers, given.tokens, min(given.clients, streams))
    used, used_front = spent(api) - before, spent(front) - before_front
    took = max(client["took"] for client in clients)
    tokens = sum(client["tokens"] for client in clients)
    between = sorted(gap for client in clients for gap in client["between"])
    firsts = [first for client in clients for first in client["firsts"]]
    return Round(
        tokens=tokens / took,
        median=between[len(between) // 2] * 1e3,
        late=between[min(len(between) - 1, int(len(between) * 0.99))] * 1e3,
        first=statistics.median(firsts) * 1e3,
        cores=used / took,
        microseconds=used / tokens * 1e6,
        gateway_cores=used_front / took,
        client_cores=max(client["processor"] / client["took"] for client in clients),
    )


def run(given: argparse.Namespace, further: list[str], folder: Path) -> list[Row]:
    write(given.shape, folder / "model")
    settings = folder / "ordinance.yaml"
    settings.write_text(f"jurisdiction: {given.jurisdiction}\naudit: audit.jsonl\n", "utf-8")
    port, gateway_port = free_port(), free_port()
    address, front = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{gateway_port}"
    python_path = str(HERE)
    variables = {
        "ORDINANCE_CONFIG": str(settings), "PYTHONPATH": python_path, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
    }  # fmt: skip
    serve = [
        given.vllm, "serve", str(folder / "model"), "--load-format", "dummy", "--served-model-name", "bench",
        "--host", "127.0.0.1", "--port", str(port), "--generation-config", "vllm", "--disable-uvicorn-access-log",
        "--max-num-seqs", "512", "--max-model-len", "2048", "--api-server-count", str(given.api_server_count),
        "--middleware", "switch.Innermost", "--middleware", "ordinance.serve.vllm.Ordinance",
        "--middleware", "switch.Switch", *further,
    ]  # fmt: skip
    gateway = [
        sys.executable, "-m", "ordinance.cli.main", "serve", "--port", str(gateway_port), "--jurisdiction",
        given.jurisdiction, "--upstream", f"{address}/nothing/v1", "--workers", str(given.gateway_workers),
    ]  # fmt: skip
    chosen = given.variants.split(",")
    rows = [Row(name, int(streams)) for streams in given.streams.split(",") for name in chosen]
    in_front = {"PYTHONPATH": str(ROOT / "engine"), "ORDINANCE_AUDIT": str(folder / "gateway.jsonl")}
    with (
        running(serve, variables, f"{address}/nothing/health", folder / "vllm.log") as server,
        running(gateway, in_front, f"{front}/health", folder / "gateway.log") as before,
    ):
        api = api_processes(server)
        ways = {name: (front if name == "gateway" else address, VARIANTS[name] + CHAT) for name in chosen}
        for way in ways.values():
            load(*way, 4, 1, 32, 1)
        for number in range(given.rounds):
            for row in rows if number % 2 == 0 else reversed(rows):
                print(f"round {number + 1}: {row.variant}, {row.streams} streams …", file=sys.stderr, flush=True)
                row.rounds.append(measure(*ways[row.variant], row.streams, given, api, before))
    return rows


def table(rows: list[Row]) -> list[str]:
    """The rows in Markdown, with ratios to nothing of the same number of streams."""
    lines = [
        "| streams | | tokens/s | ratio | between texts p50 / p99 ms | p99 ratio | first text p50 ms | API cores | "
        "µs/token | gateway cores | busiest client, cores |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    base = {row.streams: row for row in rows if row.variant == "nothing"}
    for row in rows:
        of = base.get(row.streams, row)
        # Each round by its neighbour in time: what both suffer cancels.
        ratio, late = (
            statistics.median(getattr(a, name) / getattr(b, name) for a, b in zip(row.rounds, of.rounds, strict=True))
            for name in ("tokens", "late")
        )
        front = f"{row.middle('gateway_cores'):.2f}" if row.variant == "gateway" else ""
        lines.append(
            f"| {row.streams} | {row.variant} | {row.middle('tokens'):,.0f} | {ratio:.3f} | "
            f"{row.middle('median'):.1f} / {row.middle('late'):.1f} | {late:.3f} | {row.middle('first'):.0f} | "
            f"{row.middle('cores'):.2f} | {row.middle('microseconds'):.0f} | {front} | "
            f"{row.middle('client_cores'):.2f} |"
        )
    return lines


def main() -> None:
    given, further = arguments()
    busy = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder:
        rows = run(given, further, Path(folder))
    busy.append(os.getloadavg()[0])
    version = next(
        (
            path.name.removesuffix(".dist-info").split("-")[1]
            for path in Path(given.vllm).resolve().parents[1].glob("lib/python*/site-packages/vllm*.dist-info")
        ),
        "unknown",
    )
    lines = [
        f"# vLLM {version}, shape {given.shape}, {given.api_server_count} API process(es)",
        "",
        f"{machine()}. {datetime.now(UTC):%Y-%m-%d}. Answers of {given.tokens} tokens, {given.answers} a stream one "
        f"after another, medians of {given.rounds} interleaved rounds, ratios round by round; jurisdiction "
        f"{given.jurisdiction}; {given.clients} client processes; {given.gateway_workers} gateway process(es)."
        f" The machine's load was {busy[0]:.1f} before and {busy[1]:.1f} after."
        + (f" Words of `vllm serve`: `{' '.join(further)}`." if further else ""),
        "",
        *table(rows),
        "",
        f"{AIMS[0].upper()}{AIMS[1:]}.",
    ]
    text = "\n".join(lines) + "\n"
    name = given.name or f"{given.shape}-{given.api_server_count}"
    (HERE / "results" / f"{name}.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
