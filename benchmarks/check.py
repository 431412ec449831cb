"""How long checking and compiling take: ``python benchmarks/check.py [RULES …]``.

For each number of rules (250, 500 and 1,000) it writes a jurisdiction with that many rules, ten phrases each, and
takes the best of three runs: parsing, linking, checking with all proofs, compiling; running the examples is told
apart, for that is what ``ordinance test`` does as well. Then ``ordinance check`` on the
packs that ship, from a cold process: what each start of a server or a command costs. With 0 only that.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import pairwise
from pathlib import Path

from ordinance.detectors.registry import Registry
from ordinance.loading.example_runs import prove
from ordinance.loading.packs import default_packs, gather
from ordinance.policy.check.compile import compile
from ordinance.policy.check.proof import check
from ordinance.policy.link.linker import link

_IMPORT = "import sys, ordinance.cli.main, ordinance.cli.check"
_CHECK = f"{_IMPORT}; sys.exit(ordinance.cli.main.main())"
TODAY = date(2026, 11, 23)
PHRASES = 10
RUNS = 3
STAGES = ("read", "link", "check", "compile", "examples")

#: Seconds of the processor for the stages, so that other work on the machine does not count.
CLOCK = time.process_time


def write(folder: Path, rules: int) -> Path:
    """A pack of so many rules in sections of twenty, each rule with a lexicon and a condition of its own."""
    (folder / "lexicons").mkdir(exist_ok=True)
    declared, said = [], []
    for at in range(rules):
        phrases = "".join(f"phrase {at} number {each}\n" for each in range(PHRASES))
        (folder / "lexicons" / f"l{at}.txt").write_text(phrases, "utf-8")
        declared.append(f'lexicon l{at} from "lexicons/l{at}.txt"\n')
        section, number = at // 20 + 1, at % 20 + 1
        if number == 1:
            said.append(f'{"}" if at else ""}\nsection {section} "Part {section}" {{\n')
        said.append(
            f"  withhold {section}.{number} r{at} {{\n    when answer has lexicon l{at} and age below {at % 80 + 5}\n"
            f"    except study under act when purpose is education\n    scope sentence at most 200\n    under act\n"
            f'    telling omitted about kind\n    example fires answer "phrase {at} number 1" given age 3\n'
            f'    example quiet answer "nothing"\n  }}\n'
        )
    pack = folder / "QZ.ord"
    pack.write_text(
        'jurisdiction QZ 1.0.0 under charter baseline 1\nlaw act { title "Act" article "§ 1"\n'
        "  reaches place within QZ, not unknown in force from 2020-01-01\n"
        '  source "https://law.example/act" seen 2026-11-01 }\nlabel kind { en "kind" de "Art" et "liik" }\n'
        + "".join(declared)
        + "".join(said)
        + "}\n",
        "utf-8",
    )
    return pack


def measure(pack: Path) -> dict[str, float]:
    """Seconds by stage."""
    started = CLOCK()
    packs = gather([pack])
    gathered = CLOCK()
    policy = link(packs.units, "digest")
    linked = CLOCK()
    verdict = check(policy, Registry(), TODAY)
    checked = CLOCK()
    if verdict.checked is None:
        raise SystemExit(f"the pack does not check: {verdict.diagnostics[0].message}")
    plan = compile(verdict.checked)
    compiled = CLOCK()
    found = list(prove(plan, policy))
    if found:
        raise SystemExit(f"the pack does not prove: {found[0].message}")
    moments = [started, gathered, linked, checked, compiled, CLOCK()]
    return {name: after - before for name, (before, after) in zip(STAGES, pairwise(moments), strict=True)}


def main(sizes: list[int]) -> None:
    """Print a table."""
    for rules in filter(None, sizes):
        with tempfile.TemporaryDirectory() as folder:
            pack = write(Path(folder), rules)
            best = min((measure(pack) for _ in range(RUNS)), key=lambda stages: sum(stages.values()))
        stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in best.items())
        print(f"{rules} rules, {rules * PHRASES} phrases: {sum(best.values()):.2f} s ({stages})", flush=True)
    check = min(spent(_CHECK, "check", *map(str, default_packs())) for _ in range(RUNS))
    imports = min(spent(_IMPORT) for _ in range(RUNS))
    print(f"ordinance check on the shipped packs, cold: {check:.2f} s, of which imports {imports:.2f} s")


def spent(*words: str) -> float:
    """Seconds of the processor that a process of Python takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", *words], check=True, capture_output=True)  # noqa: S603  # ourselves
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [250, 500, 1000])
