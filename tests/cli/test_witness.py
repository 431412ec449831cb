"""``ordinance witness``: two texts of a person's own, by exit code, in words and as JSON."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from ordinance.cli.main import main

pytestmark = pytest.mark.semantics(39)


def files(folder: Path, a: str | bytes, b: str | bytes) -> list[str]:
    names = []
    for name, text in (("a.txt", a), ("b.txt", b)):
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        names.append(str(folder / name))
    return names


def test_the_exit_code_says_same_differs_or_cannot_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = files(tmp_path, "Sie zahlen 1.234,50 €.\r\n", "Du zahlst 1234,50 EUR.\n")
    assert main(["witness", *same, "--language", "de"]) == 0
    assert capsys.readouterr().out == "same\n"
    assert main(["witness", *same]) == 2
    assert "cannot tell without a language that is known: name, negation, hedge" in capsys.readouterr().out
    assert main(["witness", *files(tmp_path, "Es sind 5 km.", "Es sind 6 km."), "--language", "de-AT"]) == 1
    assert capsys.readouterr().out == 'number (differs): A 8-9 "5", B 8-9 "6"\ndiffers\n'
    assert main(["witness", *files(tmp_path, "Es sind 1.234 km.", "Es sind 1234 km."), "--language", "de"]) == 2


def test_json_names_kind_and_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = files(tmp_path, "Das ist nicht gut.", "Das ist gut.")
    assert main(["witness", *names, "--language", "de", "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["same"] is False
    assert said["state"] == said["kinds"]["negation"] == "differs"
    assert said["kinds"]["number"] == "sound"
    assert said["differences"] == [
        {
            "kind": "negation", "state": "differs", "moved": False, "a": {"start": 8, "end": 13, "text": "nicht"},
            "b": None,
        }
    ]  # fmt: skip


def test_one_text_may_be_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a, _ = files(tmp_path, "It is 5 km.", "")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"It is 5 km.")))
    assert main(["witness", a, "-"]) == 0
    assert main(["witness", "-", "-", "--format", "json"]) == 2
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["diagnostics"]


@pytest.mark.parametrize("data", [b"\xff\xfe\xfd", b"a" * 4_000_001], ids=["no-utf8", "too-large"])
def test_what_cannot_be_read_is_an_error(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["witness", *files(tmp_path, "a", data)]) == 2
    assert "error[unreadable]" in capsys.readouterr().err
    assert main(["witness", str(tmp_path), str(tmp_path / "absent")]) == 2
