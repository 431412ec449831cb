"""``ordinance calibrate``: measure a judge on labelled texts, and write what its scores mean and where it acts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ordinance.authoring.calibration.calibrating import Asked, calibrate
from ordinance.authoring.calibration.calibration_picture import picture
from ordinance.authoring.calibration.calibration_texts import Sorted, sort
from ordinance.authoring.labelled import Labelled, read_texts
from ordinance.cli.arguments import add_config, add_packs, packs_of, positive
from ordinance.cli.check import count
from ordinance.cli.colour import tell
from ordinance.cli.printed import write_text
from ordinance.cli.progress import working
from ordinance.errors import PolicyError, SettingsError, UnreadableError, UsageError
from ordinance.judging.calibration import Calibration, Language
from ordinance.judging.configured import maker
from ordinance.judging.language import language_of, prepare
from ordinance.judging.served import ServedJudge
from ordinance.judging.umbrella import umbrella
from ordinance.language.diagnostics import Diagnostic, did_you_mean
from ordinance.loading.bounds import LEXICON_LIMIT
from ordinance.loading.files import read_source, shown
from ordinance.loading.load import Loaded
from ordinance.loading.packs import shipped_rules
from ordinance.plugin import Question
from ordinance.plugins.allowed import Plugin, allow
from ordinance.settings.judges import JudgeSettings
from ordinance.settings.model import Settings
from ordinance.settings.sources import load as load_settings
from ordinance.trust.drafts import load_draft

_EPILOG = """\
examples:
  ordinance calibrate --config ordinance.yaml --judge guard --texts ours/*.txt --unseen --out guard.json
  ordinance calibrate --config ordinance.yaml --judge guard      on the texts that ship, half of them unseen
  ordinance calibrate rules/charter --config ordinance.yaml --judge guard --texts ours.txt

A rule that says `judged at least 0.8` asks for a probability; a judge gives a score. This command has the judge NAME of
the settings score labelled texts, and writes a JSON file that says for each rule and language what its scores mean:
how well they separate the texts (AUC), the map from score to probability, recall and false alarms at each threshold
with one-sided 95 % Clopper-Pearson bounds, and the chosen point. A picture of the curves is written beside it (.svg).
Name the file in the judge's settings (`calibration`). Texts are never stored, only their digest.

The judge acts for a rule in a language if 300 quiet and 100 firing texts were measured and the upper bound of false
alarms at the chosen point is at most 1 % (0 of 300 is enough); elsewhere it records, and the file says why.

Texts: what `ordinance test --texts` reads. A quiet text says its kind, and each language needs all three kinds:
  fires baseline/weapons prompt             what the judge should find
  quiet baseline/weapons prompt contrast    a near miss, with the rule's words
  passes prompt request                     an everyday request, for every rule
  passes prompt prose                       news, history, law, fiction, for every rule
The text follows, indented. Two identifiers read its language from the text. Half of the texts never shape the
map: those marked `kept_out`, or every second one of each group in a file without marks. Where a file has marks, the
judge is measured on the marked texts alone, as it may have been fitted to the others. With --unseen, all texts measure
it.

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
    add_packs(parser, "PACK")
    parser.add_argument("--judge", required=True, metavar="NAME", help="the judge's name in the settings")
    parser.add_argument(
        "--texts", metavar="FILE", type=Path, nargs="+", help="labelled texts (default: those of the shipped charter)"
    )
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
    with working("reading packs"):
        plugins = allow(settings.plugins)
        loaded = load_draft(packs_of(args, settings), plugins=plugins, examples=False)
    asked = _asked(loaded)
    prepare()
    with working("reading texts"):
        files = [(shown(path), _texts(path, loaded)) for path in args.texts or _shipped()]
        found = sort(files, {rule: each.question for rule, each in asked.items()}, language_of, unseen=args.unseen)
    for note in found.notes:
        print(f"ordinance: {note}", file=sys.stderr)
    if found.faults:
        return _refused(found)
    judge = _judge(entry, settings, plugins, [each.question for each in asked.values()])
    at_once = min(args.at_once, settings.judge.at_once)
    done = _Progress(args.judge)
    made = calibrate(found.samples, asked, judge, unseen=args.unseen, at_once=at_once, done=done)
    write_text(out, made.text())
    write_text(out.with_suffix(".svg"), picture(made))
    _print(made, out)
    return 0


def _entry(settings: Settings, name: str) -> JudgeSettings:
    """Return the settings of the judge ``name``, without a calibration: its scores are asked for."""
    for each in settings.judges:
        if each.name == name:
            return each.model_copy(update={"calibration": None})
    names = [each.name for each in settings.judges]
    if not names:
        raise SettingsError("the settings name no judge.", help="Add one to `judges`; docs/meaning.md shows how.")
    near = did_you_mean(name, names) or f"Judges: {', '.join(names)}."
    raise UsageError(f"the settings name no judge '{name}'.", help=near)


def _asked(loaded: Loaded) -> dict[str, Asked]:
    if loaded.compiled is None or loaded.policy is None:
        raise PolicyError("the packs do not make a policy.", help="`ordinance check` lists what is wrong.")
    found = {each.question.rule: Asked(each.question, each.least) for each in loaded.policy.judged}
    if not found:
        raise PolicyError("no rule of the packs asks a judge.", help="A rule asks one by `judged at least 0.8`.")
    return found


def _judge(
    entry: JudgeSettings, settings: Settings, plugins: Sequence[Plugin], questions: Sequence[Question]
) -> ServedJudge:
    make = maker([entry], settings.judge, plugins, settings.limits.plugin_seconds)
    assert make is not None  # noqa: S101  # there is an entry
    (judge,) = make([*questions, umbrella(questions)]).judges  # the last is measured too
    return judge


def _texts(path: Path, loaded: Loaded) -> list[Labelled]:
    found: list[Diagnostic] = []
    source = read_source(path, LEXICON_LIMIT, found.append)
    if source is None:
        message = found[0].message if path.exists() else "there is no such file"
        raise UnreadableError(f"{shown(path)}: {message}.", help=found[0].help)
    return read_texts(source, loaded.plan)


def _shipped() -> list[Path]:
    """Return the texts of the charter that ships."""
    return sorted((shipped_rules() / "charter" / "calibration").glob("*/*.txt"))


