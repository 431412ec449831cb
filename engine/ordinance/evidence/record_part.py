"""The part of a record that evidence of some days contains: whole stretches between checkpoints, so that each can be
verified.

Of a record that is not shown, a line with its hash remains, as of one that was deleted (``record/links.py``):

    {"v":1,"event":"hashed","hash":"<64 hex>","chain":{"id":"…","n":1,"prev":"…"}}

of what a kill left of a record, which may have any content, ``{"v":1,"event":"torn","hash":"<64 hex>"}``. Of records
outside the stretch that were deleted together with some inside it, the links remain, which a statement signs:

    {"v":1,"event":"gone","deletion":"…","link":"<64 hex>"}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from ordinance.errors import UnreadableError
from ordinance.evidence.days import Days
from ordinance.record.links import Link, link_in
from ordinance.record.record_lines import Place, lines_of
from ordinance.record.selection import entry_of
from ordinance.record.signed_lines import Checkpoint, Deletion, signed_in

#: A file's place in the record, and a line's number in it.
Position = tuple[int, int]
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_START, _END = (0, 0), (2**62, 0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies from the line at ``start`` to the one at ``end``, both included."""

    start: Position
    end: Position


@dataclass(slots=True)
class Shown:
    """What was written of a record. It ``begins`` with its first checkpoint, or with a record before that, and ``ends``
    with its last checkpoint: these are their times, in UTC."""

    records: int = 0
    hashed: int = 0
    deleted: int = 0
    torn: int = 0
    checkpoints: int = 0
    deletions: int = 0
    begins: str | None = None
    ends: str | None = None

    def lacks(self, days: Days) -> list[str]:
        """Return, in sentences, of which part of the ``days`` nothing is here."""
        found = []
        since, until = (each.strftime(_TIME) for each in (days.since, days.until))
        if self.begins is not None and self.begins > since:
            found.append(
                f"The record in this folder begins on {_said(self.begins)}: of the time before, nothing is shown."
            )
        if self.ends is not None and self.ends < until:
            found.append(f"The record in this folder ends, with its last checkpoint, on {_said(self.ends)}.")
        return found

    def met(self, moment: datetime) -> str:
        """Take note of the next time in the record, and return it in its one form."""
        made = moment.strftime(_TIME)
        self.begins = self.begins or made
        return made


def _said(moment: str) -> str:
    return f"{moment[:10]} at {moment[11:19]} UTC"


def stretch_of(record: Sequence[Place], days: Days) -> Stretch:
    """Return where the record of ``days`` lies: from the last checkpoint before them to the first one after them, or to
    the ends of the record. Raises ``UnreadableError``, as where nothing in the files is chained."""
    start, end, met, chained = _START, _END, False, False
    for index, part in enumerate(record):
        for line in lines_of(part):
            place = (index, line.number)
            if link := link_in(line.data):
                chained = True
                if _time_of(link, days) is not None:
                    met, end = True, _END
            elif (signed := signed_in(line.data)) and isinstance(signed.says, Checkpoint):
                made = _moment(signed.says.time)
                if made is not None and not met and made < days.since:
                    start = place
                elif made is not None and end == _END and made >= days.until:
                    end = place
    if not chained:
        raise UnreadableError(
            "the record is not chained: nobody could verify it.",
            help="Set `audit.key_file`, and make evidence of the days since; docs/record.md says how.",
        )
    return Stretch(start, end)


def parts(
    record: Sequence[Place], stretch: Stretch, days: Days, see: Callable[[bytes], None], shown: Shown, *, whole: bool
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the name and the lines of each file of the evidence that has records. ``see`` gets each record of the
    ``days``; it is shown only if ``whole``. ``shown`` counts."""
    number = 0
    for index, part in enumerate(record):
        if stretch.start[0] <= index <= stretch.end[0]:
            number += 1
            together = _deletions(part, index, stretch)
            yield f"record/{number}.jsonl", _lines(part, index, stretch, days, see, shown, whole, together)


def _deletions(part: Place, index: int, stretch: Stretch) -> frozenset[str]:
    """Return the ids of the deletions that took records of the ``stretch``."""
    links = (link_in(line.data) for line in lines_of(part) if stretch.start <= (index, line.number) <= stretch.end)
    return frozenset(link.deletion for link in links if link is not None and link.body is None)


def _lines(
    part: Place, index: int, stretch: Stretch, days: Days, see: Callable[[bytes], None], shown: Shown, whole: bool,
    together: frozenset[str],
) -> Iterator[bytes]:  # fmt: skip
    top = True
    for line in lines_of(part):
        inside = stretch.start <= (index, line.number) <= stretch.end
        link = link_in(line.data)
        signed = signed_in(line.data) if link is None else None
        is_deletion = signed is not None and isinstance(signed.says, Deletion)
        top = top and is_deletion
        if top or (inside and signed is not None):
            shown.deletions += is_deletion
            shown.checkpoints += not is_deletion
            if inside and signed is not None and not is_deletion and (made := _moment(signed.says.time)):
                shown.ends = shown.met(made)
            yield line.data + b"\n"
        elif not inside:
            if link is not None and link.body is None and link.deletion in together:
                yield _gone(link)
        elif link is None:
            shown.torn += 1
            yield b'{"v":1,"event":"torn","hash":"%b"}\n' % sha256(line.data).hexdigest().encode()
        elif link.body is None:
            shown.deleted += 1
            yield line.data + b"\n"
        else:
            time = _time_of(link, days)
            if time is not None:
                see(link.body)
            kept = time is not None and whole
            if time is not None and whole:
                shown.met(time)
            shown.records += kept
            shown.hashed += not kept
            yield (line.data if kept else _hashed(link)) + b"\n"


def _hashed(link: Link) -> bytes:
    return (
        f'{{"v":1,"event":"hashed","hash":"{link.hash}","chain":{{"id":"{link.chain}","n":{link.n},'
        f'"prev":"{link.prev}"}}}}'
    ).encode()


def _gone(link: Link) -> bytes:
    return f'{{"v":1,"event":"gone","deletion":"{link.deletion}","link":"{link.head.link}"}}\n'.encode()


def _time_of(link: Link, days: Days) -> datetime | None:
    """Return when a record was made, if that was on one of the ``days``."""
    entry = entry_of(link.body) if link.body is not None else None
    return entry.time if entry is not None and days.has(entry.time) else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
