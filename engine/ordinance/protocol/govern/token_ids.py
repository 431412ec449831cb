"""Ids of tokens: they leave with the end of a choice, where they say nothing that its content does not.

Nobody can read an id without the model's tokenizer, and what a server does not say as text (what it stopped at,
thoughts that were not asked for, what a parser took for a call) has ids all the same. So they leave only beside the
words of the same tokens, which log probabilities have, and only if these words are the content.
"""

from __future__ import annotations

from ordinance.protocol.asked import Request
from ordinance.protocol.said import CONTENT, Said


class TokenIds:
    """The ids of one choice, in a request that asks for them."""

    def __init__(self, request: Request) -> None:
        body = request.body
        self._asked = bool(body.get("return_token_ids")) and body.get("logprobs") not in (None, False)
        self._stops = bool(body.get("stop") or body.get("stop_token_ids"))
        self._ids: list[int] = []
        self._words: list[str] = []
        self._content: list[str] = []

    def take(self, said: Said) -> None:
        """Remember what the model says."""
        if not self._asked:
            return
        self._ids += said.token_ids or ()
        self._words += [token.text for token in said.tokens.get(CONTENT, ())]
        self._content.append(said.texts.get(CONTENT, ""))

    def leaving(self, last: Said) -> list[int] | None:
        """Return the ids if nothing of the choice was removed; ``last`` is what was said at its end."""
        if not self._ids or len(self._ids) != len(self._words):
            return None
        content = _letters(self._content)
        ended_by_itself = last.finish == "stop" and not self._stops  # with a token that says only that
        if content in (_letters(self._words), _letters(self._words[:-1]) if ended_by_itself else None):
            return self._ids
        return None


def _letters(pieces: list[str]) -> str:
    """Join ``pieces`` without blanks, which tokenizers drop when they write one token by itself."""
    return "".join("".join(pieces).split())
