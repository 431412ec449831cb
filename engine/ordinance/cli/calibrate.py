"""``ordinance calibrate``: measure a judge on labelled texts, and write what its scores mean and where it acts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ordinance.authoring.calibrating import Asked, calibrate
from ordinance.authoring.calibration_picture import picture
from ordinance.authoring.calibration_texts import Fault, Sorted, sort
from ordinance.authoring.labelled import Labelled, read_texts
from ordinance.authoring.scorer import scorer_of
from ordinance.cli.arguments import add_config, positive
from ordinance.cli.progress import working
from ordinance.errors import OrdinanceError, PolicyError, UnreadableError, UnwritableError, UsageError
from ordinance.judging.calibration import Calibration, Language, Point
from ordinance.judging.language import language_of, prepare
from ordinance.language.diagnostics import Diagnostic, did_you_mean
from ordinance.loading.bounds import LEXICON_LIMIT
from ordinance.loading.files import read_source, shown
from ordinance.loading.load import Loaded, load
from ordinance.plugins.allowed import allow
from ordinance.settings.model import Settings
from ordinance.settings.sources import load as load_settings

_EPILOG = """\
examples:
  ordinance calibrate rules/charter --judge guard --texts rules/charter/calibration/de/*.txt
  ordinance calibrate rules/charter --judge guard --texts ours.txt --unseen --out /etc/ordinance/guard.json

A rule that says `judged at least 0.8` asks for a probability; a judge gives a score. This command has the judge NAME of
the settings score labelled texts, and writes a JSON file that says for each rule and language what its scores mean:
how well they part the texts (AUC), the map from score to probability, recall and false alarms at each threshold with
one-sided 95 % Clopper-Pearson bounds, and the chosen point. A picture of the curves is written beside it (.svg).
Name the file in the judge's settings (`calibration`). Texts are never stored, only their digest.

The judge acts for a rule in a language if 300 quiet and 100 firing texts were measured and the upper bound of false
alarms at the chosen point is at most 1 % (0 of 300 is enough); elsewhere it records, and the file says why.

Texts: what `ordinance test --texts` reads. A quiet text says its kind, and each language needs all three kinds:
  fires baseline/weapons prompt             what the judge should find
  quiet baseline/weapons prompt contrast    a near miss, with the rule's words
  passes prompt request                     an everyday request, for every rule
  passes prompt prose                       news, history, law, fiction, for every rule
The text stands below, indented. The language of a text is told from the text. Half of the texts never make the map:
those marked `kept_out`, or every second one of each group in a file without marks. Where a file has marks, the judge
is measured on the marked texts alone, as it may have been fitted to the others. With --unseen all texts measure it.

The file holds for one model, one renderer and one set of questions: when any of them changes, the judge records
until it is calibrated again. The same texts and scores give the same bytes.
exit codes: 0 written, 1 the texts or the packs have problems, or the judge gave no score, 2 unreadable input or wrong
usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "calibrate",
        help="measure a judge on labelled texts",
        description="Measure a judge on labelled texts, and write the file that says what its scores mean.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PACK", type=Path, nargs="+", help="a pack, or a folder that contains packs")
    parser.add_argument("--judge", required=True, metavar="NAME", help="the judge's name in the settings")
    parser.add_argument("--texts", required=True, metavar="FILE", type=Path, nargs="+", help="labelled texts")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write the calibration (default: NAME.calibration.json)"
    )
    parser.add_argument(
        "--unseen", action="store_true", help="the judge was fitted to none of the texts: measure it on all of them"
    )
    parser.add_argument(
        "--at-once", type=positive, default=4, metavar="N", help="score N texts at the same time (default: 4)"
    )
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Write the calibration and its picture, and print what they say. Return the exit code."""
    out = args.out or Path(f"{args.judge}.calibration.json")
    if out.suffix == ".svg":
        raise UsageError("`--out` names the JSON file; the picture is written beside it.", help="End it in .json.")
    settings = load_settings(file=args.config)
    entry = _entry(settings, args.judge)
    plugins = allow(settings.plugins)
    with working("reading packs"):
        loaded = load(args.paths, plugins=plugins, examples=False)
    asked = _asked(loaded)
    prepare()
    with working("reading texts"):
        found = _sorted(args.texts, loaded, asked, unseen=args.unseen)
    for note in found.notes:
        print(f"ordinance: {note}", file=sys.stderr)
    if found.faults:
        return _refused(found.faults)
    with scorer_of(entry, settings, plugins, [each.question for each in asked.values()]) as scorer:
        made = calibrate(
            found.samples, asked, scorer, unseen=args.unseen, at_once=args.at_once, done=_Progress(args.judge)
        )
    _write(out, made.text())
    _write(out.with_suffix(".svg"), picture(made))
    _print(made, out)
    return 0
