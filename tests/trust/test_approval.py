"""Two people: what is signed is what ``ordinance diff`` shows, and nothing else can be signed in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ordinance.trust import archive, strict_json
from ordinance.trust.approval import unlike
from ordinance.trust.contents import DIFF
from ordinance.trust.statements import sha256
from support.bundles import World, load_draft, read, restated, signed, spoiled, write_keys
from support.commands import run_here
from support.ways import Machine


@pytest.fixture
def files(world: World, tmp_path: Path) -> Path:
    """A folder with both bundles, unsigned, and the keys of two people."""
    (tmp_path / "first.bundle").write_bytes(world.first)
    (tmp_path / "second.bundle").write_bytes(world.office.draft(world.first))
    for name in ("gerd", "hans", "mallory"):
        write_keys(tmp_path, name)
    return tmp_path


def digest_of(text: str) -> str:
    return text.rstrip().splitlines()[-1].removeprefix("difference ")


def sign(files: Path, person: str, *words: str) -> tuple[int, str, str]:
    done = run_here(
        "bundle", "sign", "second.bundle", "--after", "first.bundle", "--key", f"{person}.pem", *words, cwd=files
    )
    return done.returncode, done.stdout, done.stderr


def test_what_is_approved_is_what_diff_shows(files: Path, world: World) -> None:
    shown = run_here("diff", "first.bundle", "second.bundle", "--format", "json", cwd=files)
    assert shown.returncode == 1
    report = json.loads(shown.stdout)
    digest = report.pop("digest")
    assert strict_json.encode(report) == read((files / "second.bundle").read_bytes()).members[DIFF]
    assert [each["name"] for each in report["files"]] == ["packs/jurisdictions/XA/lexicons/words.txt"]
    people = digest_of(run_here("diff", "first.bundle", "second.bundle", cwd=files).stdout)
    statements = read((files / "second.bundle").read_bytes()).statements
    assert people == digest == statements["release"].statement.predicate.approved.diff
    assert statements["release"].statement.predicate.approved.previous == read(world.first).statements["release"].digest


def test_no_pack_is_added_to_a_bundle(files: Path) -> None:
    refused = run_here("diff", "first.bundle", "second.bundle", "--with", "en", cwd=files)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "a bundle was given" in refused.stderr


def test_nothing_is_signed_before_its_difference_is_named(files: Path) -> None:
    before = (files / "second.bundle").read_bytes()
    code, shown, errors = sign(files, "gerd")
    assert (code, "nothing was signed" in errors) == (2, True)
    assert "words.txt [changed]" in shown
    assert sign(files, "gerd", "--approve", "0" * 64)[0] == 2
    assert (files / "second.bundle").read_bytes() == before
    assert sign(files, "gerd", "--approve", digest_of(shown))[:2] == (0, f"{shown}signed as release\n")
    assert len(read((files / "second.bundle").read_bytes()).statements["release"].envelope.signatures) == 1
    assert sign(files, "mallory", "--approve", digest_of(shown))[0] == 2


def test_a_bundle_that_does_something_else_is_not_signed(files: Path, world: World) -> None:
    """Whoever builds it writes a harmless difference into it."""
    harmless = strict_json.encode({"changes": [], "citations": [], "files": []})

    def lie(members: dict[str, bytes]) -> None:
        members[DIFF] = harmless

    (files / "second.bundle").write_bytes(_with_diff(spoiled((files / "second.bundle").read_bytes(), lie), harmless))
    code, _, errors = sign(files, "gerd", "--approve", sha256(harmless))
    assert (code, "error[bundle-diff]" in errors) == (1, True)


def _with_diff(data: bytes, document: bytes) -> bytes:
    """The bundle whose release lists and approves that document; nobody has signed it."""

    def change(content: bytes) -> bytes:
        said = json.loads(content)
        said["predicate"]["approved"]["diff"] = sha256(document)
        for subject in said["subject"]:
            if subject["name"] == DIFF:
                subject["digest"]["sha256"] = sha256(document)
        return strict_json.encode(said)

    return restated(data, "release", change, [])


def test_verify_refuses_another_difference(machine: Machine, world: World, tmp_path: Path) -> None:
    """All have really signed it: what they signed is not what the bundle does."""
    harmless = strict_json.encode({"changes": [], "citations": [], "files": []})
    lied = _with_diff(spoiled(world.second, lambda members: members.update({DIFF: harmless})), harmless)
    machine.install(signed(lied, "gerd", "hans"))
    machine.state.unlink()
    (tmp_path / "first.bundle").write_bytes(world.first)
    words = ("bundle", "verify", machine.bundle, "--config", machine.config, "--format", "json")
    assert json.loads(run_here(*words).stdout)["ok"]  # by itself it is consistent: only both bundles show it
    done = run_here(*words, "--after", tmp_path / "first.bundle")
    assert done.returncode == 1
    found = json.loads(done.stdout)["problems"]
    assert {"code": "bundle-diff", "where": "approved/diff.json"} in found


def test_a_difference_to_another_bundle_does_not_count(world: World) -> None:
    """Approved was the step from the first to the second, not that from nothing or from the second."""
    second, first = read(world.second), read(world.first)
    name = Path("x.bundle")
    assert unlike((first, name), (second, name), load_draft) == []
    assert {each.code for each in unlike(None, (second, name), load_draft)} == {"bundle-diff"}
    assert {each.code for each in unlike((second, name), (second, name), load_draft)} == {"bundle-diff"}


def test_a_change_of_words_alone_is_a_difference(world: World) -> None:
    shown = json.loads(archive.read(world.second, "x")[DIFF])
    assert shown["files"], "a lexicon changed"
