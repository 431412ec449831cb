"""What each further pack costs a load: ``python benchmarks/packs.py [--packs N …] [--runs N] [--profile]``.

It writes small jurisdictions that are made like those that ship (a law, a label, a lexicon, a rule with examples, two
contacts, a notice of their own in three languages), each with words and a place of its own, and loads 10 of them and
100 of them beside all packs that ship, each load in a process of its own: processor time and private memory for each
further pack, and what 100 packs cost beside 10. ``--profile`` prints where the time of the largest load goes.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from string import ascii_uppercase

from ordinance.loading.load import load
from ordinance.loading.packs import default_packs

LETTERS = "QWXYZ"
MANY, FEW = 100, 10

PACK = """\
jurisdiction {code} 2026.11.0 under charter baseline 1

title {{
  en "Place {code}"
  de "Ort {code}"
  et "Koht {code}"
}}

zone "Europe/Berlin"

lexicon signs from "lexicons/signs.txt"

law act {{
  title   "Act of {code}"
  article "§ {number} para. 1"
  short {{
    en "Act of {code}, section {number}(1)"
    de "Gesetz von {code}, § {number} Absatz 1"
    et "{code} seaduse § {number} lõige 1"
  }}
  reaches place within {code}, not unknown
  in force from {year}-01-01
  source  "https://law.example/{low}/act" seen 2026-11-01
}}

label signs {{
  en "signs of {code}"
  de "Zeichen von {code}"
  et "{code} sümbolid"
}}

notice told_{low} {{
  en "Left out in {code}. Type: {{type}}. Law: {{law}}."
  de "In {code} ausgelassen. Art: {{type}}. Rechtsgrundlage: {{law}}."
  et "Koht {code}: välja jäetud. Liik: {{type}}. Õiguslik alus: {{law}}."
}}

section 1 "Signs" {{
  withhold 1.1 signs {{
    means {{
      en "Signs of {code} are not spread."
      de "Zeichen von {code} werden nicht verbreitet."
      et "{code} sümboleid ei levitata."
    }}
    when    answer has lexicon signs
    except  study under act when purpose is one of education, research
    scope   span
    under   act
    telling told_{low} about signs
    example fires answer "It said: ordinance-canary-{low}-1."
    example fires answer "It said: ordinance-canary-{low}-2." given purpose general
    example quiet answer "It said: ordinance-canary-{low}-1." given purpose education
    example quiet answer "It said: ordinance-canary-{low}-1." given place AT
    example quiet answer "The match was close, and the team came home well."
  }}
}}

contact crisis line_{low} {{
  title {{
    en "Crisis line of {code}"
    de "Krisentelefon von {code}"
    et "Kriisitelefon {code}"
  }}
  number "0800 {number} 0 111"
  hours  always
  in     {code}
  seen   2026-11-01
}}

contact crisis second_line_{low} {{
  title {{
    en "Second crisis line of {code}"
    de "Zweites Krisentelefon von {code}"
    et "Teine kriisitelefon {code}"
  }}
  number "0800 {number} 0 222"
  hours  always
  in     {code}
  seen   2026-11-01
}}
"""


def write(folder: Path, packs: int) -> Path:
    """Write so many jurisdictions into ``folder``."""
    codes = [f"{first}{second}" for first, second in product(LETTERS, ascii_uppercase)][:packs]
    if len(codes) < packs:
        raise SystemExit(f"at most {len(codes)} packs can be made")
    for number, code in enumerate(codes, 101):
        low = code.lower()
        home = folder / "jurisdictions" / code
        (home / "lexicons").mkdir(parents=True)
        signs = "".join(f"ordinance-canary-{low}-{each}\n" for each in range(10))
        (home / "lexicons" / "signs.txt").write_text(signs, "utf-8")
        text = PACK.format(code=code, low=low, number=number, year=1900 + number % 100)
        (home / f"{code}.ord").write_text(text, "utf-8")
    return folder


def private() -> float:
    """Return the MB of memory that this process alone has."""
    gc.collect()
    lines = Path("/proc/self/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def one(packs: int, *, profile: bool = False) -> tuple[float, float]:
    """Load so many packs beside those that ship; seconds of the processor, and MB that the load leaves."""
    with tempfile.TemporaryDirectory() as name:
        paths = (*default_packs(), write(Path(name), packs)) if packs else default_packs()
        before, started = private(), time.process_time()
        profiler = cProfile.Profile()
        if profile:
            profiler.enable()
        loaded = load(paths)
        profiler.disable()
        spent = time.process_time() - started
        if loaded.compiled is None:
            raise SystemExit(f"the packs do not load: {loaded.diagnostics[0].message}")
        left = private() - before
        if profile:
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
        return spent, left


def measured(packs: int, runs: int) -> tuple[float, float]:
    """Return the least of ``runs`` processes, time and memory each."""
    found = [
        subprocess.run([sys.executable, __file__, "--one", str(packs)], check=True, capture_output=True, text=True)  # noqa: S603  # ourselves
        for _ in range(runs)
    ]
    times, sizes = zip(*(map(float, each.stdout.split()) for each in found), strict=True)
    return min(times), min(sizes)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=int, nargs="+", default=[0, FEW, 30, MANY])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", type=int)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    if given.one is not None:
        print(*one(given.one))
        return
    if given.profile:
        one(max(given.packs), profile=True)
        return
    table = {packs: measured(packs, given.runs) for packs in given.packs}
    base = table[min(table)]
    for packs, (seconds, size) in table.items():
        line = f"{packs:>4} packs beside those that ship: {seconds:.2f} s, {size:.1f} MB"
        if further := packs - min(table):
            each = (seconds - base[0]) / further * 1000, (size - base[1]) / further
            line += f"; each further pack {each[0]:.1f} ms, {each[1]:.2f} MB"
        print(line)
    if {FEW, MANY} <= table.keys():
        print(f"{MANY} packs beside {FEW}: {table[MANY][0] / table[FEW][0]:.2f} ×")


if __name__ == "__main__":
    main()
