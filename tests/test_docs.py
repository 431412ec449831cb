"""The manual says what is true: every requirement is tested or listed as not met, every page that is named exists."""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from ordinance import plugin
from ordinance.cli.main import COMMANDS
from ordinance.conformance.faults import CATALOGUE
from ordinance.conformance.page import hooks
from ordinance.conformance.page import page as reference
from ordinance.loading.example_runs import run_example
from ordinance.loading.load import load

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
TESTS = "".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def listed(section: str) -> set[str]:
    return set(re.findall(r"^\| ([A-Z0-9]+-\d+) \|", section, re.MULTILINE))


def test_every_requirement_has_a_test_or_is_listed_as_not_met() -> None:
    met, _, unmet = (DOCS / "requirements.md").read_text("utf-8").partition("## Not yet met")
    marked = set(re.findall(r'requirement\("([A-Z0-9]+-\d+)"\)', TESTS))
    assert listed(met) <= marked, f"no test: {sorted(listed(met) - marked)}"
    assert not listed(met) & listed(unmet)
    assert marked <= listed(met) | listed(unmet), f"not in docs/requirements.md: {sorted(marked - listed(met))}"


def test_every_rule_of_the_semantics_that_is_built_has_a_test() -> None:
    marked = {int(number) for number in re.findall(r"semantics\((\d+)\)", TESTS)}
    assert set(range(1, 26)) <= marked, sorted(set(range(1, 26)) - marked)


def test_each_rule_of_the_semantics_has_a_number_of_its_own() -> None:
    numbers = re.findall(r"^(\d+)\. ", (DOCS / "semantics.md").read_text("utf-8"), re.MULTILINE)
    assert len(numbers) == len(set(numbers)), sorted(numbers)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_is_in_the_manual(name: str) -> None:
    assert any(f"ordinance {name}" in page.read_text("utf-8") for page in PAGES)


def actions_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a command, and those of its parts, such as ``plugin install``."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for part in action.choices.values():
                yield from actions_of(part)


def flags_of(command: str) -> tuple[set[str], set[str]]:
    """The flags of a command, and the values that it takes, as its help shows them."""
    subparsers = argparse.ArgumentParser().add_subparsers()
    importlib.import_module(f"ordinance.cli.{command.replace('-', '_')}").add(subparsers)
    actions = list(actions_of(subparsers.choices[command]))
    flags = {flag for action in actions for flag in action.option_strings if flag.startswith("--")}
    values = {value for action in actions for value in action.choices or ()}
    return flags - {"--help"}, set(values)


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_and_flag_is_documented(name: str) -> None:
    page = (DOCS / "commands.md").read_text("utf-8")
    section = page.partition(f"\n## ordinance {name}\n")[2].partition("\n## ")[0]
    assert f"`ordinance {name} " in section
    flags, values = flags_of(name)
    written = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", section))
    assert flags <= written, f"not in docs/commands.md: {sorted(flags - written)}"
    assert written <= flags, f"no such flag: {sorted(written - flags)}"
    assert not [value for value in values if value not in section]


def test_the_page_on_accuracy_names_a_command_that_exists_and_its_data() -> None:
    page = (DOCS / "accuracy.md").read_text("utf-8")
    for path in re.findall(r"`python (\S+)`", page):
        assert (ROOT / path).is_file()
    for target in re.findall(r"`make (\w+)`", page):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for said in ("CC-BY-4.0", "CC0-1.0", "Apache-2.0", "What a lexical rule cannot see", "| all |"):
        assert said in page


def test_every_top_level_folder_is_explained() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for folder in ("engine", "grammars", "rules", "plugins", "tests", "benchmarks", "docs", "deploy"):
        assert f"{folder}/" in readme
        assert (ROOT / folder).is_dir()


def test_what_is_written_by_hand_beside_a_library_is_where_the_page_says() -> None:
    left_out = (DOCS / "dependencies.md").read_text("utf-8").partition("## Considered and left out")[2]
    rows = [row.split(" | ") for row in left_out.splitlines() if row.startswith("| ") and " | " in row][1:]
    paths = [path for row in rows for path in re.findall(r"`([a-z_/]+(?:\.py)?/?)`", row[1])]
    assert len(paths) >= 20
    assert not [path for path in paths if not (ROOT / "engine" / "ordinance" / path).exists()]


PLUGINS = (DOCS / "plugins.md").read_text("utf-8")


def test_the_reference_of_plugins_is_current() -> None:
    assert reference(PLUGINS) == PLUGINS, "make docs"


@pytest.mark.parametrize("name", list(hooks()))
def test_each_hook_is_documented(name: str) -> None:
    """With its signature, when and where it runs, and what its failure means."""
    signature, (returns, *more) = hooks()[name]
    section = PLUGINS.partition(f"#### `{signature}`\n")[2].partition("\n### ")[0].partition("\n#### ")[0]
    assert returns in section
    labels = [paragraph.partition(": ") for paragraph in more]
    assert [label for label, _, _ in labels] == ["Runs", "Fails"]
    for label, _, said in labels:
        assert f"*{label}:* {said}\n" in section
        assert len(said) > 10


def test_each_value_and_each_cause_of_a_failure_is_documented() -> None:
    for value in vars(plugin).values():
        if inspect.isclass(value) and is_dataclass(value):
            assert f"\n| `{value.__name__}` |" in PLUGINS
    for name in ("connect", "folder"):
        assert f"\n| `{name}(" in PLUGINS
    for code in CATALOGUE:
        assert f"\n| `{code}` |" in PLUGINS


MANUAL = (DOCS / "language.md").read_text("utf-8")
SAMPLES = re.findall(r"```ord\n(.*?)```", MANUAL, re.DOTALL)

#: Lexicons of the samples.
BESIDE = re.findall(r"`lexicons/(\w+\.txt)`, beside it:\n\n```text\n(.*?)```", MANUAL, re.DOTALL)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: " ".join(sample.split()[:2]))
def test_samples_of_the_manual_check_and_test_green(sample: str, tmp_path: Path) -> None:
    pack = tmp_path / "sample.ord"
    pack.write_text(sample, "utf-8")
    (tmp_path / "lexicons").mkdir()
    for name, lines in BESIDE:
        (tmp_path / "lexicons" / name).write_text(lines, "utf-8")
    loaded = load([pack])
    errors = [item for item in loaded.diagnostics if item.severity == "error"]
    assert not errors
    assert [result.problem for result in (run_example(loaded.plan, each) for each in loaded.examples)] == [""] * len(
        loaded.examples
    )


def test_the_manual_teaches_every_word_a_pack_below_the_charter_may_use() -> None:
    grammar = (ROOT / "grammars" / "ordinance.lark").read_text("utf-8")
    words = set(re.findall(r'^[A-Z_]+: "([a-z]+)"', grammar, re.MULTILINE))
    manual = (DOCS / "language.md").read_text("utf-8")
    assert not {word for word in words if not re.search(rf"\b{word}\b", manual)}
