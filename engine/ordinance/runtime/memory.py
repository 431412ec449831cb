"""A prompt is read once: a text in which nothing was found is known again, by a keyed digest and never by itself.

Chats send their whole history at every turn. What a text was found to be depends on nothing but the text and the rules
that were in force (``Activation.number``), or the policy's notices (``OwnWords.number``), so both stand in its digest;
whoever asks under other rules, or with another salt, meets a text that nobody knows. Only what is clean is remembered.
A long text that grows at its end, as the prompt of a completion does, is read on from the last place in it that is
remembered. Decision 014 has the reasons.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple

from ordinance.runtime.match.starts import Group

#: What may be known of a text, as bits: no rule about prompts finds anything; no mask does; it has no words of the
#: engine's own; judges that acted have cleared it. The third depends on the policy's notices, the others on the rules
#: in force: each kind has numbers of its own, and its bits, so that a number of both confuses nothing.
SCREENED, UNMASKED, OTHERS_WORDS, JUDGED = 1, 2, 4, 8

#: Texts that one process remembers, of all clients together; ``docs/operations.md`` says in bytes.
MOST = 131_072
#: Clients whose texts are remembered; past them the first that came is forgotten whole.
MOST_CLIENTS = 1024
#: After how many characters of a text its place is remembered; and for how many remembered texts there is one place.
BLOCK = 1024
_TEXTS_A_PLACE = 32
#: In bytes; 128 bits, so that nobody finds two texts with one digest, the key being unknown besides.
_DIGEST = 16


class Place(NamedTuple):
    """Where an automaton is after ``at`` characters in which it found nothing: the parts of its state, and how far back
    each live start lies."""

    at: int
    before: int
    groups: tuple[Group, ...]
    distances: tuple[int, ...]


class Memory:
    """What is remembered of one client's texts, at most ``share`` of them: those that were met last. Threads may use it
    at once."""

    def __init__(self, key: bytes, share: int, block: int) -> None:
        self._key = key
        self._block = block
        self._share = share
        self._facts: OrderedDict[bytes, int] = OrderedDict()
        self._places: OrderedDict[tuple[bytes, int], Place] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._facts)

    def recall(self, digest: bytes) -> int:
        """Return what is known about a text, as bits."""
        with self._lock:
            facts = self._facts.get(digest, 0)
            if facts:
                self._facts.move_to_end(digest)
            return facts

    def note(self, digest: bytes, fact: int) -> None:
        """``fact`` holds of a text too."""
        with self._lock:
            self._facts[digest] = self._facts.get(digest, 0) | fact
            self._facts.move_to_end(digest)
            self._forget()

    def place(self, digest: bytes, fact: int) -> Place | None:
        """Return the place after the text of that digest, if it is remembered, on the way to finding out ``fact``."""
        with self._lock:
            found = self._places.get((digest, fact))
            if found is not None:
                self._places.move_to_end((digest, fact))
            return found

    def note_place(self, digest: bytes, fact: int, place: Place) -> None:
        """After the text of that digest, on the way to finding out ``fact``, the place is this."""
        with self._lock:
            self._places[digest, fact] = place
            self._forget()

    def shrink(self, share: int) -> None:
        """Remember at most ``share`` texts from now on."""
        with self._lock:
            self._share = share
            self._forget()

    def _forget(self) -> None:
        while len(self._facts) > self._share:
            self._facts.popitem(last=False)
        while len(self._places) > self._share // _TEXTS_A_PLACE:
            self._places.popitem(last=False)

    def within(self, number: int, salt: bytes, era: int = 0) -> Recall:
        """Return what one request can recall: under the rules, or of the notices, of that number, with what was met
        under the same ``salt``, and in the same ``era`` of a judge."""
        start = blake2b(key=self._key, digest_size=_DIGEST)
        start.update(b"%d %d %d " % (number, era, len(salt)) + salt)
        return Recall(self, start, self._block)


class Recall:
    """The memory as one request uses it, which takes the digest of each of its texts once. After each ``block`` of a
    text there may be a place."""

    def __init__(self, memory: Memory, start: blake2b, block: int) -> None:
        self.block = block
        self._memory = memory
        self._start = start
        self._met: dict[str, tuple[bytes, int]] = {}
        self._begun: dict[tuple[str, int], Place | None] = {}

    def facts(self, text: str) -> int:
        """Return what is known about ``text``, as bits; it stays so while the request lasts."""
        met = self._met.get(text)
        if met is None:
            digest = self._start.copy()
            digest.update(text.encode("utf-8", "surrogatepass"))
            name = digest.digest()
            met = self._met[text] = name, self._memory.recall(name)
        return met[1]

    def note(self, text: str, fact: int) -> None:
        """``fact`` holds of ``text`` too."""
        facts = self.facts(text) | fact
        digest = self._met[text][0]
        self._met[text] = digest, facts
        self._memory.note(digest, fact)

    def begun(self, text: str, fact: int) -> Place | None:
        """Return the last place in ``text`` that is remembered on the way to finding out ``fact``."""
        if (text, fact) not in self._begun:
            places = (self._memory.place(digest, fact) for _, digest in self._blocks(text))
            known = [place for place in places if place is not None]
            self._begun[text, fact] = known[-1] if known else None
        return self._begun[text, fact]

    def note_places(self, text: str, fact: int, places: Iterable[Place]) -> None:
        """Remember ``places`` after blocks of ``text``."""
        found = {place.at: place for place in places}
        for at, digest in self._blocks(text) if found else ():
            if at in found:
                self._memory.note_place(digest, fact, found[at])

    def _blocks(self, text: str) -> Iterator[tuple[int, bytes]]:
        """Where each block of ``text`` ends that is not the last, and the digest of what stands before."""
        digest = self._start.copy()
        for at in range(self.block, len(text), self.block):
            digest.update(text[at - self.block : at].encode("utf-8", "surrogatepass"))
            yield at, digest.copy().digest()


class Memories:
    """One memory for each client, all of one process; together they hold at most ``most`` texts.

    Each client has an equal share, so none can push out what another said. The key is made with them and leaves the
    process as little as they do.
    """

    def __init__(self, most: int = MOST, block: int = BLOCK) -> None:
        self._most = most
        self._block = block
        self._key = secrets.token_bytes(32)
        self._memories: OrderedDict[str, Memory] = OrderedDict()

    def of(self, client: str) -> Memory:
        """Return the memory of the client of that name."""
        found = self._memories.get(client)
        if found is None:
            if len(self._memories) >= MOST_CLIENTS:
                self._memories.popitem(last=False)
            share = self._most // (len(self._memories) + 1)
            for memory in self._memories.values():
                memory.shrink(share)
            found = self._memories[client] = Memory(self._key, share, self._block)
        return found