def _refused(found: Sorted) -> int:
    for fault in found.faults:
        tell(f"ordinance: error[{fault.code}]: {fault.message}.\n  help: {fault.help}", sys.stderr)
    print(f"ordinance: nothing was written: {count(len(found.faults), 'problem')} in the texts", file=sys.stderr)
    return 1


class _Progress:
    """Shows on standard error how many texts are scored: on a terminal at each, elsewhere at each tenth."""

    def __init__(self, judge: str) -> None:
        self._judge = judge
        self._terminal = sys.stderr.isatty()

    def __call__(self, done: int, of: int) -> None:
        if self._terminal:
            end = "\n" if done == of else ""
            print(f"\rordinance: {self._judge}: {done} of {of} scored", end=end, file=sys.stderr, flush=True)
        elif done * 10 // of > (done - 1) * 10 // of:
            print(f"ordinance: {self._judge}: {done} of {of} scored", file=sys.stderr, flush=True)


def _print(made: Calibration, out: Path) -> None:
    for rule, each in made.rules.items():
        for language, held in each.languages.items():
            print(f"{rule}, {language}: {'acts' if held.acts else 'records'}: {_said(held)}")
            for reason in held.why:
                print(f"  {reason}")
            if not held.acts and held.measured != held.given:
                print("  only texts marked `kept_out` were measured; see --unseen")
    if made.gate is not None:
        print(
            f"one question over all rules comes first: below {made.gate.score:.3f} the others are not asked; of "
            f"{made.gate.found} texts that they find none scores less, so at most {made.gate.lost_at_most:.2%} are lost"
        )
    elif len(made.rules) > 1:
        print("each rule is asked by itself: too few texts are found to show what one question over all would lose")
    print(f"written: {shown(out)}, {shown(out.with_suffix('.svg'))}")


def _said(held: Language) -> str:
    point = held.point
    return (
        f"above {point.above:.3f} it finds {point.found} of {held.measured.firing} (at least "
        f"{point.recall_at_least:.0%}), with {point.taken} of {held.measured.quiet} false alarms (at most "
        f"{point.false_alarms_at_most:.2%}); AUC {held.auc:.3f}"
    )
