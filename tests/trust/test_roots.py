"""Roots: what each must have, who answers for which pack, and how one leads to the next."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ordinance.trust.roots import Root, read_root, signers, trusted, wrong_in
from ordinance.trust.trouble import TroubleError
from support.bundles import NOW, ROLES, YEAR, key, make_root, public, sign_root

ANCHOR = read_root(sign_root(make_root(), "anna", "ben"), "a root")


def with_roles(**roles: tuple[tuple[str, ...], int]) -> Root:
    named = {name.replace("_", " "): said for name, said in roles.items()}
    return make_root(roles={**ROLES, **named})


def changed(role: str, **fields: object) -> Root:
    root = make_root()
    return msgspec.structs.replace(
        root, roles={**root.roles, role: msgspec.structs.replace(root.roles[role], **fields)}
    )


def test_a_root_that_is_right_has_nothing_wrong() -> None:
    assert list(wrong_in(make_root())) == []
    assert list(wrong_in(with_roles(jurisdiction_DE=(("lena",), 1), house_north=(("max",), 1)))) == []


@pytest.mark.parametrize(
    ("root", "what"),
    [
        (with_roles(charter=(("dora", "iris"), 2)), "charter and jurisdictions have a key in common"),
        (with_roles(root=(("anna", "gerd"), 2)), "root and release have a key in common"),
        (with_roles(languages=(("anna",), 1)), "root and languages have a key in common"),
        (with_roles(release=(("gerd", "hans"), 1)), "release needs one person"),
        (with_roles(release=(("hans", "hans-spare"), 2)), "needs 2 people and has fewer"),
        (changed("charter", threshold=0), "needs nobody"),
        (changed("charter", threshold=-1), "needs nobody"),
        (changed("charter", threshold=4), "has fewer"),
        (changed("charter", keys=()), "has fewer"),
        (changed("charter", least=0), "version below 1"),
        (changed("charter", keys=make_root().roles["charter"].keys[:1] * 2), "lists a key twice"),
        (changed("charter", keys=("0" * 64,)), "one that is not there"),
        (with_roles(judges=(("x",), 1)), "there is no role 'judges'"),
        (msgspec.structs.replace(make_root(), version=0), "less than 1"),
        (make_root(expires=NOW - 2 * YEAR), "expires before it begins"),
    ],
)
def test_what_no_root_may_say(root: Root, what: str) -> None:
    assert any(what in wrong for wrong in wrong_in(root)), list(wrong_in(root))
    with pytest.raises(TroubleError) as refused:
        read_root(sign_root(root, "anna", "ben"), "a root")
    assert refused.value.trouble.code == "root-wrong"


def test_a_role_that_is_missing_is_not_one_that_needs_nobody() -> None:
    for name in ("root", "release", "charter"):
        roles = {role: said for role, said in ROLES.items() if role != name}
        assert f"the role {name} is missing" in list(wrong_in(make_root(roles=roles)))


def test_an_id_is_that_of_its_key() -> None:
    root = make_root()
    one, other = list(root.keys)[:2]
    swapped = {**root.keys, one: root.keys[other], other: root.keys[one]}
    assert any(
        "not the one that its id says" in wrong for wrong in wrong_in(msgspec.structs.replace(root, keys=swapped))
    )


@pytest.mark.parametrize(
    ("kind", "name", "role"),
    [
        ("charter", "baseline", "charter"), ("jurisdiction", "EE", "jurisdictions"),
        ("jurisdiction", "US", "jurisdiction US"), ("jurisdiction", "US-CA", "jurisdiction US"),
        ("jurisdiction", "US-NY", "jurisdiction US-NY"),
        ("jurisdiction", "USA", "jurisdictions"), ("language", "de", "languages"), ("house", "north", None),
    ],
)  # fmt: skip
def test_the_narrowest_place_answers_for_a_pack(kind: str, name: str, role: str | None) -> None:
    roles = {**ROLES, "jurisdiction US": (("lena",), 1), "jurisdiction US-NY": (("max",), 1)}
    assert make_root(roles=roles).covering(kind, name) == role


def chain(*roots: bytes) -> dict[int, object]:
    read = [read_root(root, "a root") for root in roots]
    return {each.root.version: each for each in read}


def codes(*roots: bytes) -> tuple[int, list[str]]:
    root, found = trusted(ANCHOR, chain(*roots))  # type: ignore[arg-type]
    return root.version, [each.code for each in found]


NEW = {**ROLES, "root": (("nora", "otto"), 2)}


def test_a_root_leads_to_the_next_if_the_old_people_and_the_new_have_signed() -> None:
    assert codes() == (1, [])
    assert codes(sign_root(make_root(2, NEW), "anna", "ben", "nora", "otto")) == (2, [])
    assert codes(sign_root(make_root(2, NEW), "anna", "ben"))[1] == ["root-wrong"]
    assert codes(sign_root(make_root(2, NEW), "nora", "otto"))[1] == ["root-wrong"]
    assert codes(sign_root(make_root(2, NEW), "anna", "nora", "otto"))[1] == ["root-wrong"]


def test_an_expired_root_still_vouches_for_the_next() -> None:
    past = sign_root(make_root(2, expires=NOW - timedelta(days=1)), "anna", "ben")
    assert codes(past, sign_root(make_root(3), "anna", "ben")) == (3, [])


def test_people_who_were_replaced_do_not_come_back() -> None:
    second = sign_root(make_root(2, NEW), "anna", "ben", "nora", "otto")
    assert codes(second, sign_root(make_root(3), "anna", "ben"))[1] == ["root-wrong"]


def test_two_keys_of_one_person_count_once() -> None:
    from ordinance.trust.envelopes import sealed, sign

    root = make_root()
    envelope = sign(sign(sealed(b"x", "text"), key("hans")), key("hans-spare"))
    assert [each.code for each in signers(envelope, "release", root, "x")] == ["bundle-signatures"]
    assert [each.code for each in signers(sign(envelope, key("gerd")), "release", root, "x")] == []
    assert public("hans") != public("hans-spare")
