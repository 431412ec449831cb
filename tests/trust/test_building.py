"""Building: the same bytes for the same input, and signatures that stay where nothing changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ordinance.errors import OrdinanceError
from ordinance.trust.trouble import TroubleError
from support.bundles import NOW, ROLES, YEAR, Office, World, make_root, read, sign_root


def versions(data: bytes) -> dict[str, tuple[int, int]]:
    """Version and number of signatures of each role."""
    return {
        role: (made.statement.predicate.version, len(made.envelope.signatures))
        for role, made in read(data).statements.items()
    }


def test_two_builds_on_two_paths_give_the_same_bytes(world: World, tmp_path: Path) -> None:
    elsewhere = Office(tmp_path / "else where")
    assert elsewhere.draft() == elsewhere.draft(packs=list(reversed(elsewhere.packs)))
    again = Office(tmp_path / "again")
    assert again.bundle() == world.first


def test_what_did_not_change_stays_signed(world: World) -> None:
    changed = versions(world.office.draft(world.first))
    assert changed == {"charter": (1, 2), "jurisdictions": (2, 0), "languages": (1, 1), "release": (2, 0)}


def test_what_is_renewed_is_signed_by_all(world: World) -> None:
    changed = versions(world.office.draft(world.first, renew=True))
    assert changed == {"charter": (2, 0), "jurisdictions": (2, 0), "languages": (2, 0), "release": (2, 0)}


def test_what_has_expired_is_signed_anew(world: World) -> None:
    later = {"issued": NOW + 2 * YEAR, "expires": NOW + 3 * YEAR}
    assert versions(world.office.draft(world.first, **later))["charter"] == (2, 0)


def test_the_root_lifts_versions(world: World, tmp_path: Path) -> None:
    office = Office(tmp_path, [*world.office.roots, sign_root(make_root(2, least={"release": 9}), "anna", "ben")])
    assert versions(office.draft(world.first))["release"] == (9, 0)


def test_what_nobody_may_sign_is_not_built(tmp_path: Path) -> None:
    roles = {role: said for role, said in ROLES.items() if role != "languages"}
    office = Office(tmp_path, [sign_root(make_root(roles=roles), "anna", "ben")])
    with pytest.raises(TroubleError) as refused:
        office.draft()
    assert refused.value.trouble.code == "bundle-role"


def test_packs_that_make_no_policy_are_not_built(tmp_path: Path) -> None:
    office = Office(tmp_path)
    pack = office.folder / "XA" / "XA.ord"
    pack.write_text(pack.read_text("utf-8").replace("example quiet", "example fires"), "utf-8")
    with pytest.raises(OrdinanceError):
        office.draft()


def test_a_bundle_says_what_is_in_it(world: World) -> None:
    names = set(read(world.second).members)
    assert "packs/charter/baseline/baseline.ord" in names
    assert {"roots/1.json", "policy.json", "approved/diff.json", "statements/release.json"} <= names
    assert timedelta(days=300) < read(world.second).statements["release"].statement.until - NOW
