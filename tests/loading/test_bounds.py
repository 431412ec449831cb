"""What is too large is refused in bounded time and memory: packs and lexicons at load, and what a stream says."""

from __future__ import annotations

import itertools
import json
import re
import signal
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.detectors.endings import expand, written_out
from ordinance.loading import bounds
from support.checkout import ROOT
from support.commands import PATIENCE, Served, environment
from support.packs import JURISDICTION, TODAY, load_on, write_jurisdiction
from support.serving import DONE, OpenGateway, ScriptedUpstream, chunk, event, say, send

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
#: What a process that loads packs may take when they are refused, in MiB and in seconds of processor time.
MOST_MEMORY, MOST_SECONDS = 250, 30


def syllables(count: int) -> Iterator[str]:
    """Different words of five letters."""
    return ("".join(each) for each in itertools.islice(itertools.product(string.ascii_lowercase, repeat=5), count))


BRACES = "{" + ",".join(string.ascii_lowercase[:14]) + "}"


def inflected(count: int) -> str:
    """Lines that stand for 196 phrases each."""
    return "".join(f"{word}{BRACES} {word}{BRACES}\n" for word in syllables(count))


#: Lexicons that took minutes and gigabytes before there were bounds, and the same below the bound of one file.
HOSTILE = {
    "braces, 80,000 lines": (inflected(80_000), "file-too-large"),
    "braces, 40,000 lines": (inflected(40_000), "phrases-too-many"),
    "16 MB of one letter": ("a\n" * (8 * bounds.MIB), "file-too-large"),
    "lines of one letter": ("a\n" * (2 * bounds.MIB - 10), "file-too-large"),
    "fewer lines of one letter": ("a\n" * (bounds.MOST_LINES - 5_000), "phrases-too-many"),
}

#: Loads the packs at a path, and prints the codes of the errors, the most memory in MiB and the seconds it took.
MEASURE = """
import json, re, sys, time
from pathlib import Path
from ordinance.loading.load import load
began = time.process_time()
found = [(item.code, item.line, item.help) for item in load([sys.argv[1]]).diagnostics if item.severity == "error"]
# Not the resources that the kernel counts: these begin with what the process had that started this one.
most = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps([found, most, time.process_time() - began]))
"""


def measured(pack: Path) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(pack)], capture_output=True, env=environment(), timeout=120, check=True
    )
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.mark.server
@pytest.mark.parametrize("name", HOSTILE)
def test_a_lexicon_over_the_bounds_is_refused_in_bounded_memory_and_time(name: str, tmp_path: Path) -> None:
    text, code = HOSTILE[name]
    errors, most, seconds = measured(write_jurisdiction(tmp_path, lexicon=text))
    assert [found for found, _, _ in errors] == [code]
    assert all(line > 0 and help for _, line, help in errors)
    assert most < MOST_MEMORY
    assert seconds < MOST_SECONDS


@pytest.mark.server
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("".join(f'lexicon w{n} from "lexicons/words.txt"\n' for n in range(500)), "load-too-large"),
        (
            "".join(
                f'pattern p{n} "x[a-z]{{450}}{n}" {{\n  example matches "x{"a" * 450}{n}"\n  example skips "x"\n}}\n'
                for n in range(300)
            ),
            "patterns-too-large",
        ),
        ("".join(f'label l{n} {{ en "label {n}" }}\n' for n in range(90_000)), "file-too-large"),
    ],
)
def test_a_pack_over_the_bounds_is_refused(more: str, code: str, tmp_path: Path) -> None:
    section = JURISDICTION.index("section 1")
    pack = write_jurisdiction(tmp_path, JURISDICTION[:section] + more + JURISDICTION[section:], "words\n" * 1000)
    errors, most, seconds = measured(pack)
    assert code in [found for found, _, _ in errors]
    assert most < MOST_MEMORY
    assert seconds < MOST_SECONDS


def test_all_packs_of_a_load_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = write_jurisdiction(tmp_path / "jurisdictions" / "XA")
    assert load_on(pack).exit_code == 0
    monkeypatch.setattr("ordinance.loading.files.PACKS_LIMIT", len(pack.read_bytes()) + 100)
    assert [item.code for item in load_on(pack).diagnostics] == ["load-too-large"]
    monkeypatch.undo()
    monkeypatch.setattr("ordinance.loading.files.MOST_PACKS", 1)
    assert [item.code for item in load_on(pack).diagnostics] == ["load-too-large"]
    monkeypatch.undo()
    monkeypatch.setattr("ordinance.loading.files.LEXICONS_LIMIT", 5)
    assert [item.code for item in load_on(pack).diagnostics] == ["load-too-large"]


