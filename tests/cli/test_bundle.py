"""``ordinance bundle``: exit codes, JSON, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from ordinance.trust.moments import moment, written
from ordinance.trust.roots import read_root
from support.bundles import NOW, ROOT, YEAR, Office, key, write_keys
from support.commands import run_here

PLAN = """\
expires: 2036-06-01
keys:
  anna: anna.pub
  ben: [ben.pub, ben-spare.pub]
  carla: carla.pub
  dirk: dirk.pub
roles:
  root: {keys: [anna, ben], threshold: 2}
  charter: {keys: [carla], threshold: 1}
  release: {keys: [carla, dirk], threshold: 2, least: 3}
  "jurisdiction DE": {keys: [dirk], threshold: 1}
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with a plan and keys."""
    for name in ("anna", "ben", "ben-spare", "carla", "dirk"):
        write_keys(tmp_path, name)
    (tmp_path / "people.yaml").write_text(PLAN, "utf-8")
    return tmp_path


def bundle(folder: Path, *words: str) -> tuple[int, str, str]:
    done = run_here("bundle", *words, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_a_plan_becomes_a_root(office: Path) -> None:
    code, said, _ = bundle(office, "root", "people.yaml", "--out", "root.json")
    assert code == 0
    assert "  release: 2 of carla, dirk, from version 3" in said
    root = read_root((office / "root.json").read_bytes(), "x").root
    assert root.expires == "2036-06-01T00:00:00Z"
    assert len(root.roles["root"].keys) == 3
    assert {made.owner for made in root.keys.values()} == {"anna", "ben", "carla", "dirk"}


def test_the_next_root_has_the_next_version(office: Path) -> None:
    bundle(office, "root", "people.yaml", "--out", "root.json")
    for person in ("anna", "ben"):
        assert bundle(office, "sign", "root.json", "--key", f"{person}.pem")[:2] == (0, "signed as root\n")
    assert bundle(office, "sign", "root.json", "--key", "carla.pem")[0] == 2
    assert bundle(office, "root", "people.yaml", "--out", "root-2.json", "--after", "root.json")[0] == 0
    report = json.loads(bundle(office, "inspect", "root-2.json", "--format", "json")[1])["root"]
    assert (report["version"], report["signed_by"]) == (2, [])


def test_a_root_can_be_made_again_byte_for_byte(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")
    for name in ("a.json", "b.json"):
        assert bundle(office, "root", "people.yaml", "--out", name)[0] == 0
    assert (office / "a.json").read_bytes() == (office / "b.json").read_bytes()
    assert moment(read_root((office / "a.json").read_bytes(), "x").root.issued).timestamp() == 1795000000


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("expires: 2036-06-01\n", "", "must have expires, keys, roles"),
        ("2036-06-01", "soon", "must be a day"),
        ("anna: anna.pub", "anna: nobody.pub", "cannot be read"),
        ("anna: anna.pub", "anna: anna.pem", "not an Ed25519 public key"),
        ("keys: [carla], threshold: 1", "keys: [eve], threshold: 1", "must list people"),
        ("keys: [carla], threshold: 1", "keys: [carla], threshold: true", "whole numbers"),
        ("keys: [carla], threshold: 1", "keys: [carla]", "must have keys and threshold"),
        ("keys: [carla], threshold: 1", "keys: [carla], threshold: 2", "has fewer"),
        ("keys: [carla], threshold: 1", "keys: [dirk], threshold: 1", "a key in common"),
        ("threshold: 2, least: 3", "threshold: 1", "at least two"),
        ("roles:", "rules:", "must have expires, keys, roles"),
    ],
)
def test_a_plan_that_is_wrong_makes_no_root(office: Path, old: str, new: str, what: str) -> None:
    (office / "people.yaml").write_text(PLAN.replace(old, new), "utf-8")
    code, _, errors = bundle(office, "root", "people.yaml", "--out", "root.json")
    assert code in (1, 2)
    assert what in errors
    assert not (office / "root.json").exists()


def test_a_key_with_a_passphrase(office: Path) -> None:
    bundle(office, "root", "people.yaml", "--out", "root.json")
    locked = key("anna").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a b c"))
    (office / "locked.pem").write_bytes(locked)
    (office / "phrase").write_text("a b c\n", "utf-8")
    (office / "wrong").write_text("d\n", "utf-8")
    sign = ("sign", "root.json", "--key", "locked.pem")
    assert "needs a passphrase" in bundle(office, *sign)[2]
    assert "the passphrase is wrong" in bundle(office, *sign, "--passphrase-file", "wrong")[2]
    assert bundle(office, *sign, "--passphrase-file", "phrase")[:2] == (0, "signed as root\n")
    assert (
        "has no passphrase" in bundle(office, "sign", "root.json", "--key", "ben.pem", "--passphrase-file", "phrase")[2]
    )


def test_a_key_of_another_kind_is_refused(office: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    (office / "ec.pem").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    bundle(office, "root", "people.yaml", "--out", "root.json")
    assert "is not an Ed25519 key" in bundle(office, "sign", "root.json", "--key", "ec.pem")[2]
    assert "is not a private key" in bundle(office, "sign", "root.json", "--key", "people.yaml")[2]


def test_what_cannot_be_read_has_exit_code_two(office: Path) -> None:
    bundle(office, "root", "people.yaml", "--out", "root.json")
    for person in ("anna", "ben"):
        bundle(office, "sign", "root.json", "--key", f"{person}.pem")
    code, said, _ = bundle(office, "verify", "none.bundle", "--root", "root.json", "--format", "json")
    assert code == 2
    assert json.loads(said) == {"ok": False, "problems": [{"code": "bundle-unreadable", "where": "none.bundle"}]}
    code, said, _ = bundle(office, "verify", "none.bundle", "--root", "none.json", "--format", "json")
    assert (code, json.loads(said)["problems"]) == (2, [{"code": "root-unreadable", "where": "none.json"}])
    assert bundle(office, "inspect", "none.bundle")[0] == 2
    assert "error[bundle-unreadable]" in bundle(office, "inspect", "none.bundle")[2]


def test_no_root_is_wrong_usage(office: Path) -> None:
    code, said, errors = bundle(office, "verify", "none.bundle", "--format", "json")
    assert (code, json.loads(said)["ok"]) == (2, False)
    assert "error[usage]" in errors


def test_a_bundle_has_a_bundles_name(office: Path) -> None:
    bundle(office, "root", "people.yaml", "--out", "root.json")
    words = ("build", "x", "--root", "root.json", "--out", "policy.tar", "--expires", "2036-01-01")
    assert "is not a bundle's name" in bundle(office, *words)[2]
    words = ("build", "x", "--root", "root.json", "--out", "policy.bundle", "--expires", "2020-01-01")
    assert "is over" in bundle(office, *words)[2]
    words = (*words[:-1], str(NOW.date()))
    assert "expires as its day begins" in bundle(office, *words)[2]


def test_a_root_that_is_there_is_replaced_only_by_force(office: Path) -> None:
    words = ("root", "people.yaml", "--out", "root.json")
    bundle(office, *words)
    bundle(office, "sign", "root.json", "--key", "anna.pem")
    signed = (office / "root.json").read_bytes()
    code, said, errors = bundle(office, *words)
    assert (code, said) == (2, "")
    assert "error[usage]: root.json is there already; nothing was written." in errors
    assert "--force" in errors
    assert (office / "root.json").read_bytes() == signed
    assert bundle(office, *words, "--force")[0] == 0
    assert json.loads(bundle(office, "inspect", "root.json", "--format", "json")[1])["root"]["signed_by"] == []


@pytest.fixture
def packs(tmp_path: Path) -> Office:
    """A folder with small packs, a root, and the bundle that is in force."""
    made = Office(tmp_path)
    (tmp_path / "root.json").write_bytes(ROOT)
    (tmp_path / "before.bundle").write_bytes(made.bundle())
    return made


def test_a_bundle_that_is_there_is_replaced_only_by_force(packs: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    words = ("build", "charter", "XA", "--root", "root.json", "--out", "policy.bundle", "--expires")
    expires, later = str((NOW + YEAR).date()), str((NOW + 2 * YEAR).date())
    assert [bundle(packs.folder, *words, expires)[0] for _ in range(2)] == [0, 0]  # the same content
    before = (packs.folder / "policy.bundle").read_bytes()
    code, _, errors = bundle(packs.folder, *words, later)
    assert (code, "policy.bundle is there already" in errors) == (2, True)
    assert (packs.folder / "policy.bundle").read_bytes() == before
    assert bundle(packs.folder, *words, later, "--force")[0] == 0
    assert (packs.folder / "policy.bundle").read_bytes() != before


def test_a_statement_that_keeps_its_signatures_and_expires_first_is_named(packs: Office) -> None:
    packs.change("a phrase more")
    words = ("build", "charter", "XA", "--root", "root.json", "--after", "before.bundle", "--expires")
    code, _, errors = bundle(packs.folder, *words, str((NOW + 2 * YEAR).date()), "--out", "next.bundle")
    assert code == 0
    (warning,) = (line for line in errors.splitlines() if "warning" in line)
    assert "statements that keep their signatures expire before " in warning
    assert f"charter ({written(NOW + YEAR)})" in warning
    assert "release" not in warning
    assert "Build with --renew" in warning
    for more in (("--renew", str((NOW + 2 * YEAR).date())), (str((NOW + YEAR / 2).date()),)):
        out = ("--out", f"{len(more)}.bundle")
        words_with = (*words[:-1], *more[:-1], words[-1], more[-1], *out)
        assert "warning" not in bundle(packs.folder, *words_with)[2]


def test_a_digest_that_is_not_that_of_the_difference_signs_nothing(packs: Office) -> None:
    write_keys(packs.folder, "dora")
    words = ("sign", "before.bundle", "--first", "--key", "dora.pem")
    assert "what you approve was not named" in bundle(packs.folder, *words)[2]
    digest = bundle(packs.folder, *words)[2].rpartition("--approve ")[2].strip(" .\n")
    for wrong in (digest[:12], "0" * 64):
        code, _, errors = bundle(packs.folder, *words, "--approve", wrong)
        assert code == 2
        assert "--approve does not name all 64 digits of the digest" in errors
        assert digest in errors
    assert bundle(packs.folder, *words, "--approve", digest)[0] == 0


@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o640, False), (0o600, False)])
def test_a_key_that_every_user_may_read_is_named(office: Path, mode: int, warned: bool) -> None:
    bundle(office, "root", "people.yaml", "--out", "root.json")
    (office / "anna.pem").chmod(mode)
    code, _, errors = bundle(office, "sign", "root.json", "--key", "anna.pem")
    assert code == 0
    assert ("every user may read the private key anna.pem: chmod 600 anna.pem" in errors) == warned
