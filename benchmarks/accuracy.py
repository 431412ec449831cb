"""What the shipped policy decides on labelled data, in disguise and on ordinary text: writes ``docs/accuracy.md``.

    python benchmarks/accuracy.py [--data FOLDER] [--texts FOLDER] [--out FILE]

``--data`` holds the data sets (default: ``../shared/data`` beside the checkout), ``--texts`` ordinary text, a file for
each language (``de.txt``). No text of the data sets goes into the page.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Effect, Verdict
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.redact.activation import sought
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.data import DATA
from support.disguises import DISGUISES, disguised

ROOT = Path(__file__).resolve().parent.parent
Row = tuple[object, ...]

#: From here on the page is written by benchmarks/accuracy_judge.py and benchmarks/identifiers.
OTHERS = "\n## A served judge\n"
PAGE = """\
# What is found, and what is not

Made by `python benchmarks/accuracy.py` (`make accuracy`); do not edit. The policy is the one that ships, in Germany.
A figure here is a measurement of short phrase lists that are meant as a floor, not a score to be proud of.

## What a lexical rule cannot see

A phrase list knows phrases. It does not know what somebody means: a request in words of one's own, a story that carries
the same content, a question whose harm lies in who is asked about, hatred without a slur, irony, a picture, a language
that the lists do not speak. It cannot tell a question from a quotation of it either; what keeps ordinary text safe from
it is that its phrases are whole requests and not single words. Most of what the data sets below call unsafe or hateful
is outside the closed list of the charter (weapons of mass destruction, terrorism, abuse of children and so on), and
nothing in the shipped packs forbids it. Who needs more plugs in a detector that judges sentences (`docs/plugins.md`).

