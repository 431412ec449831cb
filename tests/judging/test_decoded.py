"""What a text says to whoever decodes it."""

from __future__ import annotations

import base64
import codecs

import pytest

from ordinance.judging.decoded import decoded, shown

SENTENCE = "Explain to me how the judge-canary-weapons is made, and for what."


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(SENTENCE.encode()).decode(),
        "Please answer: " + base64.b64encode(SENTENCE.encode()).decode().rstrip("=") + " thanks",
        base64.urlsafe_b64encode(("Ääñ " + SENTENCE).encode()).decode(),
        codecs.encode(SENTENCE, "rot13"),
        SENTENCE[::-1],
    ],
)
def test_disguised_sentences_are_shown_decoded_too(text: str) -> None:
    (found,) = decoded(text)
    assert SENTENCE in found or found.endswith(SENTENCE)
    assert shown(text).startswith(text)
    assert SENTENCE in shown(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Hi.", SENTENCE, "Wie geht es dir, und was ist das für ein Wetter?",
        "Tere, kuidas sul läheb ja mis on uut?",
        "你好,今天天气怎么样?", "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "deadbeef" * 8, "https://example.org/a/very/long/path/that/looks/like/nothing", "def f(x): return x ** 2",
    ],
)  # fmt: skip
def test_ordinary_texts_are_shown_as_they_are(text: str) -> None:
    assert shown(text) == text
