"""The setting ``trust``: no way of writing it turns verifying off by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.errors import SettingsError
from ordinance.settings.sources import load


def written(folder: Path, text: str) -> Path:
    file = folder / "ordinance.yaml"
    file.write_text(text, "utf-8")
    return file


def test_nothing_is_verified_unless_somebody_says_so() -> None:
    assert load().trust is None


def test_a_root_alone_requires_a_bundle(tmp_path: Path) -> None:
    trust = load(file=written(tmp_path, "trust: {root: root.json}\n")).trust
    assert trust is not None
    assert trust.required
    assert (trust.root, trust.state) == (tmp_path / "root.json", None)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    trust = load(file=written(tmp_path, "trust: {root: a/root.json, state: b/trust.json, required: false}\n")).trust
    assert trust is not None
    assert (trust.root, trust.state, trust.required) == (
        tmp_path / "a" / "root.json",
        tmp_path / "b" / "trust.json",
        False,
    )


@pytest.mark.parametrize(
    "text",
    [
        "trust:\n", "trust: null\n", "trust: {}\n", "trust: true\n", "trust: root.json\n", "trust: {required: true}\n",
        "trust: {root: root.json, required: }\n", "trust: {root: root.json, required: maybe}\n",
        "trust: {root: root.json, requird: true}\n", "trust: {root: }\n", "trust: {root: r, required: [true]}\n",
        "Trust: {root: root.json}\n", "TRUST: null\n",
        "trust: {root: root.json}\nTrust: {root: root.json, required: false}\n",
        "trust: {root: root.json}\ntrust: {root: root.json, required: false}\n",
    ],
)  # fmt: skip
def test_what_is_written_by_mistake_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        load(file=written(tmp_path, text))


@pytest.mark.parametrize("value", ["", "null", "{}", "false"])
def test_a_variable_does_not_turn_it_off_by_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ORDINANCE_TRUST", value)
    file = written(tmp_path, "trust: {root: root.json}\n")
    try:
        trust = load(file=file).trust
    except SettingsError:
        return
    assert trust is not None
    assert trust.required
