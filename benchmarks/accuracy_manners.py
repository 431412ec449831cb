"""How often it is told right whether an answer was spoken as asked, and what that costs: ``make accuracy-manners``.

It rewrites its part of docs/accuracy.md, from texts that are none of the checker's lists: CoCoA-MT beside the checkout
(``--data``), this project's own sentences (``tests/cases``), and the sentences that tell a model how to speak
(``instructions/languages``), which share nothing with the checker. No text goes into the page.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from accuracy import table
from measured_part import publish

from ordinance.loading.load import load
from ordinance.runtime.adherence.looking import Look, Wanted
from ordinance.runtime.adherence.own_prose import Prose
from ordinance.runtime.adherence.spoken import Spoken
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.data import DATA

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases"
SENTENCES = ROOT / "engine" / "ordinance" / "instructions" / "languages"
#: The languages that ship.
LANGUAGES = ("ar", "de", "en", "es", "et", "fi", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt", "zh")
#: An answer is this long, in characters; what a language writes with a character a word, half as long.
SHORTEST = 40
_RIGHT = {("formal", "kept"), ("informal", "missed")}


def state(slots: Mapping[str, str], text: str, locale: str = "en") -> dict[str, str]:
    """The state of each slot in a text."""
    look = Look(Wanted(slots, locale))
    look.take(text)
    look.close()
    return look.states()


def address(data: Path) -> str:
    """The table of address: of each form of each sentence, whether `formal` was kept or missed."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for source, tag, form, text in _addressed(data):
        said = state({"language": tag, "address": "formal"}, text)["address"]
        counts = found.setdefault((tag, source), Counter())
        counts["texts"] += 1
        counts["abstained" if said == "cannot_tell" else "right" if (form, said) in _RIGHT else "wrong"] += 1
        counts[f"{form} abstained"] += said == "cannot_tell"
    rows = [
        (
            tag, source, each["texts"], _share(each["abstained"], each["texts"]), each["formal abstained"],
            each["informal abstained"], each["wrong"], _share(each["right"], each["right"] + each["wrong"]),
        )
        for (tag, source), each in sorted(found.items())
    ]  # fmt: skip
    head = ("language", "texts from", "texts", "abstained", "of formal", "of informal", "wrong", "right of decided")
    return table(head, rows)


def _addressed(data: Path) -> Iterator[tuple[str, str, str, str]]:
    for tag in ("de", "es", "ja"):
        for form in ("formal", "informal"):
            for path in sorted((data / "cocoa-mt" / f"en-{tag}").glob(f"*.{form}")):
                yield from (("CoCoA-MT", tag, form, line) for line in path.read_text("utf-8").splitlines())
    for line in (CASES / "address" / "own.tsv").read_text("utf-8").splitlines():
        tag, form, text = line.split("\t")
        if form != "-":
            yield "own", tag, form, text


def language(data: Path) -> str:
    """The table of language: each text once as its own language and once as each of the others."""
    found = {tag: Counter[str]() for tag in LANGUAGES}
    for tag, text in _spoken(data):
        prose, spoken = Prose(), Spoken()
        for piece in (*prose.take(text), *prose.close()):
            spoken.take(piece)
        spoken.close()
        for asked in LANGUAGES:
            said = spoken.state(asked)
            due, other = ("kept", "missed") if asked == tag else ("missed", "kept")
            kind = "own" if asked == tag else "others"
            found[tag][kind] += 1
            found[tag][f"{kind} {'right' if said == due else 'wrong' if said == other else 'abstained'}"] += 1
    rows = []
    for tag, each in found.items():
        right, wrong = (each[f"own {name}"] + each[f"others {name}"] for name in ("right", "wrong"))
        rows.append((
            tag, each["own"], _share(each["own right"], each["own"]), each["own wrong"],
            _share(each["others right"], each["others"]), each["others wrong"], _share(right, right + wrong),
        ))  # fmt: skip
    head = (
        "language", "answers", "its own: kept", "its own: missed (wrong)", "the 14 others: missed",
        "the others: kept (wrong)", "right of decided",
    )  # fmt: skip
    return table(head, rows)


