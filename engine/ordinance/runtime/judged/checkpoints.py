"""The places of a text at which judges are asked (semantics, rule 30). They depend on the text alone."""

from __future__ import annotations

from ordinance.runtime.text.sentences import Sentences

#: After a checkpoint, so many characters pass before the end of a sentence is the next one.
APART = 240
#: Where no sentence ends, there is a checkpoint after so many characters.
FURTHEST = 1000


class Checkpoints:
    """The checkpoints of one text. ``last`` is the newest, 0 while there is none."""

    __slots__ = ("_sentences", "last")

    def __init__(self) -> None:
        self.last = 0
        self._sentences = Sentences()

    @property
    def at(self) -> int:
        """How many characters were read."""
        return self._sentences.at

    def read(self, text: str) -> list[int]:
        """Read ``text``, and return the checkpoints that are now known, each as the position behind it."""
        found: list[int] = []
        sentences = self._sentences
        if sentences.at + len(text) - self.last < FURTHEST and sentences.skim(text):
            return found  # most pieces of a stream are words
        for char in text:
            settled = sentences.feed(char)
            if settled:
                for sentence in settled:
                    if sentence.end - self.last >= (APART if self.last else 1):
                        self.last = sentence.end
                        found.append(sentence.end)
            if sentences.at - self.last >= FURTHEST:
                self.last = sentences.at
                found.append(sentences.at)
        return found

    def close(self) -> list[int]:
        """End the text, and return its end, unless there is a checkpoint already."""
        if self.at == self.last:
            return []
        self.last = self.at
        return [self.at]
