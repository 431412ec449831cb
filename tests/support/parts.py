"""Requests with parts that are not text, in the shapes of each API."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES

DATA = base64.b64encode(bytes(range(256))).decode()
URI = f"data:image/png;base64,{DATA}"


def picture(url: str = URI, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def source(media_type: str, data: str = DATA) -> dict[str, str]:
    return {"type": "base64", "media_type": media_type, "data": data}


#: A part with its data, for each word of `parts`, in each shape that clients use.
INLINE: dict[str, list[dict[str, Any]]] = {
    "image": [
        picture(detail="low"),
        {"type": "image_url", "image_url": URI},
        {"type": "input_image", "image_url": URI, "detail": "auto", "file_id": None},
        {"type": "image", "source": source("image/jpeg"), "cache_control": {"type": "ephemeral"}},
    ],
    "audio": [
        {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}},
        {"type": "audio_url", "audio_url": {"url": f"data:audio/webm;codecs=opus;base64,{DATA}"}},
    ],
    "video": [
        {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{DATA}"}},
        {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{DATA},{DATA}"}},
    ],
    "file": [
        {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{DATA}", "filename": "a.pdf"}},
        {"type": "input_file", "file_data": f"data:application/pdf;base64,{DATA}", "filename": "a.pdf"},
        {"type": "document", "source": source("application/pdf"), "title": "A", "context": "B"},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "words"}]}},
    ],
}
#: Parts that refer to data, or whose data is none.
REFERRING: dict[str, list[dict[str, Any]]] = {
    "image": [
        *(
            picture(url)
            for url in (
                "http://10.0.0.1/x.png", "https://example.org/x.png", "//example.org/x.png", "file:///etc/passwd",
                "ftp://10.0.0.1/x.png", "/etc/passwd", "x.png", "", DATA, f"DATA:image/png;base64,{DATA}",
                f" {URI}", f"{URI} ", f"{URI}\n", "data:image/png,words", "data:,words", "data:image/png;base64,",
                f"data:text/html;base64,{DATA}", f"data:application/pdf;base64,{DATA}", f"data:;base64,{DATA}",
                f"data:image/png;x=http://10.0.0.1;base64,{DATA}", "data:image/png;base64,words and more",
                "data:image/png;base64,=AAAA", "data:image/png;base64,AAAA===", f"{URI},{DATA}",
                "data:image/png;base64,é",
            )
        ),
        picture(URI, uuid="x"),
        {**picture(), "uuid": "x"},
        {**picture(), "file_id": "x"},
        {"type": "image_url", "image_url": None},
        {"type": "image_url"},
        {"type": "image_url", "image_url": [URI]},
        {"type": "input_image", "file_id": "x"},
        {"type": "input_image", "image_url": "https://example.org/x.png"},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/x.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "x"}},
        {"type": "image", "source": {**source("image/png"), "url": "http://10.0.0.1"}},
        {"type": "image", "source": source("application/pdf")},
        {"type": "image", "source": {"type": "text", "data": "words"}},
        {"type": "image", "source": source("image/png", "words and more")},
        {"type": "image", "source": URI},
        {"type": "image", "image": URI},
    ],
    "audio": [
        {"type": "input_audio", "input_audio": {"data": "http://10.0.0.1/x.wav", "format": "wav"}},
        {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": DATA}},
        {"type": "input_audio", "input_audio": f"data:audio/wav;base64,{DATA}"},
        {"type": "audio_url", "audio_url": {"url": "http://10.0.0.1/x.wav"}},
        {"type": "audio_url", "audio_url": {"url": URI}},
    ],
    "video": [
        {"type": "video_url", "video_url": {"url": "http://10.0.0.1/x.mp4"}},
        {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{DATA},words and more"}},
    ],
    "file": [
        {"type": "file", "file": {"file_id": "x"}},
        {"type": "file", "file": {"file_data": URI, "filename": "a.pdf"}},
        {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{DATA}", "file_id": "x"}},
        {"type": "input_file", "file_url": "https://example.org/a.pdf"},
        {"type": "input_file", "file_data": f"data:application/pdf;base64,{DATA}", "file_url": "https://example.org"},
        {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
        {"type": "document", "source": {"type": "text", "data": "words", "content": [{"type": "text", "text": "x"}]}},
    ],
}  # fmt: skip
#: What nobody takes.
NEVER: list[Any] = [
    {"type": "image_embeds", "image_embeds": DATA},
    {"type": "audio_embeds", "audio_embeds": DATA},
    {"type": "video_embeds", "video_embeds": DATA},
    {"type": "prompt_embeds", "data": DATA},
    {"type": "image_pil", "image_pil": DATA},
    {"type": "audio", "audio": {"id": "x"}},
    {"type": "input_video", "video": URI},
    {"type": "redacted_thinking", "data": DATA},
    {"type": "container_upload", "file_id": "x"},
    {"type": "server_tool_use", "id": "x", "name": "x", "input": {}},
    {"type": "words-of-the-client", "text": "x"},
    {"type": ["text"], "text": "x"},
    {"type": "", "text": "x"},
    {"image_url": URI},
    {"image_url": {"url": "http://10.0.0.1/x.png"}, "uuid": "x"},
    {"text": "x", "image_url": URI},
    {"type": "text", "text": "x", "image_url": {"url": "http://10.0.0.1/x.png"}, "uuid": "x"},
    {"type": "text", "text": "x", "video_url": URI},
    {"type": "tool_result", "tool_use_id": "x", "content": "x", "image_embeds": DATA},
    {},
    5,
    ["x"],
    None,
]

Put = Callable[[Any], dict[str, Any]]


def _user(part: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": "Look."}, part]}


#: Where a part can stand, by API: the fields of a request that has it there, and the place as errors name it.
PLACES: list[tuple[Api, str, Put]] = [
    (CHAT, "messages.0.content.1", lambda part: {"messages": [_user(part)]}),
    (CHAT, "messages.0.content", lambda part: {"messages": [{"role": "user", "content": part}]}),
    (CHAT, "messages.1.content.0", lambda part: {"messages": [
        {"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "x", "content": [part]}]}),
    (RESPONSES, "input.0.content.1", lambda part: {"input": [_user(part)]}),
    (RESPONSES, "input.0.output.0", lambda part: {"input": [
        {"type": "function_call_output", "call_id": "x", "output": [part]}]}),
    (RESPONSES, "input.0.output.0", lambda part: {"input": [
        {"type": "custom_tool_call_output", "call_id": "x", "output": [part]}]}),
    (MESSAGES, "messages.0.content.1", lambda part: {"messages": [_user(part)]}),
    (MESSAGES, "messages.0.content.0.content.0", lambda part: {"messages": [{"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "x", "content": [part]}]}]}),
    (MESSAGES, "system.0", lambda part: {"system": [part], "messages": [{"role": "user", "content": "x"}]}),
]  # fmt: skip
