"""Chat templates as families of models have them, written small for the tests, and what a server makes of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

_ENVIRONMENT = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)


class RefusedError(Exception):
    """A template refuses a conversation."""


def _refuse(reason: str) -> None:
    raise RefusedError(reason)


@dataclass(frozen=True)
class Family:
    """``system`` are what begins and ends its system turn; None where it has none. ``turn`` is the setting that fits.

    ``at_last``: what is the system's stands before the last words of the user's, and not before the first.
    """

    template: str
    system: tuple[str, str] | None
    turn: str = "system"
    at_last: bool = False

    def render(self, messages: list[dict[str, Any]]) -> str:
        """The prompt. Raises ``RefusedError``."""
        return str(_ENVIRONMENT.from_string(self.template).render(messages=messages, raise_exception=_refuse))


FAMILIES: Mapping[str, Family] = {
    "chatml": Family(
        """\
{% for message in messages %}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}
<|im_start|>assistant
""",
        ("<|im_start|>system", "<|im_end|>"),
    ),
    "qwen": Family(
        """\
{% if messages[0].role == 'system' %}
<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% else %}
<|im_start|>system
You are a helpful assistant.<|im_end|>
{% endif %}
{% for message in (messages[1:] if messages[0].role == 'system' else messages) %}
{% if message.role == 'system' %}{{ raise_exception('System message must be at the beginning.') }}{% endif %}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}
<|im_start|>assistant
""",
        ("<|im_start|>system", "<|im_end|>"),
    ),
    "llama_3": Family(
        """\
<|begin_of_text|><|start_header_id|>system<|end_header_id|>

Cutting Knowledge Date: December 2023
{% if messages[0].role == 'system' %}{{ messages[0].content | trim }}{% endif %}<|eot_id|>
{%- for message in (messages[1:] if messages[0].role == 'system' else messages) -%}
<|start_header_id|>{{ message.role }}<|end_header_id|>

{{ message.content | trim }}<|eot_id|>
{%- endfor -%}
<|start_header_id|>assistant<|end_header_id|>

""",
        ("<|start_header_id|>system<|end_header_id|>", "<|eot_id|>"),
    ),
    "mistral": Family(
        """\
{% set ours = messages[0].content if messages[0].role == 'system' else '' %}
{% set turns = messages[1:] if ours else messages %}
{% for message in turns %}
{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate.') }}{% endif %}
{% if message.role == 'user' %}
[INST] {% if loop.last and ours %}{{ ours }}

{% endif %}{{ message.content }}[/INST]
{% else %}
 {{ message.content }}</s>
{% endif %}
{% endfor %}
""",
        ("[INST]", "[/INST]"),
        at_last=True,
    ),
    "mistral_with_system": Family(
        """\
<s>{% for message in messages %}
{% if message.role == 'system' %}
[SYSTEM_PROMPT]{{ message.content }}[/SYSTEM_PROMPT]
{% elif message.role == 'user' %}
[INST]{{ message.content }}[/INST]
{% else %}
{{ message.content }}</s>
{% endif %}
{% endfor %}
""",
        ("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    ),
    "gemma_2": Family(
        """\
<bos>{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{% for message in messages %}
{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate.') }}{% endif %}
<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{{ message.content | trim }}<end_of_turn>
{% endfor %}
<start_of_turn>model
""",
        None,
        "user",
    ),
    "gemma_3": Family(
        """\
<bos>{% set ours = messages[0].content ~ '\\n\\n' if messages[0].role == 'system' else '' %}
{% for message in (messages[1:] if ours else messages) %}
<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{{ ours if loop.first }}{{ message.content | trim }}<end_of_turn>
{% endfor %}
<start_of_turn>model
""",
        ("<start_of_turn>user", "<end_of_turn>"),
    ),
    "phi_3": Family(
        """\
{% for message in messages %}
<|{{ message.role }}|>
{{ message.content }}<|end|>
{% endfor %}
<|assistant|>
""",
        ("<|system|>", "<|end|>"),
    ),
    "phi_3_mini": Family(
        """\
{% for message in messages %}
{% if message.role == 'user' %}
<|user|>
{{ message.content }}<|end|>
<|assistant|>
{% elif message.role == 'assistant' %}
{{ message.content }}<|end|>
{% endif %}
{% endfor %}
""",
        None,
        "user",
    ),
}


def conversation(path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages that a template gets for a request to ``path``, as servers make them."""
    if path == "/v1/chat/completions":
        asked = body["messages"]
    elif path == "/v1/messages":
        asked = [*_system("".join(_texts(body.get("system")))), *body["messages"]]
    else:
        given = body["input"]
        asked = [*_system(body.get("instructions") or ""), *([{"role": "user", "content": given}]
                 if isinstance(given, str) else given)]  # fmt: skip
    return [{**each, "role": _ROLES.get(each["role"], each["role"]), "content": "\n".join(_texts(each["content"]))}
            for each in asked]  # fmt: skip


_ROLES = {"developer": "system"}


def _system(text: str) -> list[dict[str, Any]]:
    return [{"role": "system", "content": text}] if text else []


def _texts(content: Any) -> list[str]:
    return [content] if isinstance(content, str) else [part["text"] for part in content or ()]
