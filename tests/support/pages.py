"""The pages of ``docs/errors/``, read so that a test can run the samples on them.

A sample is one of three: parts of a sample pack, with ``…`` alone on a line between two parts; whole files, each under
a line that names it; or a command. A line of ``^`` marks the place of the finding in the line above. ``‹U+00A0›``
stands for that character, ``‹byte FC›`` for that byte, and a line with ``‹1 to 300›`` for 300 lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ordinance.resources import folder
from support.packs import CHARTER, JURISDICTION, LANGUAGE, SAMPLE

#: The packs of which samples show parts, by the name of the file. The charter has a name of its own, since one that
#: differs from the charter that ships must not have its name.
WHOLE = {
    "XA.ord": JURISDICTION,
    "XZ.ord": (SAMPLE / "XZ.ord").read_text("utf-8"),
    "school.ord": (SAMPLE / "school.ord").read_text("utf-8"),
    "charter.ord": re.sub(r"charter baseline.*\ntitle.*\n", 'charter ours 1.0.0\ntitle "Ours"\n', CHARTER),
    "fr.ord": LANGUAGE,
}

_BLOCK = re.compile(r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHARACTER = re.compile(r"‹(U\+|byte )([0-9A-F]+)›")
_MANY = re.compile(r"‹([0-9,]+) to ([0-9,]+)›")
_MARK = re.compile(r"( *)(\^+)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place: the first and the last line that it may be on, the column, and the end column (0: not known)."""

    file: str
    lines: tuple[int, int]
    column: int
    end: int


@dataclass(slots=True)
class Sample:
    """What one part of a page shows: parts of a pack, whole files, or a command. ``marked`` is where the finding is."""

    parts: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    marked: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """``text`` is all of it; ``sections`` are its headings in order, ``samples`` those that show something."""

    code: str
    text: str
    sections: tuple[str, ...]
    samples: dict[str, Sample]


def pages() -> list[str]:
    """The codes that have a page."""
    return sorted(path.stem for path in folder("lessons").glob("*.md"))


def page(code: str) -> Page:
    text = (folder("lessons") / f"{code}.md").read_text("utf-8")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    samples = {name: _sample(said) for name, said in zip(parts[1::2], parts[2::2], strict=True) if "```" in said}
    return Page(code, text, tuple(parts[1::2]), samples)


def _sample(text: str) -> Sample:
    sample = Sample()
    for name, language, shown in _BLOCK.findall(text):
        if language == "console":
            command, *mark = shown.splitlines()
            sample.command = command.removeprefix("$ ").split()
            if mark and (found := _MARK.fullmatch(mark[0])):
                sample.marked.append(Mark(command[found.start(2) : found.end(2)].strip(), (1, 1), 1, 1))
        elif name:
            sample.files[name] = _written(shown, name, 0, sample.marked)
        else:
            _add_parts(shown, sample)
    return sample


def _add_parts(shown: str, sample: Sample) -> None:
    """Take the parts of a pack; their marks count from the first line of each part until ``put`` knows its place."""
    for number, part in enumerate(re.split(r"^ *…\n", shown, flags=re.MULTILINE)):
        sample.parts.append(_written(part, str(number), 0, sample.marked))


def _written(shown: str, name: str, before: int, marked: list[Mark]) -> str:
    """The text that ``shown`` stands for, without its marks."""
    lines: list[str] = []
    last, first = "", 0
    for line in shown.splitlines():
        if mark := _MARK.fullmatch(line):
            column, end = (_width(last[:at]) + 1 for at in mark.span(2))
            end = 0 if _MANY.search(last) else end
            marked.append(Mark(name, (before + first + 1, before + len(lines)), column, end))
            continue
        last, first = line, len(lines)
        lines += _many(_characters(line))
    return "".join(f"{line}\n" for line in lines)


def _characters(text: str) -> str:
    return _CHARACTER.sub(lambda found: chr(int(found[2], 16) + (0xDC00 if found[1] == "byte " else 0)), text)


def _width(text: str) -> int:
    """How many characters ``text`` stands for; a byte-order mark is none of the text."""
    return len(_many(_characters(text).lstrip("\ufeff"))[0])


def _many(line: str) -> list[str]:
    found = _MANY.search(line)
    if found is None:
        return [line]
    first, last = (int(number.replace(",", "")) for number in found.groups())
    return [_MANY.sub(str(number), line) for number in range(first, last + 1)]


def put(wrong: Sample, right: Sample, to: Path, *, spoiled: bool) -> tuple[str, list[Mark]]:
    """Write one of two samples into ``to``; give the command to run and where the finding must be. What a right sample
    does not show is as in the wrong one, but for files that its command does not name."""
    sample = wrong if spoiled else right
    command, marks = _put_parts(wrong, right, to, spoiled=spoiled) if wrong.parts else ("ordinance check .", [])
    files = sample.files if spoiled else {**wrong.files, **right.files}
    if not wrong.parts:
        _lay(to, "lexicons/words.txt", *(() if any(name.endswith(".ord") for name in files) else ("XA.ord",)))
    for name, text in files.items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    own = [mark for mark in sample.marked if not mark.file.isdecimal()]
    return " ".join(sample.command) or command, [*marks, *own]


def _put_parts(wrong: Sample, right: Sample, to: Path, *, spoiled: bool) -> tuple[str, list[Mark]]:
    """The sample pack that contains all parts of ``right``, with those of ``wrong`` in their places if ``spoiled``."""
    assert len(wrong.parts) == len(right.parts), "as many parts in both"
    name, text = next((name, text) for name, text in WHOLE.items() if all(part in text for part in right.parts))
    marks: list[Mark] = []
    at = 0
    for number, (bad, good) in enumerate(zip(wrong.parts, right.parts, strict=True)):
        at = text.index(good, at)
        above = text[:at].count("\n")
        if spoiled:
            text = text[:at] + bad + text[at + len(good) :]
            at += len(bad)
            marks += (
                Mark(name, (mark.lines[0] + above, mark.lines[1] + above), mark.column, mark.end)
                for mark in wrong.marked
                if mark.file == str(number)
            )
    _lay(to, "lexicons/words.txt")
    if name == "charter.ord":
        for path in (folder("rules") / "charter" / "lexicons").iterdir():
            (to / "lexicons" / path.name).write_bytes(path.read_bytes())
    (to / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return f"ordinance check {name}", marks


def _lay(to: Path, *names: str) -> None:
    """Copy files of the sample pack."""
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((folder("lessons") / "sample" / name).read_bytes())
