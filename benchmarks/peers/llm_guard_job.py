"""The job, done by LLM Guard: it has no streams, so a stream is its scanner over each chunk or over each ten."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import job

start = time.perf_counter()
from llm_guard.output_scanners import BanSubstrings, Regex  # noqa: E402 - what it takes is timed

imported = time.perf_counter() - start


def sent(scanner: BanSubstrings, chunks: list[str]) -> str:
    """What leaves if each chunk is scanned before it is sent, until one is not valid."""
    out = ""
    for chunk in chunks:
        text, valid, _ = scanner.scan("", chunk)
        if not valid:
            break
        out += text
    return out


def main() -> None:
    work = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    stream = work["stream"]
    phrases = BanSubstrings(work["phrases"], match_type="word")
    patterns = Regex(work["patterns"])
    forbidden = BanSubstrings([work["forbidden"]])
    tens = ["".join(stream[at : at + 10]) for at in range(0, len(stream), 10)]
    leaks = {
        "stream, each chunk scanned": job.words_of(work["forbidden"], sent(forbidden, stream)),
        "stream, each ten chunks scanned": job.words_of(work["forbidden"], sent(forbidden, tens)),
    }
    for name, text in work["disguises"].items():
        leaks[name] = "missed" if forbidden.scan("", text)[1] else "seen"
    times = {
        "10,000 phrases": job.milliseconds(lambda answer: phrases.scan("", answer), work["answers"]),
        "300 patterns": job.milliseconds(lambda answer: patterns.scan("", answer), work["answers"]),
    }
    print(json.dumps({"milliseconds": times, "import_seconds": imported, "leaks": leaks}))


if __name__ == "__main__":
    main()
