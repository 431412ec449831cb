"""What each kind of change begins with: the files that are laid, the rows of the manual, the tables left to touch.

A text in ``FILES`` is a path; ``$name`` and the other words in it are those of ``words_of``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """``text`` goes into ``page`` behind the last line that begins with ``after``; at the end where that is empty."""

    page: str
    after: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A place that its author has to touch: ``file`` contains ``at``, and ``what`` says what to write there."""

    file: str
    at: str
    what: str


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` is a pattern of the names that fit. ``files`` are templates and where each goes."""

    name: str
    files: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    tables: tuple[Table, ...]


_ENGINE = "engine/ordinance"
_WORDS = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"

KINDS = {
    "detector": Kind(
        _WORDS,
        (
            ("detector.txt", f"{_ENGINE}/detectors/$name.py"),
            ("detector_test.txt", "tests/detectors/test_$name.py"),
        ),
        (Row("docs/language.md", "| `script is ", "| `$name` | TODO: what it finds, in a closed sentence |\n"),),
        (
            Table(f"{_ENGINE}/detectors/builtin.py", "_PREPARE: Mapping", 'add `"$name": $name.prepare`'),
            Table("grammars/ordinance.lark", 'SCRIPT: "script"', "a word for it in packs, then `make docs`"),
            Table(f"{_ENGINE}/language/clauses.py", "UseKind = Literal[", "the word, a kind of detector"),
            Table(f"{_ENGINE}/policy/link/detectors.py", "def foreign", "how a rule that names it finds it"),
        ),
    ),
    "check": Kind(
        _WORDS,
        (
            ("check.txt", f"{_ENGINE}/policy/check/$name.py"),
            ("check_test.txt", "tests/policy/check/test_$name.py"),
            ("check_page.txt", "docs/errors/$code.md"),
        ),
        (),
        (
            Table(f"{_ENGINE}/language/codes.py", "CATALOGUE: dict", "the code `$code`: title, help, severity"),
            Table(f"{_ENGINE}/policy/check/proof.py", "check_reach(", "call `check_$name(policy, found.append)`"),
            Table("docs/errors.md", "## Findings in packs", "nothing by hand: `make docs` writes its row"),
            Table("tests/cases/errors/house.ord", "house", "beside it a pack that has the fault, and its text"),
        ),
    ),
    "command": Kind(
        "[a-z]+",
        (("command.txt", f"{_ENGINE}/cli/$name.py"), ("command_test.txt", "tests/cli/test_$name.py")),
        (
            Row("docs/commands.md", "| [", "| [$name](#ordinance-$name) | TODO: for whom | TODO: what it does |\n"),
            Row("docs/commands.md", "", "\n## ordinance $name\n\n`ordinance $name PATH…`\n\nTODO: what it does.\n"),
        ),
        (Table(f"{_ENGINE}/cli/main.py", "COMMANDS = (", '("$name", "what it does")'),),
    ),
    "slot": Kind(
        _WORDS,
        (("slot_test.txt", "tests/instructions/test_$name.py"),),
        (Row("docs/language.md", "| `reading level` ", "| `$words` | `plain`, `rich` |\n"),),
        (
            Table("grammars/ordinance.lark", 'PEDAGOGY: "pedagogy"', "the words of the slot, then `make docs`"),
            Table(f"{_ENGINE}/policy/slots.py", "VALUES: Mapping", "the values that a pack may set"),
            Table(f"{_ENGINE}/policy/slots.py", "SLOTS = (", "where its sentence stands in an instruction"),
            Table(f"{_ENGINE}/instructions/languages/en.toml", "[sentences.pedagogy]", "a sentence for each value"),
            Table(f"{_ENGINE}/instructions/languages/de.toml", "[sentences.pedagogy]", "a sentence for each value"),
            Table(f"{_ENGINE}/instructions/languages/et.toml", "[sentences.pedagogy]", "a sentence for each value"),
            Table("docs/adapters.md", "| slot | value |", "nothing by hand: `make docs` writes its rows"),
        ),
    ),
    "api": Kind(
        _WORDS,
        (
            ("api.txt", f"{_ENGINE}/protocol/apis/$name.py"),
            ("api_test.txt", "tests/protocol/apis/test_$name.py"),
        ),
        (
            Row(
                "docs/fields.md",
                "",
                "\n## `/v1/$name`\n\nTODO: each field of its requests, answers and events, and what happens to it.\n",
            ),
        ),
        (
            Table(f"{_ENGINE}/protocol/routes.py", "{COMPLETIONS}", "the route `/v1/$name`, governed"),
            Table(f"{_ENGINE}/serve/door/doors.py", "COMPLETIONS", "`$constant`, among the APIs that govern"),
            Table(f"{_ENGINE}/doctor/protocols/known.py", "_KNOWN: ", "how `ordinance doctor` asks it"),
            Table(f"{_ENGINE}/protocol/fields.py", "COMPLETIONS", "the fields of a request, each classified"),
            Table("docs/fields.md", "Ordinance opens", "its route in the first sentence"),
        ),
    ),
}


def words_of(name: str) -> dict[str, str]:
    """The forms of ``name`` that templates use."""
    return {
        "name": name,
        "words": name.replace("_", " "),
        "code": name.replace("_", "-"),
        "constant": name.upper(),
        "title": "".join(part.capitalize() for part in name.split("_")),
    }
