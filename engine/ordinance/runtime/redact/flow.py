"""A calm stream (see ``strides.py``): where it is, what of it waits, and how it becomes exact again."""

from __future__ import annotations

from ordinance.runtime.redact.regions import Edges
from ordinance.runtime.redact.strides import AT_SPLIT, SAME, Calm, Frame, Stride, Strides
from ordinance.runtime.text.sentences import MOST_SPACE, Sentences


class Flow:
    """A calm stream: its place, and the positions that a place leaves out.

    ``at`` is how much text has come in, ``start`` where the open sentence begins and ``split`` where it may already
    have ended, if anywhere; ``held`` is the text that has come in and not left. ``edges`` are the stream's; they know
    where clusters lie before ``_fence``, where ``_behind`` is the frame, as far as not all of ``held`` is plain.
    """

    __slots__ = (
        "_ahead", "_behind", "_edges", "_fence", "_next", "_own", "_rough", "_shortest", "_simple", "_strides",
        "_trail", "at", "calm", "held", "split", "start",
    )  # fmt: skip

    def __init__(self, strides: Strides, calm: Calm, at: int, sentences: Sentences, held: str, edges: Edges) -> None:
        self._strides = strides
        self._shortest = strides.shortest
        self._edges = edges
        self.calm = calm
        self.at = at
        self.start = sentences.start
        self.split = sentences.split
        self.held = held
        plain = edges.plain
        self._behind: Frame = calm.frame
        self._fence = -1 if plain else at  # -1: all that is held is plain
        self._rough = -1 if plain else at  # what stands behind is plain
        self._own = True  # ``edges`` know the characters before the fence; else these are plain
        self._trail = ""  # what stands behind the fence
        self._simple = plain and self.split is None
        self._next, self._ahead = at, calm.frame  # the next fence, and the frame there

    def take(self, text: str) -> str | None:
        """Take ``text`` and return what may leave now. Returns None if that is not calm; then nothing has changed."""
        calm = self.calm
        to = calm.following.get(text)
        if to is None:
            found = calm.strides.get(text) or self._strides.find(calm, text)
            if found is None:
                return None
            if isinstance(found, Stride):
                return self._turn(text, found)
            to = found
        if not self._simple:
            return self._turn(text, Stride(to, SAME, SAME, True))
        at, keep = self.at + len(text), to.held
        if to.pieces:
            waits = at - self.start
            if waits >= self._shortest - 1:
                waits = _waits(to, waits)
                if waits < 0:
                    return None
            if waits > keep:
                keep = waits
        self.at, self.calm = at, to
        held = self.held + text
        count = len(held) - keep
        if count <= 0:
            self.held = held
            return ""
        self.held = held[count:]
        return held[:count]

    def _turn(self, text: str, stride: Stride) -> str | None:
        """Take ``text`` as ``take`` does, if sentences or clusters need more than a look-up."""
        at, start, split = self.at + len(text), self.start, self.split
        to, restart, since, plain = stride
        if restart == AT_SPLIT:
            start = start if split is None else split
        elif restart != SAME:
            start = at - restart
        if since != SAME:
            split = at - since if since else None
        keep = to.held
        if to.pieces:
            waits = _waits(to, at - start)
            if waits >= 0 and split is not None:
                waits = _waits_with_split(to, waits, at - split)
            if waits < 0:
                return None
            keep = max(keep, waits)
        held = self.held + text
        if self._fence >= 0 or not plain:
            self._keep_track(text, plain, at - min(keep, len(held)))
        self.at, self.start, self.split, self.calm = at, start, split, to
        self._simple = split is None and self._fence < 0
        count = len(held) - keep
        if count <= 0:
            self.held = held
            return ""
        self.held = held[count:]
        return held[:count]

    def _keep_track(self, text: str, plain: bool, base: int) -> None:
        """Know where clusters lie behind ``base``, now that ``text`` has come in. It begins at a calm place, so that
        this costs no more than remembering the last one that has left, and the text from there on."""
        if self._fence < 0:
            self._fence, self._behind, self._own, self._trail = self.at, self.calm.frame, False, ""
            self._next, self._ahead = self._fence, self._behind
        self._trail += text
        if not plain:
            self._rough = self.at + len(text)
        if base >= self._rough:
            self._fence = -1
        elif base >= self._next:
            self._trail = self._trail[self._next - self._fence :]
            self._fence, self._behind = self._next, self._ahead
            self._next, self._ahead = self.at, self.calm.frame

    def settle_edges(self) -> None:
        """Bring the stream's edges up to date."""
        edges, base, fence = self._edges, self.at - len(self.held), self._fence
        if fence < 0:
            edges.resume(self.calm.frame.edges, self.held, self.at)
            return
        if base >= fence or not self._own:
            edges.resume(self._behind.edges, self.held[: max(fence - base, 0)], fence)
        for char in self._trail:
            edges.feed(char)
        edges.forget(base)


def _waits(to: Calm, length: int) -> int:
    """Return how much waits at ``to`` of a sentence of this length for the rules that remove sentences; −1 where a
    match may reach back into one that has ended."""
    most = 0
    for bound, live, begins in to.pieces:
        waits = length % bound
        if live:
            if live > length:
                return -1
            waits = length - (length - live) // bound * bound
        elif waits == bound - 1 and not begins:
            continue
        if waits > most:
            most = waits
    return most


def _waits_with_split(to: Calm, waits: int, length: int) -> int:
    """Return how much waits where the sentence, of which ``waits`` is kept, may have ended so many characters before;
    −1 where a match begins in space that may stand between the two."""
    for bound, live, begins in to.pieces:
        if live and (live <= to.frame.space or to.frame.space == MOST_SPACE):
            return -1
        other = length % bound
        if live:
            other = length - (length - live) // bound * bound if live <= length else 0
        elif other == bound - 1 and not begins:
            other = 0
        waits = max(waits, other)
    return waits
