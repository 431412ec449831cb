"""What several inference servers cost: processor time of a gateway with one upstream beside an engine that has no more
(a checkout of an earlier commit), and beside gateways with `upstreams`, in one run, in turns.

    .venv/test/bin/python benchmarks/servers.py [--answers N] [--rounds N] [--before CHECKOUT]
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from conversation import upstream
from counted import ROOT, Gateway, compare, run


async def main(answers: int, rounds: int, before: Path | None) -> None:
    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    def named(count: int, **more: Any) -> str:
        return json.dumps({f"s{number}": {"url": url, "models": ["m"], **more} for number in range(count)})

    gateways = {
        "one upstream": Gateway(ROOT, url),
        "one of upstreams": Gateway(ROOT, ORDINANCE_UPSTREAMS=named(1)),
        "eight of upstreams": Gateway(ROOT, ORDINANCE_UPSTREAMS=named(8)),
        **({"before": Gateway(before, url)} if before is not None else {}),
    }
    await compare(gateways, answers, rounds, "one upstream" if before is None else "before")
    server.close()


if __name__ == "__main__":
    run(__doc__, main)
