"""One table of attacks, and one table of ways on which a policy comes into force: each attack is refused on each way.

The failures of others behind them: a signature without a key id that counted (OPA), a key in the bundle that was
trusted (cosign), a digest that the verifier wrote itself (Mareforma), a verifier that nobody called (skillsig), and a
flag that was lost in decoding (langwatch).
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ordinance.trust import archive, strict_json
from ordinance.trust.contents import POLICY, statement_name
from ordinance.trust.envelopes import Signature, sealed, sign
from ordinance.trust.seen import Seen
from support.bundles import (
    NOW,
    ROLES,
    ROOT,
    YEAR,
    World,
    envelope,
    key,
    make_root,
    public,
    put,
    restated,
    sign_root,
    signed,
    spoiled,
    without_signatures,
)
from support.ways import WAYS, Machine, Way

XA = "packs/jurisdictions/XA/XA.ord"
LEXICON = "packs/jurisdictions/XA/lexicons/words.txt"


#: What an attacker does to a machine, with a code.
Attack = Callable[[World, Machine], None]
ATTACKS: dict[str, tuple[str, Attack]] = {}


def attack(code: str) -> Callable[[Attack], Attack]:
    def enter(made: Attack) -> Attack:
        ATTACKS[made.__name__] = (code, made)
        return made

    return enter


def install(machine: Machine, data: bytes, change: Callable[[dict[str, bytes]], object]) -> None:
    machine.install(spoiled(data, change))


# unsigned


@attack("bundle-unreadable")
def a_folder_of_packs_in_the_place_of_the_bundle(world: World, machine: Machine) -> None:
    machine.bundle.unlink()
    machine.bundle.mkdir()
    (machine.bundle / "XA.ord").write_bytes((world.office.folder / "XA" / "XA.ord").read_bytes())


@attack("bundle-signatures")
def nobody_has_signed(world: World, machine: Machine) -> None:
    def strip(members: dict[str, bytes]) -> None:
        for role in ROLES.keys() - {"root"}:
            without_signatures(members, role)

    install(machine, world.second, strip)


@attack("bundle-signatures")
def the_signatures_of_the_release_are_stripped(world: World, machine: Machine) -> None:
    install(machine, world.second, lambda members: without_signatures(members, "release"))


@attack("bundle-signatures")
def the_signatures_of_the_charter_are_stripped(world: World, machine: Machine) -> None:
    install(machine, world.second, lambda members: without_signatures(members, "charter"))


@attack("bundle-signatures")
def a_statement_is_stripped(world: World, machine: Machine) -> None:
    install(machine, world.second, lambda members: members.pop(statement_name("jurisdictions")))


@attack("bundle-signatures")
def all_statements_are_stripped(world: World, machine: Machine) -> None:
    def strip(members: dict[str, bytes]) -> None:
        for name in [name for name in members if name.startswith("statements/")]:
            del members[name]

    install(machine, world.second, strip)


@attack("bundle-signature")
def signatures_name_no_key(world: World, machine: Machine) -> None:
    def forget(members: dict[str, bytes]) -> None:
        made = envelope(members, "release")
        signatures = tuple(Signature("", each.sig) for each in made.signatures)
        put(members, "release", msgspec.structs.replace(made, signatures=signatures))

    install(machine, world.second, forget)


@attack("bundle-signature")
def a_signature_is_of_nothing(world: World, machine: Machine) -> None:
    def empty(members: dict[str, bytes]) -> None:
        made = envelope(members, "release")
        signatures = tuple(Signature(each.keyid, "") for each in made.signatures)
        put(members, "release", msgspec.structs.replace(made, signatures=signatures))

    install(machine, world.second, empty)


# partly signed, or by the wrong people


@attack("bundle-signatures")
def one_person_of_two_has_signed(world: World, machine: Machine) -> None:
    data = spoiled(world.second, lambda members: without_signatures(members, "release"))
    machine.install(signed(data, "gerd"))


@attack("bundle-signatures")
def one_person_has_signed_with_two_keys(world: World, machine: Machine) -> None:
    data = spoiled(world.second, lambda members: without_signatures(members, "release"))
    machine.install(signed(data, "hans", "hans-spare"))


@attack("bundle-signature")
def one_signature_counts_twice(world: World, machine: Machine) -> None:
    def double(members: dict[str, bytes]) -> None:
        made = envelope(members, "release")
        put(members, "release", msgspec.structs.replace(made, signatures=made.signatures[:1] * 2))

    install(machine, world.second, double)


@attack("bundle-signature")
def the_packs_people_sign_the_charter(world: World, machine: Machine) -> None:
    machine.install(restated(world.second, "charter", lambda content: content, ["iris", "jan"]))


@attack("bundle-signature")
def a_stranger_signs_beside_the_right_people(world: World, machine: Machine) -> None:
    machine.install(restated(world.second, "release", lambda content: content, ["gerd", "hans", "mallory"]))


@attack("bundle-signature")
def a_signature_is_taken_from_the_bundle_before(world: World, machine: Machine) -> None:
    def replay(members: dict[str, bytes]) -> None:
        old = envelope(archive.read(world.first, "first"), "release")
        put(members, "release", msgspec.structs.replace(envelope(members, "release"), signatures=old.signatures))

    install(machine, world.second, replay)


@attack("bundle-signature")
def a_signature_is_over_another_type(world: World, machine: Machine) -> None:
    """The bytes of the statement, signed as if they were a root."""

    def retype(members: dict[str, bytes]) -> None:
        made = envelope(members, "release")
        other = sealed(made.content, "application/vnd.ordinance.root+json")
        for name in ("gerd", "hans"):
            other = sign(other, key(name))
        put(members, "release", msgspec.structs.replace(made, signatures=other.signatures))

    install(machine, world.second, retype)


# older, and expired


@attack("bundle-older")
def the_bundle_before_comes_back(world: World, machine: Machine) -> None:
    machine.install(world.first)


@attack("bundle-older")
def another_bundle_has_the_same_version(world: World, machine: Machine) -> None:
    machine.install(world.once("same", lambda: world.office.bundle(world.first, issued=NOW - timedelta(days=1))))


@attack("bundle-member")
def a_part_of_the_bundle_before_comes_back(world: World, machine: Machine) -> None:
    """The lexicon and its statement, with all their signatures, in the newer bundle."""
    old = archive.read(world.first, "first")

    def back(members: dict[str, bytes]) -> None:
        for name in (LEXICON, statement_name("jurisdictions")):
            members[name] = old[name]

    install(machine, world.second, back)


@attack("bundle-expired")
def the_bundle_has_expired(world: World, machine: Machine) -> None:
    past: dict[str, Any] = {"issued": NOW - timedelta(days=30), "expires": NOW - timedelta(days=8), "grace": 7}
    machine.install(world.once("past", lambda: world.office.bundle(world.second, **past)))


@attack("trust-clock")
def the_bundle_is_of_a_day_to_come(world: World, machine: Machine) -> None:
    machine.install(world.once("future", lambda: world.office.bundle(world.second, issued=NOW + timedelta(days=2))))


@attack("trust-clock")
def the_clock_was_set_back(world: World, machine: Machine) -> None:
    seen = strict_json.decode(machine.state.read_bytes(), Seen)
    later = msgspec.structs.replace(seen, at=(NOW + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    machine.state.write_bytes(strict_json.encode(later))


# other files than those that were signed


@attack("bundle-member")
def a_lexicon_has_other_words(world: World, machine: Machine) -> None:
    install(machine, world.second, lambda members: members.update({LEXICON: b"nothing\n"}))


@attack("bundle-member")
def a_pack_is_left_out(world: World, machine: Machine) -> None:
    install(machine, world.second, lambda members: members.pop("packs/languages/de/de.ord"))


@attack("bundle-member")
def a_file_is_added(world: World, machine: Machine) -> None:
    extra = "packs/jurisdictions/XA/lexicons/more.txt"
    install(machine, world.second, lambda members: members.update({extra: b"more\n"}))


@attack("bundle-member")
def two_files_are_swapped(world: World, machine: Machine) -> None:
    def swap(members: dict[str, bytes]) -> None:
        one, other = "packs/languages/de/de.ord", "packs/languages/en/en.ord"
        members[one], members[other] = members[other], members[one]

    install(machine, world.second, swap)


@attack("bundle-member")
def the_plugins_that_are_allowed_are_others(world: World, machine: Machine) -> None:
    plugins = b'{"judges":[],"plugins":[{"name":"evil","network":[],"settings":"","sha256":"","version":"1"}]}'
    install(machine, world.second, lambda members: members.update({POLICY: plugins}))


@attack("bundle-place")
def a_pack_is_signed_in_the_place_of_another(world: World, machine: Machine) -> None:
    """Those who may sign languages put a jurisdiction there, and sign it."""

    def move(members: dict[str, bytes]) -> None:
        members["packs/languages/de/de.ord"] = members[XA]

    machine.state.unlink()  # they give it a new version, which a machine would need to see
    machine.install(world.once("moved", lambda: _signed_anyway(world, move)))


@attack("bundle-diff")
def people_approved_another_difference(world: World, machine: Machine) -> None:
    other = "0" * 64

    def change(content: bytes) -> bytes:
        said = json.loads(content)
        said["predicate"]["approved"]["diff"] = other
        return strict_json.encode(said)

    machine.install(restated(world.second, "release", change, ["gerd", "hans"]))


# the archive


def tar(members: dict[str, bytes], *more: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive as anybody can make it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for name, content in sorted(members.items()):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
        for info, content in more:
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _tricky(name: str) -> Attack:
    def trick(world: World, machine: Machine) -> None:
        members = archive.read(world.second, "x")
        machine.install(tar(members, (tarfile.TarInfo(name), b"x")))

    return trick


for number, trick in enumerate(
    ("../../etc/x", "packs/../../x", "/etc/x", "packs//x", "./x", "packs\\..\\x", "packs/.x", "CON:x", "packs/e\u0301")
):
    ATTACKS[f"a_path_leads_elsewhere_{number}"] = ("bundle-archive", _tricky(trick))


@attack("bundle-archive")
def a_link_leads_elsewhere(world: World, machine: Machine) -> None:
    link = tarfile.TarInfo("packs/jurisdictions/XA/lexicons/more.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    machine.install(tar(archive.read(world.second, "x"), (link, b"")))


@attack("bundle-archive")
def two_members_have_one_name(world: World, machine: Machine) -> None:
    members = archive.read(world.second, "x")
    machine.install(tar(members, (tarfile.TarInfo(LEXICON), b"nothing\n")))


@attack("bundle-archive")
def two_names_differ_in_case_alone(world: World, machine: Machine) -> None:
    install(machine, world.second, lambda members: members.update({LEXICON.replace("words", "WORDS"): b"nothing\n"}))


@attack("bundle-archive")
def a_file_is_the_folder_of_another(world: World, machine: Machine) -> None:
    machine.install(tar(archive.read(world.second, "x"), (tarfile.TarInfo(f"{XA}/x.txt"), b"x")))


@attack("bundle-statement")
def it_expires_after_the_end_of_the_calendar(world: World, machine: Machine) -> None:
    def change(content: bytes) -> bytes:
        said = json.loads(content)
        said["predicate"] |= {"expires": "9999-12-31T23:59:59Z", "grace_days": 9}
        return strict_json.encode(said)

    machine.install(restated(world.second, "release", change, ["gerd", "hans"]))


@attack("bundle-archive")
def bytes_are_added_at_the_end(world: World, machine: Machine) -> None:
    machine.install(world.second + bytes(512))


@attack("bundle-archive")
def a_member_says_that_it_is_huge(world: World, machine: Machine) -> None:
    data = bytearray(world.second)
    data[124:136] = b"77777777777\0"
    machine.install(bytes(data))


@attack("bundle-unreadable")
def it_is_a_bomb(world: World, machine: Machine) -> None:
    machine.install(world.once("bomb", lambda: gzip.compress(bytes(200 * 1024 * 1024), 9)))


@attack("bundle-unreadable")
def it_is_larger_than_any_bundle(world: World, machine: Machine) -> None:
    with machine.bundle.open("r+b") as file:
        file.truncate(archive.LARGEST + 1)


@attack("bundle-unreadable")
def it_is_empty(world: World, machine: Machine) -> None:
    machine.install(b"")


# keys inside


def _of_mallory(world: World, version: int) -> bytes:
    """A bundle that only keys of an attacker have signed, and the root that says that this is right."""
    roles = {role: (tuple(f"mallory-{role}-{number}" for number in (1, 2)), 2) for role in ROLES}
    root = sign_root(make_root(version, roles), *roles["root"][0])
    everybody = [name for people, _ in roles.values() for name in people]
    return signed(world.office.draft(world.second, roots=[root]), *everybody)


@attack("root-wrong")
def the_bundle_brings_a_root_of_its_own(world: World, machine: Machine) -> None:
    machine.install(world.once("mallory 1", lambda: _of_mallory(world, 1)))


@attack("root-wrong")
def the_bundle_brings_the_next_root_of_its_own(world: World, machine: Machine) -> None:
    machine.install(world.once("mallory 2", lambda: _of_mallory(world, 2)))


@attack("root-wrong")
def the_next_root_is_signed_by_one_person(world: World, machine: Machine) -> None:
    root = sign_root(make_root(2), "anna")
    install(machine, world.second, lambda members: members.update({"roots/2.json": root}))


@attack("root-wrong")
def a_root_is_missing_before_the_next(world: World, machine: Machine) -> None:
    root = sign_root(make_root(3), "anna", "ben")
    install(machine, world.second, lambda members: members.update({"roots/3.json": root}))


@attack("root-older")
def a_root_comes_back_that_was_replaced(world: World, machine: Machine) -> None:
    seen = strict_json.decode(machine.state.read_bytes(), Seen)
    machine.state.write_bytes(strict_json.encode(msgspec.structs.replace(seen, root=2)))


@attack("root-expired")
def the_root_has_expired(world: World, machine: Machine) -> None:
    root = sign_root(make_root(2, issued=NOW - YEAR, expires=NOW - timedelta(days=1)), "anna", "ben")
    install(machine, world.second, lambda members: members.update({"roots/2.json": root}))


@attack("bundle-older")
def the_root_accepts_newer_ones_only(world: World, machine: Machine) -> None:
    """So that a machine whose memory was deleted refuses it too."""
    machine.state.unlink()
    root = sign_root(make_root(2, least={"release": 3}), "anna", "ben")
    install(machine, world.second, lambda members: members.update({"roots/2.json": root}))


# what decoding could lose


def _redone(change: Callable[[bytes], bytes]) -> Attack:
    def redo(world: World, machine: Machine) -> None:
        machine.install(restated(world.second, "release", change, ["gerd", "hans"]))

    return redo


for label, old, new in (
    ("grace_is_lost", b'"grace_days":0,', b""),
    ("grace_is_a_text", b'"grace_days":0', b'"grace_days":"0"'),
    ("grace_is_endless", b'"grace_days":0', b'"grace_days":99999999'),
    ("grace_is_given_twice", b'"grace_days":0', b'"grace_days":0,"grace_days":3650'),
    ("the_expiry_is_lost", b'"expires"', b'"expired"'),
    ("the_expiry_is_nothing", b'"expires":"', b'"expires":null,"was":"'),
    ("a_word_is_unknown", b'"grace_days":0', b'"grace_days":0,"required":false'),
    ("the_version_is_negative", b'"version":2', b'"version":-1'),
    ("there_are_spaces", b'"version":2', b'"version": 2'),
    ("it_is_the_statement_of_another_role", b'"role":"release"', b'"role":"charter"'),
    ("it_states_something_else", b"signed-policy:1", b"signed-policy:2"),
):

    def exchange(content: bytes, old: bytes = old, new: bytes = new) -> bytes:
        assert old in content
        return content.replace(old, new)

    ATTACKS[f"in_a_statement_{label}"] = ("bundle-statement", _redone(exchange))


@attack("bundle-statement")
def an_envelope_says_more_than_it_may(world: World, machine: Machine) -> None:
    def add(members: dict[str, bytes]) -> None:
        name = statement_name("release")
        members[name] = members[name].replace(
            b'{"payload"', b'{"key":"' + public("mallory").hex().encode() + b'","payload"'
        )

    install(machine, world.second, add)


@attack("root-wrong")
def a_root_needs_nobody(world: World, machine: Machine) -> None:
    root = make_root()
    roles = {**root.roles, "release": msgspec.structs.replace(root.roles["release"], threshold=0)}
    machine.root.write_bytes(sign_root(msgspec.structs.replace(root, roles=roles), "anna", "ben"))


@attack("root-wrong")
def the_root_is_cut(world: World, machine: Machine) -> None:
    machine.root.write_bytes(ROOT[:-20])


@attack("root-wrong")
def the_root_is_not_signed(world: World, machine: Machine) -> None:
    machine.root.write_bytes(sign_root(make_root()))


@attack("root-unreadable")
def the_root_is_gone(world: World, machine: Machine) -> None:
    machine.root.unlink()


@attack("trust-state")
def the_memory_is_damaged(world: World, machine: Machine) -> None:
    machine.state.write_bytes(b"{}")


@attack("trust-state")
def the_memory_cannot_be_read(world: World, machine: Machine) -> None:
    machine.state.unlink()
    machine.state.mkdir()


def _with(content: bytes, name: str, data: bytes) -> bytes:
    from ordinance.trust.statements import sha256

    said = json.loads(content)
    for subject in said["subject"]:
        if subject["name"] == name:
            subject["digest"]["sha256"] = sha256(data)
    return strict_json.encode(said)


def _signed_anyway(world: World, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A bundle with other files, whose statements list them and whose people have all signed."""
    data = spoiled(world.second, change)
    members = archive.read(data, "x")
    for role, people in (("languages", ["kurt"]), ("jurisdictions", ["iris", "jan"]), ("release", ["gerd", "hans"])):

        def all_of(content: bytes) -> bytes:
            for name in [each["name"] for each in json.loads(content)["subject"]]:
                content = _with(content, name, members[name])
            return content

        data = restated(data, role, all_of, people)
    return data


def cases() -> Iterator[object]:
    for way in WAYS:
        for name in ATTACKS:
            yield pytest.param(way, name, id=f"{way.__name__}-{name}")


@pytest.mark.server
@pytest.mark.parametrize(("way", "name"), list(cases()))
def test_an_attack_is_refused(
    way: Way, name: str, world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, act = ATTACKS[name]
    act(world, machine)
    assert way(machine, monkeypatch) == code


@pytest.mark.server
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_is_right_is_applied(way: Way, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the table above would show nothing."""
    assert way(machine, monkeypatch) == ""
