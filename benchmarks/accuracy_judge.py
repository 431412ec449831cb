"""What a served judge finds of the texts in this repository, and what it takes for it: a part of ``docs/accuracy.md``.

    make accuracy-judge URL=http://10.0.0.7:8001/v1 MODEL=granite-guardian@4.1 RENDERER=question

It runs ``ordinance calibrate`` on the texts of ``rules/charter/calibration``, each language by itself, and writes the
table from its files. With ``--by near.lines --plugin FOLDER`` the same rows run against a judge inside a plugin. What
was not run says so. No text is sent anywhere but to URL, and none goes into the page.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from ordinance.cli.main import main as ordinance
from ordinance.judging.calibration import Calibration, read_calibration
from ordinance.plugins.manifest import read
from ordinance.plugins.seal import seal
from support.judges import installed

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "rules" / "charter" / "calibration"
PAGE = ROOT / "docs" / "accuracy.md"
HEADING = "## A served judge"
#: The next part of the page, which another program writes.
_NEXT = "\n## The embedded judge\n"
INTRODUCTION = """\
Made by `make accuracy-judge URL=…` (`benchmarks/accuracy_judge.py`); do not edit. Requests and harmless texts of
`rules/charter/calibration`, the half that is kept out of every prompt and fit. At the point that `ordinance calibrate`
chooses: recall at the most false alarms whose upper bound is 1 %, with one-sided 95 % Clopper-Pearson bounds; never F1
alone. Where there are fewer than 100 firing and 300 quiet texts, a judge only records.
"""
NOT_RUN = "Not run: no guard model was at hand where this page was made. Run it against yours before you let it act."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", default="", help="address of the judge; without one the page says: not run")
    parser.add_argument("--model", default="", help="name of the model, as its answers say it")
    parser.add_argument("--renderer", default="question", help="how it is asked (default: question)")
    parser.add_argument("--seconds", type=float, default=10.0, help="for one call (default: %(default)s)")
    parser.add_argument("--by", default="judge.served", help="which judge of a plugin (default: judge.served)")
    parser.add_argument("--plugin", type=Path, help="folder of an installed plugin (default: ordinance-judge)")
    parser.add_argument("--pack", type=Path, default=ROOT / "rules" / "charter", help="the pack whose rules are judged")
    parser.add_argument("--texts", type=Path, default=TEXTS, help="folder with a folder for each language")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page (default: docs/accuracy.md)")
    given = parser.parse_args()
    if given.by == "judge.served" and not given.url:
        _write(given.out, NOT_RUN)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder), given)
        made = {}
        for texts in sorted(each for each in given.texts.iterdir() if each.is_dir()):
            out = Path(folder) / f"{texts.name}.json"
            files = map(str, sorted(texts.glob("*.txt")))
            words = ["calibrate", str(given.pack), "--judge", "judge", "--texts", *files, "--out", str(out)]
            if ordinance([*words, "--config", str(settings)]) == 0:
                made[texts.name] = read_calibration(out)
    if not made:
        return 1
    when = f"{datetime.now(UTC).date()}, {given.model or given.by}, `renderer: {given.renderer}`."
    _write(given.out, "\n".join([when, "", *_table(made)]))
    return 0


def _settings(folder: Path, given: argparse.Namespace) -> Path:
    plugin = given.plugin or installed(folder)
    found = read(plugin)
    judge: dict[str, Any] = {"name": "judge", "by": given.by, "seconds": given.seconds}
    if given.url:
        judge |= {"url": given.url, "model": given.model, "renderer": given.renderer}
    entry = {"name": found.name, "version": found.version, "path": str(plugin.absolute()), "sha256": seal(plugin)}
    file = folder / "ordinance.json"
    file.write_text(json.dumps({"judges": [judge], "plugins": [entry]}), "utf-8")
    return file


def _table(made: dict[str, Calibration]) -> Iterator[str]:
    yield "| red line | language | firing | quiet | AUC | found | at least | false alarms | at most | acts |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for language, calibration in made.items():
        for rule, each in calibration.rules.items():
            for name, held in each.languages.items():
                point, texts = held.point, held.measured
                yield (
                    f"| {rule.rpartition('/')[2]} | {name if name == language else f'{name} in {language}'} "
                    f"| {texts.firing} | {texts.quiet} | {held.auc:.3f} | {point.found} "
                    f"| {point.recall_at_least:.1%} | {point.taken} | {point.false_alarms_at_most:.2%} "
                    f"| {'yes' if held.acts else 'no'} |"
                )


def _write(page: Path, said: str) -> None:
    """Put the part into the page, before the next part that another program writes."""
    text = page.read_text("utf-8")
    before, _, rest = text.partition(f"\n{HEADING}\n")
    _, following, after = (rest or before).partition(_NEXT)
    before = before.partition(_NEXT)[0].rstrip("\n")
    page.write_text(f"{before}\n\n{HEADING}\n\n{INTRODUCTION}\n{said.rstrip()}\n{following}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
