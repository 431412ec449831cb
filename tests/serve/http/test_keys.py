from __future__ import annotations

import hashlib

import pytest

from ordinance.protocol.problems import Problem
from ordinance.serve.http.keys import Client, Keyring

SCHOOL = Client(name="school", attested={"purpose": "education"})
RING = Keyring({hashlib.sha256(b"sesame").hexdigest(): SCHOOL}, Client())


def test_the_holder_of_a_key_is_admitted() -> None:
    assert RING.admit("Bearer sesame") is SCHOOL
    assert RING.admit("bearer  sesame ") is SCHOOL


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic sesame", "sesame"])
def test_others_are_not(header: str | None) -> None:
    with pytest.raises(Problem) as caught:
        RING.admit(header)
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert "sesame" not in caught.value.message


def test_without_keys_everyone_is() -> None:
    assert Keyring({}, SCHOOL).admit("Bearer anything") is SCHOOL
