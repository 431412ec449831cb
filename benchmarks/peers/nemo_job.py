"""The job, done by NeMo Guardrails: its regex rail on whole answers, and its output rails on a stream."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import job

start = time.perf_counter()
from nemoguardrails import LLMRails, RailsConfig  # noqa: E402 - what it takes is timed

imported = time.perf_counter() - start
ASKED = {"role": "user", "content": "Tell me."}


def rails(patterns: list[str], **streaming: Any) -> LLMRails:
    """Output rails that look for ``patterns``."""
    output: dict[str, Any] = {"flows": ["regex check output"]}
    if streaming:
        output["streaming"] = {"enabled": True, **streaming}
    config = {
        "models": [],
        "rails": {"config": {"regex_detection": {"output": {"patterns": patterns}}}, "output": output},
    }
    return LLMRails(RailsConfig.from_content(yaml_content=json.dumps(config)))


def answered(made: LLMRails, text: str) -> str:
    """The answer as it leaves."""
    messages = [ASKED, {"role": "assistant", "content": text}]
    return str(made.generate(messages=messages, options={"rails": ["output"]}).response[-1]["content"])


async def streamed(made: LLMRails, chunks: list[str]) -> str:
    """What leaves of a stream."""

    async def said() -> AsyncIterator[str]:
        for chunk in chunks:
            yield chunk

    return "".join([part async for part in made.stream_async(messages=[ASKED], generator=said())])


def main() -> None:
    work = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    forbidden = ["(?i)" + re.escape(work["forbidden"])]
    leaks = {}
    ways: dict[str, dict[str, Any]] = {
        "stream, as it comes": {"stream_first": True},
        "stream, stream_first off": {"stream_first": False},
        "stream, stream_first off, chunks of 6": {"stream_first": False, "chunk_size": 6, "context_size": 2},
    }
    for name, streaming in ways.items():
        sent = asyncio.run(streamed(rails(forbidden, **streaming), work["stream"]))
        leaks[name] = job.words_of(work["forbidden"], sent)
    plain = rails(forbidden)
    for name, text in work["disguises"].items():
        leaks[name] = "missed" if answered(plain, text) == text else "seen"
    patterns = rails(work["patterns"])
    times = {"300 patterns": job.milliseconds(lambda answer: answered(patterns, answer), work["answers"])}
    print(json.dumps({"milliseconds": times, "import_seconds": imported, "leaks": leaks}))


if __name__ == "__main__":
    main()
