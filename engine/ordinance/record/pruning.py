"""Deletes records from all places of a record, once it is sure that the record can still be verified afterwards.

A deletion cannot be undone, and only the record's own key can say that it was one. That is the key of the last
checkpoint, as the key may have been changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ordinance.errors import UsageError
from ordinance.record.deletion import Chosen, delete
from ordinance.record.record_lines import lines_of
from ordinance.record.record_table import RecordTable
from ordinance.record.series import kept_in
from ordinance.record.signed_lines import Checkpoint, signed_in
from ordinance.record.table_deletion import delete_in
from ordinance.trust.detached import Signer


@dataclass(frozen=True, slots=True)
class Plan:
    """What deleting the ``chosen`` records would do: how many ``records`` of each place go, and the id of the ``key``
    that has to sign it (None: the record has no checkpoint)."""

    chosen: Chosen
    records: dict[Path | RecordTable, int]
    key: str | None

    def check(self, signer: Signer) -> None:
        """Raise ``UsageError`` unless the record can be verified after ``signer`` has signed the deletion."""
        if self.key is None and any(self.records.values()):
            raise UsageError(
                "nothing was deleted: no checkpoint shows which key signs this record.",
                help="Wait for its next checkpoint, or name all files of the record, the oldest first.",
            )
        if self.key not in (None, signer.key_id):
            raise UsageError(
                f"nothing was deleted: the key {signer.key_id[:16]} does not sign this record; its last checkpoint is "
                f"by {str(self.key)[:16]}.",
                help="Name the private key of the last checkpoint with --sign-with. If the key was changed, name the "
                "newest file too.",
            )


def plan(places: Sequence[Path | RecordTable], chosen: Chosen) -> Plan:
    """Return what deleting the ``chosen`` records in ``places``, the oldest first, would do. Changes nothing. Raises
    ``UnreadableError``."""
    records, key = dict.fromkeys(places, 0), None
    for place in places:
        for line in lines_of(place):
            if line.whole and chosen.takes(line.data):
                records[place] += 1
            key = _key_of(line.data) or key
    if key is None and places:  # a file that was just begun: its checkpoints are in the one that was moved
        key = next((_key_of(line[:-1]) for line in reversed(kept_in(places[-1]))), None)
    return Plan(chosen, records, key)


def prune(planned: Plan, signer: Signer) -> dict[Path | RecordTable, int]:
    """Delete what is ``planned``; return how many records of each place. Raises ``OrdinanceError`` before anything is
    changed where the key is not the record's, ``UnwritableError`` for a place that stays as it was."""
    planned.check(signer)
    return {
        place: delete(place, planned.chosen, signer)
        if isinstance(place, Path)
        else delete_in(place, planned.chosen, signer)
        for place in planned.records
    }


def _key_of(data: bytes) -> str | None:
    """Return the id of the key that signed a line, if it is a checkpoint."""
    signed = signed_in(data)
    return signed.key_id if signed is not None and isinstance(signed.says, Checkpoint) else None
