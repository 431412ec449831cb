"""Fuzzes each parser for some seconds, in a process of its own with bounded memory that is stopped where it hangs."""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.catalogue import APART, CATALOGUE, target_named
from fuzz.mutator import Mutator
from fuzz.trying import SECONDS, Finding, Paths, attempt
from support.checkout import ROOT

_HERE = Path(__file__).parent

#: What a parser may take beyond what its process has when it begins, in bytes.
MEMORY = 512 * 1024 * 1024
#: An input that is not over after so many times its bound is in native code, which no timer interrupts.
_PATIENCE = 4
_HEAD = 16


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Fuzz every parser of foreign bytes.")
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help=f"parsers to fuzz; default: all but {APART[0]}",
    )
    parser.add_argument("--seconds", type=float, default=600, help="seconds for each; default: 600")
    parser.add_argument("--seed", default="1", help="another word, other inputs; default: 1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once; default: each core")
    parser.add_argument("--out", type=Path, default=ROOT / ".fuzz", help="the folder for findings; default: .fuzz")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if unknown := sorted(set(args.names) - CATALOGUE.keys()):
        parser.error(f"there is no parser '{unknown[0]}'; there are {', '.join(CATALOGUE)}")
    args.out.mkdir(parents=True, exist_ok=True)
    if args.child:
        return _fuzz(args.names[0], args.seconds, args.seed, args.out)
    with ThreadPoolExecutor(args.jobs) as pool:
        failed = list(
            pool.map(lambda name: _watched(name, args), args.names or [name for name in CATALOGUE if name not in APART])
        )
    print(f"{len(failed)} parsers, {sum(failed)} with findings", flush=True)
    return 1 if any(failed) else 0


def _watched(name: str, args: argparse.Namespace) -> bool:
    """Fuzz one parser in a process, and stop it where it hangs. Returns whether there are findings."""
    words = [sys.executable, str(_HERE), "--child", name, "--out", str(args.out)]
    now = args.out / f"{name}.now"
    command = [*words, "--seconds", str(args.seconds), "--seed", args.seed]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        count, since = -1, 0.0
        while child.poll() is None:
            time.sleep(0.5)
            used = _used(child.pid)
            if (tried := _tried(now)) != count:
                count, since = tried, used
            elif tried and used - since > _PATIENCE * SECONDS:
                child.kill()
        said = "" if child.stdout is None else child.stdout.read()
    if child.returncode in (0, 1):
        print(said, end="", flush=True)
    else:
        died = f"ended by {signal.Signals(-child.returncode).name}" if child.returncode < 0 else "did not start"
        print(f"{name}: {died} at the input in {now}", flush=True)
    return child.returncode != 0


def _used(process: int) -> float:
    """Return the processor time of a process, in seconds."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tried(now: Path) -> int:
    try:
        with now.open("rb") as file:
            return int.from_bytes(file.read(8), "big")
    except OSError:
        return 0


def _fuzz(name: str, seconds: float, seed: str, out: Path) -> int:
    target = target_named(name)
    room = target.longest + _HEAD
    now = out / f"{name}.now"
    now.write_bytes(bytes(room))
    mutator, paths = Mutator(target.samples, f"{seed} {name}", target.longest), Paths()
    found: dict[tuple[str, str], Finding] = {}
    tried = 0
    with now.open("r+b") as file, mmap.mmap(file.fileno(), room) as shown:
        _bound_memory()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            data = target.samples[tried] if tried < len(target.samples) else mutator.next()
            data = data[: target.longest]
            tried += 1
            shown[: _HEAD + len(data)] = tried.to_bytes(8, "big") + len(data).to_bytes(8, "big") + data
            known = len(paths)
            with paths.noted():
                finding = attempt(target, data)
            if len(paths) > known:
                mutator.keep(data)
            if finding is not None and (finding.what, finding.where) not in found:
                found[finding.what, finding.where] = finding
                _keep(name, finding, out)
    now.unlink()
    rate = f"{tried:,} inputs, {len(paths):,} paths"
    print(f"{name}: {rate}, {len(found)} findings", *map(_line, found.values()), sep="\n  ", flush=True)
    return 1 if found else 0


def _bound_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _keep(name: str, finding: Finding, out: Path) -> None:
    digest = hashlib.sha256(finding.data).hexdigest()[:12]
    (out / f"{name}-{digest}.bin").write_bytes(finding.data)
    (out / f"{name}-{digest}.txt").write_text(f"{finding.what} at {finding.where}\n{finding.trace}", "utf-8")


def _line(finding: Finding) -> str:
    return f"{finding.what} at {finding.where}: {json.dumps(finding.data[:80].decode('latin-1'))}"