"""


def table(head: Row, rows: Iterable[Row]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines) + "\n"


def decide(plan: Plan, prompt: str = "", answer: str = "") -> Verdict:
    """The verdict on a prompt, an answer, or both."""
    session = Session(plan, situate(plan, jurisdiction="DE", turn=2), "en", whole=True)
    session.screen([prompt])
    stream = session.stream()
    stream.feed(answer)
    stream.close()
    return session.outcome().verdict


def decisions(head: str, cases: Iterable[tuple[str, Verdict]]) -> str:
    """Verdicts by category."""
    found = Counter(cases)
    categories = sorted({category for category, _ in found})
    rows = [
        (category, sum(found[category, each] for each in Verdict), *(found[category, each] for each in Verdict))
        for category in categories
    ]
    return table((head, "texts", *(each.word for each in Verdict)), rows)


def xstest(plan: Plan, data: Path) -> str:
    with (data / "xstest" / "xstest_prompts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    cases = [(f"{row['label']}: {row['type'].replace('_', ' ')}", decide(plan, prompt=row["prompt"])) for row in rows]
    return (
        "## XSTest\n\nPrompts that sound dangerous and are safe, and contrasts that are not. Commit d7bb5bd, CC-BY-4.0 "
        "(Röttger et al.).\n\n" + decisions("label and type", cases)
    )


#: Classes of Multilingual HateCheck in which somebody answers hatred.
COUNTERING = {"counter_quote_nh": "quotation", "counter_ref_nh": "counter-speech"}


def hatecheck(plan: Plan, data: Path) -> str:
    cases: list[tuple[str, Verdict]] = []
    answered: list[tuple[str, Verdict]] = []
    pairs, unlike = 0, 0
    for path in sorted((data / "multilingual-hatecheck").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        decided = {
            row["mhc_case_id"]: max(decide(plan, prompt=row["test_case"]), decide(plan, answer=row["test_case"]))
            for row in rows
        }
        for row in rows:
            verdict = decided[row["mhc_case_id"]]
            cases.append((f"{path.stem}: {row['label_gold']}", verdict))
            if (kind := COUNTERING.get(row["functionality"])) is not None:
                answered.append((f"{path.stem}: {kind}", verdict))
                said = decided.get(f"{path.stem}-{row['ref_case_id'].removesuffix('.0')}")
                pairs += said is not None
                unlike += said is not None and said is not verdict
    return (
        "## Multilingual HateCheck\n\nEach case as a prompt and as an answer, the stricter verdict. The shipped packs "
        "have no rule against hateful speech, so `pass` is right for all but the symbols of § 86a StGB. Commit "
        "a03f2ca, CC-BY-4.0 (Röttger et al.).\n\n"
        + decisions("language and label", cases)
        + f"Of these, the answers to hatred that quote it or refer to it (OB-5). {pairs} name the hateful sentence "
        f"that they answer; {unlike} are decided otherwise than it.\n\n" + decisions("language and class", answered)
    )


def model_spec(plan: Plan, data: Path) -> str:
    cases: list[tuple[str, Verdict]] = []
    for path in sorted((data / "model-spec" / "examples").glob("*.md")):
        text = path.read_text("utf-8")
        for role, said in re.findall(r"<(user|developer|system|assistant)\b[^>]*>(.*?)</\1>", text, re.DOTALL):
            verdict = decide(plan, answer=said) if role == "assistant" else decide(plan, prompt=said)
            cases.append((role, verdict))
    return (
        "## Examples of the Model Spec\n\nMessages by role; what is not the assistant's is a prompt. They illustrate "
        "behaviour and not the closed list, so almost all must pass. 2025-12-18, commit 8d2405d, CC0-1.0.\n\n"
        + decisions("role", cases)
    )


def ordinary(plan: Plan, texts: Path) -> str:
    """Findings in ordinary text, by language, of the plain forms and of the second lane."""
    rules = [rule for rule in plan.rules if rule.detectors]
    looked = [each for rule in rules for each in sought(plan, rule)]
    plain = Automaton([(0, replace(each, disguised=False)) for each in looked])
    second = Automaton([(0, replace(each, patterns=(), disguised=True)) for each in looked])
    phrases = Automaton([(0, replace(each, patterns=(), disguised=False)) for each in looked])
    rows: list[Row] = []
    total = Counter[str]()
    for path in sorted(texts.glob("*.txt")):
        text = path.read_text("utf-8")
        found = {"plain": len(spans(plain, text)), "second": len(spans(second, text) - spans(phrases, text))}
        million = len(text) / 1e6
        rows.append((path.stem, f"{len(text):,}", *(f"{count / million:.1f}" for count in found.values())))
        total.update(found, characters=len(text))
    million = total["characters"] / 1e6
    everything = (total["plain"] / million, total["second"] / million)
    rows.append(("all", f"{total['characters']:,}", *(f"{each:.1f}" for each in everything)))
    return (
        f"## Ordinary text\n\nFindings per million characters in newspaper sentences in {len(rows) - 1} languages, for "
        "all phrases and patterns that ship (red lines, § 86a StGB, distress), every phrase also through the second "
        "lane, which only red lines have of themselves. What is found in plain form is counted whether or not it is "
        "meant. Test data of lingua (commit 8aa23cd, Apache-2.0), sampled from the Leipzig Wortschatz collection "
        "(CC-BY).\n\n" + table(("language", "characters", "plain", "second lane alone"), rows)
    )


def spans(automaton: Automaton, text: str) -> set[tuple[int, int]]:
    """Where something is found."""
    matcher = Matcher(automaton)
    found = [match for at, char in enumerate(text) for match in matcher.feed(char, at)] + matcher.close()
    return {(match.start, match.end) for match in found}


def disguises(plan: Plan) -> str:
    rows: list[Row] = []
    phrases = list(red_lines(plan))
    for name in DISGUISES:
        texts = [text for phrase in phrases for text in list(disguised(phrase, name))[:: 1 + len(phrases) // 40]]
        found = sum(decide(plan, prompt=text) is Verdict.REFUSE for text in texts)
        rows.append((name, len(texts), found))
    return (
        f"## Disguise\n\nThe {len(phrases)} phrases of the red lines in every disguise that the test generator knows, "
        "in frames of several languages. Its look-alikes are Unicode's confusables (14.0.0, Unicode terms). What is "
        "not seen: phrases of fewer than five letters, words in another order, letters left out or doubled, two "
        "disguises of which one is an encoding, hexadecimal and other encodings (`docs/security.md`).\n\n"
        + table(("disguise", "texts", "refused"), rows)
    )


def red_lines(plan: Plan) -> Iterator[str]:
    """The phrases of all red lines, as they are written."""
    for rule in plan.rules:
        if rule.effect is Effect.REFUSE:
            yield from dict.fromkeys(phrase for each in sought(plan, rule) for phrase in each.written)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="the data sets")
    parser.add_argument("--texts", type=Path, help="ordinary text by language")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "accuracy.md")
    given = parser.parse_args()
    if not (given.data / "xstest").is_dir():
        sys.exit(f"accuracy: there are no data sets in {given.data}; name their folder with --data")
    plan = load().plan
    parts = [
        xstest(plan, given.data),
        hatecheck(plan, given.data),
        model_spec(plan, given.data),
        ordinary(plan, given.texts or given.data / "lingua-testdata" / "sentences"),
        disguises(plan),
    ]
    _, heading, identifiers = given.out.read_text("utf-8").partition(OTHERS)
    given.out.write_text(PAGE + "".join(parts).rstrip("\n") + "\n" + heading + identifiers, "utf-8")
    print(f"wrote {given.out}")


if __name__ == "__main__":
    main()
