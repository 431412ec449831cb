"""The settings of judges: what is wrong about them is told with its place, and no value is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.errors import SettingsError
from ordinance.settings.sources import load

GUARD = "name: guard, url: 'http://127.0.0.1:8001/v1', model: m, renderer: question"


def read(folder: Path, text: str) -> str:
    file = folder / "ordinance.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as raised:
        load(file=file)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("judges: [{name: guard, url: 'http://127.0.0.1:8001'}]", "`url` needs `model` and `renderer`"),
        ("judges: [{name: guard, url: 'ftp://x', model: m, renderer: question}]", "judges.0.url"),
        ("judges: [{name: guard, url: 'http://me:secret@x', model: m, renderer: r}]", "must not contain a password"),
        ("judges: [{name: guard, url: 'http://x/?a=b', model: m, renderer: r}]", "must look like"),
        (f"judges: [{{{GUARD}}}, {{{GUARD}}}]", "another of the `judges` has this name"),
        (f"judges: [{{{GUARD}, seconds: 0}}]", "judges.0.seconds"),
        (f"judges: [{{{GUARD}, window: 10}}]", "judges.0.window"),
        (f"judges: [{{{GUARD}, by: served}}]", "judges.0.by"),
        ("judges: [{name: Guard One}]", "judges.0.name"),
        ("judge: {uncalibrated: maybe}", "judge.uncalibrated"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    told = read(tmp_path, text)
    assert said in told
    assert "secret" not in told


def test_a_judge_in_short(tmp_path: Path) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text(f"judges: [{{{GUARD}, calibration: guard.json}}]", "utf-8")
    settings = load(file=file)
    (judge,) = settings.judges
    assert judge.urls == ("http://127.0.0.1:8001/v1",)
    assert judge.calibration == tmp_path / "guard.json"
    assert (judge.by, judge.seconds, settings.judge.uncalibrated) == ("judge.served", 1, "record")


def test_replicas_and_a_judge_without_an_address(tmp_path: Path) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text(
        "judges: [{name: a, url: [http://x, http://y], model: m, renderer: r}, {name: near, by: near.lines}]", "utf-8"
    )
    replicas, near = load(file=file).judges
    assert replicas.urls == ("http://x", "http://y")
    assert near.urls == ()
