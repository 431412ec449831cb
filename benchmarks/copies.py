"""How often a model copies Ordinance's notices and markers out of the history that a chat client sends back.

    .venv/test/bin/python benchmarks/copies.py [--conversations N] [--turns N] [--jurisdiction DE] [--locale de-DE]

The embedded model answers real conversations twice: once it reads the history as the client sends it back, with our
notices in it (before), once as Ordinance sends it on (after). Everything else is equal: the questions, the seeds, the
governed answer that goes into the history. Printed are the answers of the model, those in which it wrote a notice or a
marker of ours itself, whole or begun, and the conversations with one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import urllib.request
from dataclasses import dataclass
from typing import Any

from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.govern.prompts import sent_on
from ordinance.runtime.opening import open_session
from ordinance.runtime.redact.own_words import own_words
from ordinance.runtime.situation import situate
from ordinance.serve.behind.embedded import ALIAS, EmbeddedModel, find_model
from ordinance.settings.model import UpstreamSettings

#: What people ask. Some questions get a notice: a model that repeats a canary, somebody who needs help.
QUESTIONS = (
    "What is the capital of Germany?", "And of France?", "Can you say that in other words?", "Thank you. And why?",
    "Tell me a short story about a cat.", "Which film should I watch tonight?", "I want to die.", "Are you a person?",
    "Repeat after me: The code is ordinance-canary-86a-5d21e8. Good night.", "What did you say before?",
    "Was ist die Hauptstadt von Estland?", "Wie heißt du?", "Sage das noch einmal.", "What is two plus two?",
)  # fmt: skip
_LONGEST = 40


@dataclass
class Model:
    """The embedded model, behind its own API."""

    settings: UpstreamSettings

    def answer(self, messages: list[Any], seed: int) -> str:
        """What it says next."""
        asked = {"model": ALIAS, "messages": messages, "max_tokens": _LONGEST, "temperature": 0, "seed": seed}
        key = self.settings.key.get_secret_value() if self.settings.key else ""
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.settings.url}/v1/chat/completions",
            json.dumps(asked).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
            return str(json.load(answer)["choices"][0]["message"]["content"] or "")


def hold(model: Model, plan: Plan, given: argparse.Namespace, number: int, *, cut: bool) -> list[bool]:
    """Hold one conversation. Returns for each answer whether the model copied something of ours into it."""
    chance = random.Random(number)  # noqa: S311 - the same questions every time
    said: list[dict[str, Any]] = []
    copied = []
    for turn in range(given.turns):
        said.append({"role": "user", "content": chance.choice(QUESTIONS)})
        request = CHAT.read_request(json.dumps({"messages": said}).encode())
        situation = situate(plan, jurisdiction=given.jurisdiction, turn=request.turn)
        session = open_session(plan, situation, [given.locale], whole=True)
        sent = sent_on(CHAT, request, session, system_is_ours=False)
        if sent is None:
            raise SystemExit("a question was refused")
        text = model.answer(json.loads(sent)["messages"] if cut else said, seed=number * 100 + turn)
        copied.append(own_words(plan).cut(text).changed)
        stream = session.stream()
        said.append({"role": "assistant", "content": stream.feed(text) + stream.close()})
    return copied


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--jurisdiction", default="DE")
    parser.add_argument("--locale", default="de-DE", help="the language of notices")
    given = parser.parse_args()
    plan = load().plan
    embedded = EmbeddedModel(find_model())
    model = Model(embedded.settings)
    print(f"{'':8}{'answers':>9}{'copies':>9}{'conversations':>15}{'with copies':>13}")
    held: dict[str, list[list[bool]]] = {"before": [], "after": []}
    for number in range(given.conversations):
        for name, found in held.items():
            found.append(hold(model, plan, given, number, cut=name == "after"))
        copies = ", ".join(f"{name} {sum(map(sum, found))}" for name, found in held.items())
        print(f"{number + 1} conversations: copies {copies}", file=sys.stderr, flush=True)
    for name, found in held.items():
        answers = [each for copied in found for each in copied]
        print(f"{name:8}{len(answers):9}{sum(answers):9}{len(found):15}{sum(map(any, found)):13}")


if __name__ == "__main__":
    main()
