"""Do the theorems notice? Each seeded defect is made in a copy of the engine, and the theorems are run on it.

``python tests/support/seed_defects.py [NUMBER …]`` says for each defect which theorem fails; it exits with 1 if one
goes unnoticed. ``docs/seeded-defects.md`` is the same list, for people; ``--page`` prints it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Defect:
    """In ``file`` of the package ``old`` becomes ``new``; ``caught_by`` is the theorem that was seen to fail."""

    what: str
    file: str
    old: str
    new: str
    caught_by: str


DEFECTS = (
    Defect("an exception's law is not asked whether it is in force", "policy/application.py",
           "    if exemption.law is not None:\n", "    if False:\n", "agrees_with_a_naive"),
    Defect("the first excluded day of a law still counts", "runtime/situation.py",
           "period.end is None or day < period.end)", "period.end is None or day <= period.end)",
           "agrees_with_a_naive"),
    Defect("the reach of a law is not asked", "policy/application.py",
           "    yield Reaches(law)\n", "", "agrees_with_a_naive"),
    Defect("what a jurisdiction lies within is forgotten", "policy/plan.py",
           "jurisdiction = self.parents[jurisdiction]", "jurisdiction = None", "agrees_with_a_naive"),
    Defect("unknown counts as any value", "policy/conditions.py",
           "return or_unknown if value is None else value in values",
           "return True if value is None else value in values", "agrees_with_a_naive"),
    Defect("a place's subdivisions are not within it", "policy/conditions.py",
           "any(enclosing in codes for enclosing in prefixes(value))", "value in codes", "agrees_with_a_naive"),
    Defect("`below` includes its limit", "policy/conditions.py",
           "int(digits) < limit", "int(digits) <= limit", "agrees_with_a_naive"),
    Defect("an unknown place is always included", "policy/link/situations.py",
           'if law.unknown != "included":', 'if law.unknown == "":', "agrees_with_a_naive"),
    Defect("a law may leave open what an unknown place means", "policy/link/situations.py",
           "if read and law.unknown is None:", "if False:", "unknown_place"),
    Defect("rules that can never fire are accepted", "policy/check/reach.py",
           "        if found:\n", "        if True:\n", "in_force_somewhere"),
    Defect("exceptions that never hold are accepted", "policy/check/reach.py",
           "if base and not base & excepted(of, exemption):", "if False:", "in_force_somewhere"),
    Defect("a rule that another covers is accepted", "policy/check/reach.py",
           "and inner.region <= outer.region", "and False", "said_twice"),
    Defect("what is cut from a region stays in it", "policy/check/cubes.py",
           "    if _meet(cube, cut) is None:\n", "    if True:\n", "in_force_somewhere"),
    Defect("detectors of red lines are lost when there are packs besides the charter", "policy/check/compile.py",
           "PlannedRule(**{**written, ", "PlannedRule(**{**written, 'detectors': rule.detectors if rule.jurisdiction"
           " or len(rule.unit.pack.rules) < 2 else (), ", "agrees_with_a_naive"),
    Defect("only the last rule that fired is reported", "runtime/told.py",
           "say.told(rule for rule in omitting if rule.told)", "say.told(omitting[-1:])", "without_a_notice"),
    Defect("a region is reported although nothing was removed", "runtime/told.py",
           "    omitting = [rules[tag] for tag in sorted(shown | masked) if 0 <= tag < len(rules)]\n",
           "    omitting = [rule for rule in rules if rule.effect is Effect.WITHHOLD]\n", "without_a_notice"),
    Defect("a refused prompt is answered", "runtime/session.py",
           "        self.prompt.screen(Asked(tuple(texts)))\n",
           "        self.prompt.screen(Asked(()))\n", "agrees_with_a_naive"),
    Defect("the verdict of an omission is not above that of an addition", "runtime/told.py",
           "        verdict = Verdict.WITHHOLD\n", "        verdict = Verdict.DISCLOSE\n",
           "agrees_with_a_naive"),
    Defect("a red line in an earlier exchange refuses", "runtime/prompt.py",
           "        rules = [rule for rule in found_by if not rule.trial]\n",
           "        rules = [rule for rule in found_by if not rule.trial]\n"
           "        rules += [rule for old in asked.old for rule in self._by_tag(self._found(old.texts)[0])]\n",
           "what_is_old_refuses_nothing"),
    Defect("a first-answer disclosure is made at every turn", "runtime/occasions.py",
           "    if last is None or rule.occasion not in _SELDOM:\n", "    if True:\n",
           "agrees_with_a_naive"),
    Defect("the length of what was withheld is reported", "runtime/stream.py",
           "        self.notices = (*told.before, *told.after)\n",
           "        deleted = sum(each.ledger.deleted for each in self._texts)\n"
           "        after = tuple(type(n)(n.kind, n.causes, f'{n.text} {deleted}') for n in told.after)\n"
           "        told = self._told = type(told)(told.before, after, told.rules, told.failed, told.trials,"
           " told.verdict)\n"
           "        self.notices = (*told.before, *told.after)\n",
           "shows_what_was_withheld"),
    Defect("an informal text in another language is chosen before a formal one in the request's",
           "runtime/redact/disclose.py",
           "text = self._pick(_form(template, self._address, again))",
           "text = self._pick(template.addressed.get(self._address, {})) or self._pick(template.texts)",
           "without_a_notice"),
)  # fmt: skip


def seed(defect: Defect, folder: Path) -> Path:
    """A copy of the engine with the defect; raises ``ValueError`` where its place is not found exactly once."""
    engine = folder / "engine"
    shutil.copytree(ROOT / "engine", engine, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("grammars", "rules"):
        (folder / name).symlink_to(ROOT / name)
    path = engine / "ordinance" / defect.file
    text = path.read_text("utf-8")
    if text.count(defect.old) != 1:
        raise ValueError(f"{defect.file}: the place of this defect stands {text.count(defect.old)} times: {defect.old}")
    path.write_text(text.replace(defect.old, defect.new), "utf-8")
    return engine


def run_theorems(engine: Path, only: str) -> list[str]:
    """The theorems that fail with ``engine``; ``only`` chooses some, as pytest's ``-k`` does."""
    environment = {**os.environ, "PYTHONPATH": str(engine), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.setdefault("HYPOTHESIS_PROFILE", "defects")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider"]
    command += ["-o", f"pythonpath={engine} tests"]
    command += ["tests/test_theorems.py", *(["-k", only] if only else [])]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    failed = re.findall(r"^(?:FAILED|ERROR) \S+?::(\w+)", result.stdout, re.MULTILINE)
    if result.returncode not in (0, 1):
        raise RuntimeError(result.stdout + result.stderr)
    return failed


def page() -> str:
    """``docs/seeded-defects.md``."""
    lines = [
        "# Seeded defects",
        "",
        "Would the theorems (`tests/test_theorems.py`) notice if the checker, the plan or the session were wrong? Each",
        "of these defects is made in a copy of the engine by `python tests/support/seed_defects.py`, which runs the",
        "theorems on it; each makes one of them fail. `tests/test_seeded_defects.py` holds that each still fits the",
        "code.",
        "",
        "Run on 2026-11-24 with the profile `defects` (the same 300 cases for a theorem each time): all of them were",
        "caught, by the theorems named here, in one run of two minutes.",
        "",
        "| | what is wrong | where | caught by |",
        "|---|---|---|---|",
    ]
    lines += [f"| {at} | {each.what} | `{each.file}` | `{each.caught_by}` |" for at, each in enumerate(DEFECTS, 1)]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Seed the defects with these numbers, or all, and say what noticed each."""
    if arguments == ["--page"]:
        sys.stdout.write(page())
        return 0
    missed = 0
    for number, defect in enumerate(DEFECTS, 1):
        if arguments and str(number) not in arguments:
            continue
        with tempfile.TemporaryDirectory() as folder:
            failed = run_theorems(seed(defect, Path(folder)), defect.caught_by) or run_theorems(
                Path(folder) / "engine", ""
            )
        missed += not failed
        verdict = f"caught by {failed[0]}" if failed else "NOT CAUGHT"
        sys.stdout.write(f"{number:>2} {verdict}: {defect.what}\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