@pytest.mark.slow
def test_ten_thousand_phrases_load_in_disguise_too(tmp_path: Path) -> None:
    """The bounds leave room for what a deployment needs."""
    phrases = "".join(f"{word} {word} {word[::-1]}\n" for word in syllables(10_000))
    text = JURISDICTION.replace("topic talk and", "topic talk even disguised and")
    assert text != JURISDICTION
    found = load_on(write_jurisdiction(tmp_path, text, "secret words\n" + phrases))
    assert not [item for item in found.diagnostics if item.severity == "error"]


@pytest.mark.parametrize("line", ["Kind", "Kind{,es,er}", "{a,bb} {c,d} e", "a  b{,c}"])
def test_phrases_are_counted_as_they_are_written_out(line: str) -> None:
    count, characters = written_out(line)
    assert count == len(expand(line))
    assert characters >= sum(map(len, expand(line)))


def test_the_manual_says_the_bounds() -> None:
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    said = page.partition("## Bounds")[2].partition("\n## ")[0]
    for number in (
        bounds.PACK_LIMIT // bounds.MIB, bounds.PACKS_LIMIT // bounds.MIB, bounds.LEXICON_LIMIT // bounds.MIB,
        bounds.LEXICONS_LIMIT // bounds.MIB, bounds.MOST_PACKS, bounds.MOST_LINES, bounds.PHRASES_LIMIT,
        bounds.PHRASE_EXTRA, bounds.DISGUISED_FACTOR, bounds.PATTERNS_LIMIT,
    ):  # fmt: skip
        assert re.search(rf"\b{number:,}\b", said), number


@pytest.mark.slow
def test_a_reload_over_the_bounds_keeps_the_last_good_policy(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.script = say("Look, secret words.")
    pack = write_jurisdiction(tmp_path / "XA")
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\n")
    served = Served(
        "--upstream", upstream.url, "--jurisdiction", "XA", "--pack", pack, "--on", str(TODAY), "--config", settings
    )
    try:
        before = ready(served)["policy"]
        for text, code in list(HOSTILE.values())[1::3]:
            (pack.parent / "lexicons" / "words.txt").write_text(text)
            began = time.monotonic()
            served.signal(signal.SIGHUP)
            while ready(served)["stale"] != "policy":
                assert time.monotonic() - began < PATIENCE * 3
                time.sleep(0.1)
            answer = httpx2.post(f"{served.address}/v1/chat/completions", json=ASK | {"stream": False}, trust_env=False)
            assert "secret words" not in answer.text, code
            assert ready(served)["policy"] == before
            (pack.parent / "lexicons" / "words.txt").write_text("secret words\n")
            served.signal(signal.SIGHUP)
            while ready(served)["stale"] is not None:
                assert time.monotonic() - began < PATIENCE * 6
                time.sleep(0.1)
            before = ready(served)["policy"]
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{served.process.pid}/status").read_text())
        assert peak is not None
        assert int(peak[1]) // 1024 < MOST_MEMORY * 2
    finally:
        served.stop()


def ready(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{served.address}/ready", trust_env=False, timeout=PATIENCE).json()
    return found


# streams


def stream_of(choices: int, each: int, *, reasoning: bool = False) -> list[bytes]:
    """Events in which every choice says so many characters, ten in each event, one choice after the other."""
    name = "reasoning_content" if reasoning else "content"
    said = [event(chunk(index, **{name: "x" * 9 + " "})) for _ in range(each // 10) for index in range(choices)]
    return [*said, *(event(chunk(index, finish="stop")) for index in range(choices)), DONE]


@pytest.mark.semantics(13)
@pytest.mark.parametrize("reasoning", [False, True])
@pytest.mark.parametrize("choices", [1, 3])
def test_all_choices_of_a_stream_count_together(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, choices: int, reasoning: bool
) -> None:
    gateway = open_gateway(limits={"answer_bytes": 3000})
    for each, ends in ((3000 // choices, True), (3000 // choices + 10, False)):
        upstream.script = send(*stream_of(choices, each, reasoning=reasoning))
        with httpx2.stream(
            "POST", f"{gateway.address}/v1/chat/completions", json=ASK | {"n": choices}, trust_env=False
        ) as answer:
            text = answer.read().decode()
        assert answer.status_code == 200
        assert ("data: [DONE]" in text) is ends
        assert ("upstream_malformed" in text) is not ends
        assert text.count('"verdict":"refuse"') == (0 if ends else 1)


def test_an_endless_stream_ends(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    """However small its events are; what waits is not released."""
    gateway = open_gateway(limits={"answer_bytes": 2000})
    upstream.script = send(
        *[event(chunk(content="x")) for _ in range(1990)],
        event(chunk(content=" See the forbidden")),
        *[event(chunk(content="y")) for _ in range(1000)],
    )
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=ASK, trust_env=False)
    assert "upstream_malformed" in answer.text
    assert "forbidden" not in answer.text
