"""What `ordinance verify` reads: an answer with its mark, and what a signature says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache

from fuzz.target import Target
from ordinance.trust.marks import jws
from ordinance.trust.marks.verification import verify
from support.bundles import key
from support.marked import APIS, PUBLIC, streamed, whole

_NOW = datetime.now(UTC) + timedelta(minutes=1)


def _verified(data: bytes) -> object:
    return verify(data, "answer", [PUBLIC], _NOW)


@cache
def _answer() -> bytes:
    return whole(APIS[0])


def _claims() -> bytes:
    claims = jws.claims_in(json.loads(_answer())["ordinance"]["signature"], PUBLIC)
    assert claims is not None
    return jws._json(claims)


def _signed(data: bytes) -> object:
    """Verify an answer whose provider signed ``data``, whatever it is."""
    answer = json.loads(_answer())
    header = jws._json({"alg": "EdDSA", "kid": "test-key", "typ": jws.TYPE})
    token = ".".join(map(jws._packed, (header, data)))
    signature = jws._packed(key("provider").sign(token.encode()))
    answer["ordinance"]["signature"] = f"{token}.{signature}"
    return _verified(json.dumps(answer).encode())


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    answers = tuple(make(api) for api in APIS for make in (whole, streamed))
    return (Target("marked-answer", _verified, answers, ()), Target("mark-claims", _signed, (_claims(),), ()))
