"""Policies of which every proof held, so that nobody makes the proofs of the same bytes again: a reload, as after a
change of the settings, or a worker, whose parent has loaded the same packs."""

from __future__ import annotations

#: What was proven: the digest of a policy, the day, and what else the proofs depend on.
Proof = tuple[object, ...]

#: So many are remembered.
_MOST = 64
_proven: dict[Proof, None] = {}


def is_proven(proof: Proof) -> bool:
    """Return whether this process has made a proof, or relies on it."""
    return proof in _proven


def rely_on(*proofs: Proof) -> None:
    """Make none of these ``proofs`` again: they were made here, or by the process that started this one."""
    _proven.update(dict.fromkeys(proofs))
    while len(_proven) > _MOST:
        _proven.pop(next(iter(_proven)), None)


def proven() -> tuple[Proof, ...]:
    """Return every proof that this process would not make again, for the processes that it starts."""
    return tuple(_proven)
