"""What the embedded judge (plugins/ordinance-near) finds, and what it costs: ``make accuracy-near``.

It scores the calibration texts that were kept out of every fit, through the plugin's own code, and rewrites its part of
docs/accuracy.md: recall with an interval for each red line and language at the score of 0.8, with the share of quiet
texts at or above it; and processor time for a sentence. The texts are this project's own: they resemble those that the
classifiers were fitted to more than the words of a stranger would.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins/ordinance-near"))

from fit import TEXTS, Text, labelled_texts
from measured_part import publish
from ordinance_near.encoder import LANGUAGES, sentences
from ordinance_near.lines import AT_THRESHOLD, Lines

from ordinance.judging.shares import at_least, at_most

TOP = Path(__file__).resolve().parents[1]


def main() -> None:
    """Measure, and print the table or write it to the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--print", action="store_true", help="print the table and leave the page as it is")
    given = parser.parse_args()
    lines = Lines.shipped()
    every, _ = labelled_texts({each.name for each in TEXTS.iterdir() if each.is_dir()})
    labelled = [each for each in every if each.kept_out]
    before = time.process_time()
    table = "\n".join(_table(lines, labelled))
    count = sum(len(sentences(each.text)) for each in labelled if each.language in LANGUAGES)
    cost = (time.process_time() - before) * 1000 / count
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    publish(
        "near",
        table,
        "Each cell: firing texts found of how many, with a one-sided 95 % lower bound; quiet texts at or above the "
        f"score, with the upper bound. Processor time, all lines together: {cost:.1f} ms a sentence; memory {peak} MB.",
        only_print=given.print,
    )


def _table(lines: Lines, labelled: list[Text]) -> Iterable[str]:
    languages = sorted({each.language for each in labelled}, key=lambda each: (each not in LANGUAGES, each))
    # Text by text, so that each sentence is encoded once: the encoder remembers fewer than there are.
    above = {
        (rule, each): lines.score(rule, each.text) >= AT_THRESHOLD
        for each in labelled
        for rule in lines.rules
        if each.line in ("", rule)
    }
    yield "| red line | " + " | ".join(languages) + " |"
    yield "|---" * (len(languages) + 1) + "|"
    for rule in lines.rules:
        cells = []
        for language in languages:
            here = [each for each in labelled if each.language == language and each.line in ("", rule)]
            own = [above[rule, each] for each in here if each.fires]
            quiet = [above[rule, each] for each in here if not each.fires]
            found, alarms = sum(own), sum(quiet)
            cells.append(
                f"{found}/{len(own)} (≥ {at_least(found, len(own)):.0%}); {alarms}/{len(quiet)} "
                f"(≤ {at_most(alarms, len(quiet)):.1%})"
            )
        yield f"| {rule.partition('/')[2]} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
