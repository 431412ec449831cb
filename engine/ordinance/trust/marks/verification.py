"""Verifies the mark of an answer that somebody received: offline, with the public key of who provides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from ordinance.runtime.imprint import digest_of
from ordinance.trust.marks import jws
from ordinance.trust.marks.received import TEXT, WHOLE, Received, Texts, read
from ordinance.trust.trouble import Trouble, TroubleError

#: How far the clock of who signed may be ahead of ours.
_AHEAD = timedelta(minutes=5)


class _Claims(msgspec.Struct, frozen=True):
    """What a mark says, but for its choices; members may be added to it."""

    v: int
    provider: str
    time: str
    id: str
    model: str
    request: str
    policy: str
    metadata: str
    choices: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Verified:
    """What the signature says: who provided the answer (``provider``), when, under which ``policy``, signed by which
    key. ``texts`` are the names of the texts that were verified, each with the number of its choice and its bytes;
    ``calls`` is how many tool calls the answer has, which no mark covers."""

    provider: str
    time: str
    policy: str
    request: str
    key: str
    texts: tuple[tuple[int, str, int], ...]
    calls: int


def verify(data: bytes, where: str, keys: Sequence[bytes], now: datetime) -> tuple[Verified | None, list[Trouble]]:
    """Verify the answer in ``data``, which people see as ``where``, with the public ``keys``, one of which must have
    signed it. Returns what the signature says, None if it says nothing that can be believed, and what is wrong."""
    try:
        received = read(data, where)
        token, told = _mark_of(received)
        claims, key = _claims(token, keys)
    except TroubleError as error:
        return None, [error.trouble]
    found = [*_metadata(received, claims, told), *_time(claims, now), *_texts(received, claims)]
    found += (Trouble("mark-part", place, "Ordinance does not write this, and no mark covers it")
              for place in received.strange)  # fmt: skip
    texts = tuple(
        (index, name, len(text.encode("utf-8", "surrogatepass")))
        for (index, name), text in sorted(received.texts.items())
        if text or name == TEXT
    )
    policy, request = claims.policy, claims.request
    return Verified(claims.provider, claims.time, policy, request, key, texts, received.calls), found


def _mark_of(received: Received) -> tuple[str, dict[str, Any]]:
    """Return the signature of an answer, and what it was signed with beside its texts."""
    if not received.told:
        raise TroubleError("mark-missing", "ordinance", "the answer has no `ordinance` object, or its end is missing")
    if len(received.told) > 1:
        raise TroubleError("mark-form", "ordinance", "the answer has more than one `ordinance` object")
    told = dict(received.told[0])
    token = told.pop("signature", None)
    if token is None:
        why = f" (`{told['unsigned']}`)" if isinstance(told.get("unsigned"), str) else ""
        raise TroubleError("mark-missing", "ordinance.signature", f"the answer is not signed{why}")
    if not isinstance(token, str):
        raise TroubleError("mark-form", "ordinance.signature", "it is not a text")
    return token, told


def _claims(token: str, keys: Sequence[bytes]) -> tuple[_Claims, str]:
    where = "ordinance.signature"
    try:
        named = jws.key_named_in(token)
        said = next((said for key in keys if (said := jws.claims_in(token, key)) is not None), None)
        if said is None:
            raise TroubleError("mark-signature", where, f"it is not by this key; it names the key {named!r}")
        return msgspec.convert(said, _Claims), named
    except msgspec.ValidationError as error:
        raise TroubleError("mark-form", where, f"it does not say what a mark says: {error}") from None
    except ValueError as error:
        raise TroubleError("mark-form", where, str(error)) from None


def _metadata(received: Received, claims: _Claims, told: dict[str, Any]) -> Iterator[Trouble]:
    if digest_of(told) != claims.metadata:
        yield Trouble("mark-metadata", "ordinance", "it is not the object that was signed")
    for name, found, signed in (("id", received.ids, claims.id), ("model", received.models, claims.model)):
        if found | {signed} != {signed} or (signed and not found):
            yield Trouble("mark-answer", name, "it is not the one that was signed")


def _time(claims: _Claims, now: datetime) -> Iterator[Trouble]:
    try:
        time = datetime.fromisoformat(claims.time)
        ahead = time > now + _AHEAD
    except (ValueError, TypeError):
        yield Trouble("mark-time", "time", "it is not a time")
        return
    if ahead:
        yield Trouble("mark-time", "time", f"the answer was signed at {claims.time}, which is still to come")


def _texts(received: Received, claims: _Claims) -> Iterator[Trouble]:
    signed = {index: choice for choice in claims.choices if isinstance(index := choice.get("index"), int)}
    if len(signed) < len(claims.choices):
        yield Trouble("mark-form", "choices", "the mark has a choice twice, or one without a number")
    for index in sorted(received.choices - signed.keys()):
        yield Trouble("mark-text", f"choice {index}", "this choice was not signed")
    for index, choice in signed.items():
        yield from _choice(index, choice, received.texts, "")
        text = received.texts.get((index, TEXT), "")
        if _digest(text) == choice.get("text") and _released(text, choice) != choice.get("released"):
            yield Trouble("mark-form", f"choice {index}", "the digest of the released text is not that of this text")
        for copy, texts in received.copies.items():
            names = choice.keys() if copy == WHOLE else {name for _, name in texts}
            mine = {name: value for name, value in choice.items() if name in names}
            yield from _choice(index, mine, texts, f" in {copy}")


def _choice(index: int, choice: dict[str, Any], texts: Texts, where: str) -> Iterator[Trouble]:
    here = {name: text for (number, name), text in texts.items() if number == index and (text or name == TEXT)}
    names = {name for name in choice if name not in _NO_TEXT}
    for name in sorted(names | here.keys()):
        if _digest(here.get(name, "")) != choice.get(name):
            yield Trouble("mark-text", f"choice {index} {name}{where}", "it is not the text that was signed")


#: What a mark says of a choice besides the digests of its texts.
_NO_TEXT = frozenset({"index", "released", "additions"})


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _released(text: str, choice: dict[str, Any]) -> str | None:
    """Return the digest of ``text`` without the additions that the mark names; None where these are no places."""
    data, at, kept = text.encode("utf-8", "surrogatepass"), 0, sha256()
    places = choice.get("additions")
    for place in places if isinstance(places, list) else [None]:
        match place:
            case [int(start), int(end)] if at <= start < end <= len(data):
                kept.update(data[at:start])
                at = end
            case _:
                return None
    kept.update(data[at:])
    return kept.hexdigest()
