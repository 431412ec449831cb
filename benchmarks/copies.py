"""How often a model copies Ordinance's notices and markers out of the history that a chat client sends back.

    .venv/test/bin/python benchmarks/copies.py [--conversations N] [--turns N] [--jurisdiction DE] [--locale de-DE]
        [--to FILE]

The embedded model answers real conversations twice: once it reads the history as the client sends it back, with our
notices in it (before), once as Ordinance sends it on (after). Everything else is equal: the questions, the
governed answer that goes into the history. Printed are the answers of the model, those in which it wrote a notice or a
marker of ours itself, whole or begun, and the conversations with one.

A conversation takes about ten seconds. With `--to` each is written to FILE, a line of JSON, as soon as it is held, and
those that stand there are not held again: so a run can be interrupted and goes on.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
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
    """The embedded model, behind its own API. At temperature 0 it says the same to the same messages, so it is asked
    once: until the first notice both conversations are one."""

    settings: UpstreamSettings
    said: dict[str, str] = field(default_factory=dict)

    def answer(self, messages: list[Any]) -> str:
        """What it says next."""
        asked = json.dumps({"model": ALIAS, "messages": messages, "max_tokens": _LONGEST, "temperature": 0})
        if asked not in self.said:
            self.said[asked] = self._ask(asked)
        return self.said[asked]

    def _ask(self, asked: str) -> str:
        key = self.settings.key.get_secret_value() if self.settings.key else ""
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.settings.url}/v1/chat/completions",
            asked.encode(),
            {"content-type": "application/json", "authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
            return str(json.load(answer)["choices"][0]["message"]["content"] or "")


def hold(model: Model, plan: Plan, given: argparse.Namespace, number: int, *, cut: bool) -> list[bool]:
    """Hold one conversation. Returns for each answer whether the model copied something of ours into it."""
    chance = random.Random(number)  # noqa: S311 - the same questions every time
    said: list[dict[str, Any]] = []
    copied = []
    for _turn in range(given.turns):
        said.append({"role": "user", "content": chance.choice(QUESTIONS)})
        request = CHAT.read_request(json.dumps({"messages": said}).encode())
        situation = situate(plan, jurisdiction=given.jurisdiction, turn=request.turn)
        session = open_session(plan, situation, [given.locale], whole=True)
        sent = sent_on(CHAT, request, session, system_is_ours=False)
        if sent is None:
            raise SystemExit("a question was refused")
        text = model.answer(json.loads(sent)["messages"] if cut else said)
        copied.append(own_words(plan).cut(text).changed)
        stream = session.stream()
        said.append({"role": "assistant", "content": stream.feed(text) + stream.close()})
    return copied


def held_before(file: Path | None, settings: dict[str, Any]) -> dict[int, dict[str, list[bool]]]:
    """Read the conversations that ``file`` has, held with these settings, by their numbers."""
    lines = file.read_text().splitlines() if file and file.exists() else []
    found = map(json.loads, lines)
    return {each["number"]: each["copied"] for each in found if each["settings"] == settings}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--jurisdiction", default="DE")
    parser.add_argument("--locale", default="de-DE", help="the language of notices")
    parser.add_argument("--to", type=Path, help="a file that keeps what was held; a later run goes on from it")
    given = parser.parse_args()
    settings = {"turns": given.turns, "jurisdiction": given.jurisdiction, "locale": given.locale, "longest": _LONGEST}
    held = held_before(given.to, settings)
    plan = load().plan
    embedded = EmbeddedModel(find_model())
    model = Model(embedded.settings)
    for number in range(given.conversations):
        if number in held:
            continue
        held[number] = {name: hold(model, plan, given, number, cut=name == "after") for name in ("before", "after")}
        if given.to:
            line = json.dumps({"number": number, "settings": settings, "copied": held[number]})
            with given.to.open("a") as file:
                file.write(line + "\n")
        copies = ", ".join(f"{name} {sum(found)}" for name, found in held[number].items())
        print(f"conversation {number + 1} of {given.conversations}: copies {copies}", file=sys.stderr, flush=True)
    print(f"{'':8}{'answers':>9}{'copies':>9}{'conversations':>15}{'with copies':>13}")
    for name in ("before", "after"):
        found = [held[number][name] for number in range(given.conversations)]
        answers = [each for copied in found for each in copied]
        print(f"{name:8}{len(answers):9}{sum(answers):9}{len(found):15}{sum(map(any, found)):13}")


if __name__ == "__main__":
    main()
