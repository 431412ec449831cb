"""What the commands that serve say when they begin."""

from __future__ import annotations

import argparse

import pytest

from ordinance.cli.servers import add_policy, flags_of, without
from ordinance.errors import UsageError
from ordinance.loading.packs import shipped_pack
from ordinance.policy.plan import Struck


def flags(*words: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_policy(parser)
    parser.add_argument("--upstream")
    return flags_of(parser.parse_args(words))


def test_packs_that_ship_are_named_beside_others() -> None:
    assert flags("--pack", "KE") == {"packs": ["KE"]}
    assert flags("--pack", "KE", "--with", "en", "--with", "US") == {
        "packs": ["KE", str(shipped_pack("en")), str(shipped_pack("US"))]
    }
    with pytest.raises(UsageError, match="no pack called 'xx' ships"):
        flags("--pack", "KE", "--with", "xx")


def test_a_pack_that_ships_never_takes_the_place_of_those_in_the_settings() -> None:
    assert flags() == {}
    with pytest.raises(UsageError, match="--with adds to the packs that are named"):
        flags("--with", "en")


def test_a_test_that_nothing_is_configured_for_is_one_line_with_all_its_rules() -> None:
    judged = "judged at least 0.8"
    assert without([Struck("a/x", judged), Struck("a/y", "detector acme.id"), Struck("b/z", judged)]) == [
        "`judged at least 0.8` is not configured, so 2 rules run without it: a/x, b/z",
        "`detector acme.id` is not configured, so 1 rule runs without it: a/y",
    ]
