"""A person who talks through a gateway, by the ``openai`` client."""

from __future__ import annotations

from typing import Any

import openai

from support.serving import PATIENCE

#: What stands in the disclosure of a first answer, and nowhere else.
DISCLOSURE = "AI Act, Article 50(1)"


class Chat:
    """A client that sends everything back, as chat clients do."""

    def __init__(self, address: str, headers: dict[str, str] | None = None, *, stream: bool = True) -> None:
        self.messages: list[dict[str, str]] = []
        self.address = address
        self.stream = stream
        self.headers = headers or {}

    def ask(
        self, question: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> tuple[str, list[dict[str, Any]]]:
        """Ask, in a ``form`` if one is given; what people read, and the notices."""
        self.messages.append({"role": "user", "content": question})
        client = openai.OpenAI(base_url=f"{self.address}/v1", api_key="k", max_retries=0, timeout=PATIENCE * 3)
        sent = {**self.headers, **(headers or {})}
        asked: Any = {"model": "m", "messages": self.messages, "extra_headers": sent}
        if form is not None:
            asked["response_format"] = form
        text, told = "", None
        if self.stream:
            for chunk in client.chat.completions.create(**asked, stream=True):
                text += "".join(choice.delta.content or "" for choice in chunk.choices)
                told = (chunk.model_extra or {}).get("ordinance", told)
        else:
            answer = client.chat.completions.create(**asked)
            text, told = answer.choices[0].message.content or "", (answer.model_extra or {})["ordinance"]
        client.close()
        assert told is not None
        self.messages.append({"role": "assistant", "content": text})
        return text, told["notices"]

    def disclosed(self, question: str, headers: dict[str, str] | None = None) -> bool:
        return DISCLOSURE in self.ask(question, headers)[0]
