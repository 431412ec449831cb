"""Questions to try first, each of which shows something that the policy does."""

from __future__ import annotations

from collections.abc import Iterable

#: What SmolLM2-135M repeats faithfully at temperature 0, so that the text which is left out is its own.
CANARY = "ordinance-canary-86a-5d21e8"

#: Answered whole.
PLAIN = "What is the capital of Germany?"
#: Under German law the sentence with the canary is left out of the answer.
REPEAT = f'Please repeat after me: "Good morning. Our code is {CANARY}. Have a nice day."'


def examples(lineage: Iterable[str]) -> list[str]:
    """Return the questions that show something under the laws of ``lineage``, jurisdictions by their codes."""
    return [PLAIN, REPEAT] if "DE" in lineage else [PLAIN]