def _spoken(data: Path) -> Iterator[tuple[str, str]]:
    """Yield answers of 40 characters and more: sentences in a row of one source, as many as that takes."""
    by_source: dict[tuple[str, str], list[str]] = {}
    for line in (CASES / "languages" / "chat.tsv").read_text("utf-8").splitlines():
        tag, text = line.split("\t")
        by_source.setdefault((tag, "chat"), []).append(text)
    for path in sorted((CASES / "ordinary").glob("*.txt")):
        said = (line.partition(" | ")[2] for line in path.read_text("utf-8").splitlines() if " | " in line)
        by_source[path.stem, "ordinary"] = [text for text in said if any(map(str.isalpha, text))]
    for path in sorted(SENTENCES.glob("*.toml")):
        sections = tomllib.loads(path.read_text("utf-8"))["sentences"]
        by_source[path.stem, "told"] = [text for section in sections.values() for text in section.values()]
    for path in sorted((data / "lingua-testdata" / "sentences").glob("*.txt")):
        by_source[path.stem, "news"] = path.read_text("utf-8").splitlines()
    for (tag, _), texts in sorted(by_source.items()):
        if tag in LANGUAGES:
            yield from ((tag, answer) for answer in _answers(texts, SHORTEST // (2 if tag in "ja ko zh" else 1)))


def _answers(sentences: Iterable[str], least: int) -> Iterator[str]:
    answer = ""
    for sentence in sentences:
        answer = f"{answer} {sentence}".strip()
        if len(answer) >= least:
            yield answer
            answer = ""


def pedagogy() -> str:
    """The table of pedagogy: how many finished answers are told as `missed`, and questions to a learner as `kept`."""
    rows = []
    for source, name in (("own, mended until they passed", "own"), ("own, only counted", "counted")):
        found: dict[str, Counter[str]] = {}
        for line in (CASES / "guided" / f"{name}.tsv").read_text("utf-8").splitlines():
            tag, due, text = line.split("\t")
            said = state({"pedagogy": "guided"}, text.replace("\\n", "\n"))["pedagogy"]
            counts = found.setdefault(tag, Counter())
            counts[due] += 1
            counts[f"{due} told"] += said == due
            counts["wrong"] += said not in (due, "cannot_tell")
        for tag, each in sorted(found.items()):
            told = (f"{each[f'{due} told']} of {each[due]}" for due in ("missed", "kept", "cannot_tell"))
            rows.append((tag, source, *told, each["wrong"]))
    return table(("language", "answers", "finished: missed", "leading: kept", "neither: cannot tell", "wrong"), rows)


def cost() -> str:
    """What looking costs, as a ratio in one run: the same stream with no slot in force, and with three."""
    plan = load().plan
    text = (CASES / "ordinary" / "de.txt").read_text("utf-8").replace(" | ", " ") * 20
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]

    def run(locale: bool, asked: Mapping[str, str]) -> float:
        session = Session(plan, situate(plan, jurisdiction="DE", turn=2), "de", speaks=locale, asked=asked)
        stream = session.stream()
        before = time.process_time()
        for piece in pieces:
            stream.feed(piece)
        stream.close()
        session.metadata()
        return time.process_time() - before

    three = {"language": "de", "address": "formal", "script": "Latn"}
    runs = [(run(False, {}), run(False, three)) for _ in range(5)]
    without, looked = min(each for each, _ in runs[1:]), min(each for _, each in runs[1:])
    more = 1e6 * (looked - without) / len(text)
    return (
        f"Cost, in processor time of one run over {len(text)} characters in events of four: with three slots in force "
        f"{looked / without:.1f} times the stream without (the engine alone, no HTTP), {more:.1f} µs a character more. "
        "Where no slot is in force nothing is looked at."
    )


def _share(part: int, whole: int) -> str:
    return f"{10_000 * part // whole / 100:.2f} %" if whole else "not measured"


def main() -> None:
    """Measure, and print the part or write it to the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--print", action="store_true", help="print the part and leave the page as it is")
    given = parser.parse_args()
    if not (given.data / "cocoa-mt").is_dir():
        parser.error(f"{given.data} has no folder cocoa-mt; name the folder of the data sets with --data")
    publish(
        "manners",
        "### Address",
        address(given.data).strip(),
        "### Language",
        language(given.data).strip(),
        "### Pedagogy",
        pedagogy().strip(),
        cost(),
        only_print=given.print,
    )


if __name__ == "__main__":
    main()
