"""Parts of a request that are not text: pictures, sound, video, files.

Nobody here looks into them, so they are refused unless the operator takes them; and then they pass only as data that
stands in the request itself, for an address would have the server fetch what a client names. What stands beside the
data (a file's name, a title, a media type) is text like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from ordinance.protocol.problems import part_refused
from ordinance.protocol.strings import BASE64, Inline

#: What an operator may take: words of `parts` in the settings.
Words = Set[str]
NO_PARTS: Words = frozenset()

#: Parts that are text, or calls.
_TEXTS = frozenset({
    "text", "input_text", "output_text", "refusal", "thinking", "reasoning", "reasoning_text", "summary_text",
    "tool_use", "tool_result", "tool_reference", "search_result",
})  # fmt: skip
#: Those of them that hold parts in turn, in `content`; deeper than this they are refused.
_HOLDING = frozenset({"tool_result", "search_result"})
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class _Shape:
    """``word`` is what the operator has to take. The data stands in ``member``, or in its member ``inner``, beside what
    is in ``inside``."""

    word: str
    member: str
    inner: str = ""
    inside: Set[str] = frozenset()


_SHAPES: Mapping[str, _Shape] = {
    "image_url": _Shape("image", "image_url", "url", frozenset({"detail"})),
    "input_image": _Shape("image", "image_url"),
    "image": _Shape("image", "source"),
    "input_audio": _Shape("audio", "input_audio", "data", frozenset({"format"})),
    "audio_url": _Shape("audio", "audio_url", "url"),
    "video_url": _Shape("video", "video_url", "url"),
    "file": _Shape("file", "file", "file_data", frozenset({"filename"})),
    "input_file": _Shape("file", "file_data"),
    "document": _Shape("file", "source"),
}
#: What may stand beside the data in its part.
_BESIDE = frozenset({"type", "cache_control", "detail", "filename", "title", "context", "citations"})
#: Types that are never taken, and members by which a server may take a text, or a message, for something else.
_NEVER = frozenset({
    "image_embeds", "audio_embeds", "video_embeds", "prompt_embeds", "image_pil", "audio", "video", "input_video",
    "images", "audios", "videos", "files", "file_id", "file_url", "file_data",
})  # fmt: skip
_TELLING = _NEVER | _SHAPES.keys()

_MEDIA_TYPE = r"([A-Za-z]{1,16})/[\w.+-]{1,80}"
_URI = re.compile(rf"data:({_MEDIA_TYPE})(?:;[\w.+-]{{1,32}}=[\w.+-]{{1,64}}){{0,4}};base64,", re.ASCII)
_BARE = re.compile(_MEDIA_TYPE, re.ASCII)
_FORMAT = re.compile(r"[\w.+-]{1,32}", re.ASCII)
#: A video that is a sequence of pictures, with commas between.
_FRAMES = "video/jpeg"


def read_parts(content: Any, place: str, taken: Words, depth: int = 0) -> Any:
    """Read the content of the message at ``place``, and mark the data of its parts (``Inline``). Raises ``Problem``
    (400) for a part that is not ``taken``, or does not contain its data."""
    match content:
        case list():
            return [_part(each, f"{place}.{number}", taken, depth) for number, each in enumerate(content)]
        case dict():
            return _part(content, place, taken, depth)
    return content


def check_members(holder: Mapping[str, Any], place: str) -> None:
    """Raise ``Problem`` (400) for a message, or a part that is text, with something that is not text in a member of its
    own."""
    for name in _TELLING & holder.keys():
        if holder[name] is not None:
            raise part_refused(
                f"`{name}` is not accepted here: anything that is not text must be a part of its own", place
            )


def _part(part: Any, place: str, taken: Words, depth: int) -> Any:
    if isinstance(part, str):
        return part
    if depth > _DEEPEST:
        raise part_refused("the parts are nested too deeply", place)
    kind = _kind(part)
    shape = _SHAPES.get(kind)
    if shape is not None:
        if shape.word not in taken:
            allow = f"the operator can allow it with `parts: [{shape.word}]`"
            raise part_refused(f"parts of the type `{kind}` are not accepted here; {allow}", place)
        return _with_data(part, kind, shape, place, taken, depth)
    if kind in _TEXTS:
        check_members(part, place)
        if kind in _HOLDING and "content" in part:
            return {**part, "content": read_parts(part["content"], f"{place}.content", taken, depth + 1)}
        return part
    told = f"parts of the type `{kind}` are never accepted" if kind in _NEVER else "the type of the part is unknown"
    raise part_refused(f"{told}, because they cannot be checked", place)


def _kind(part: Any) -> str:
    """Return the type of a part; an empty string if it has none that could be known."""
    if not isinstance(part, dict):
        return ""
    kind = part.get("type")
    if kind is None and isinstance(part.get("text"), str):
        return "text"
    return kind if isinstance(kind, str) else ""


def _with_data(part: dict[str, Any], kind: str, shape: _Shape, place: str, taken: Words, depth: int) -> dict[str, Any]:
    held = part.get(shape.member)
    words = {shape.word, *taken} if shape.word == "file" else {shape.word}
    found: Any = None
    if _only(part, _BESIDE | {shape.member}):
        if shape.member == "source":
            found = _source(held, words, f"{place}.source", taken, depth)
        elif isinstance(held, str):
            found = _uri(held, words) if shape.inner != "data" else None
        elif isinstance(held, dict) and shape.inner and _only(held, shape.inside | {shape.inner}):
            data = held.get(shape.inner)
            marked = _sound(data, held.get("format")) if shape.inner == "data" else _uri(data, words)
            found = None if marked is None else {**held, shape.inner: marked}
    if found is None:
        raise part_refused(
            f"a part of the type `{kind}` must contain its data in base64 and must not refer to other data: "
            "addresses and ids are not followed",
            place,
        )
    return {**part, shape.member: found}


def _only(value: Mapping[str, Any], known: Set[str]) -> bool:
    """Whether nothing is said in other members."""
    return all(name in known or member is None for name, member in value.items())


def _source(source: Any, words: Words, place: str, taken: Words, depth: int) -> Any:
    """Read the source of a block of the messages API; a document may be text, or parts."""
    if not isinstance(source, dict) or not _only(source, frozenset({"type", "media_type", "data", "content"})):
        return None
    match source.get("type"):
        case "base64" if source.get("content") is None:
            media = source.get("media_type")
            named = _BARE.fullmatch(media) if isinstance(media, str) else None
            fits = named is not None and _word(named[1]) in words
            return {**source, "data": Inline(source["data"])} if fits and _is_base64(source.get("data")) else None
        case "text" if "file" in words and isinstance(source.get("data"), str) and source.get("content") is None:
            return source
        case "content" if "file" in words and source.get("data") is None:
            return {**source, "content": read_parts(source.get("content"), f"{place}.content", taken, depth + 1)}
    return None


def _uri(value: Any, words: Words) -> Inline | None:
    head = _URI.match(value) if isinstance(value, str) else None
    if head is None or _word(head[2]) not in words:
        return None
    data = value[head.end() :]
    pieces = data.split(",") if head[1].lower() == _FRAMES else [data]
    return Inline(value) if all(map(_is_base64, pieces)) else None


def _sound(value: Any, form: Any) -> Inline | None:
    named = isinstance(form, str) and _FORMAT.fullmatch(form)
    return Inline(value) if named and _is_base64(value) else None


def _word(media: str) -> str:
    """Return the word for the first half of a media type."""
    return media.lower() if media.lower() in ("image", "audio", "video") else "file"


def _is_base64(value: Any) -> bool:
    if not isinstance(value, str) or not value or not value.isascii() or 0 <= value.find("=") < len(value) - 2:
        return False
    return not value.encode().translate(None, BASE64)
