"""The head of a request and of a response: what we read in it, and what Envoy is told to change.

What is not named here goes neither to the model server nor to the client: a server may take its own settings from
headers, and a header can contain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from envoy.config.core.v3.base_pb2 import HeaderMap, HeaderValue, HeaderValueOption
from envoy.service.ext_proc.v3.external_processor_pb2 import HeaderMutation
from starlette.types import Scope

Headers = list[tuple[bytes, bytes]]

#: Of a request, what goes on to the model server as the client or Envoy wrote it. Envoy keeps its own (`x-envoy-…`)
#: clean of what clients send.
_KEPT_OF_REQUEST = frozenset({"host", "user-agent", "accept", "x-forwarded-for", "x-forwarded-proto"})
#: Of a response, what Envoy itself writes.
_KEPT_OF_RESPONSE = frozenset({"date", "server", "x-envoy-upstream-service-time"})
_ENVOYS = "x-envoy-"
#: What carries a client's key.
CREDENTIALS = ("authorization", "x-api-key")


def headers_of(shown: HeaderMap) -> Headers:
    """Return the headers that Envoy shows, with its own pseudo-headers, in their order; names are in lower case."""
    return [(each.key.encode(), each.raw_value or each.value.encode()) for each in shown.headers]


def scope_of(headers: Headers, source: str, **more: Any) -> Scope:
    """Return the ASGI scope of a request with these ``headers``, from the address ``source`` (empty: unknown)."""
    pseudo = {name: value for name, value in headers if name.startswith(b":")}
    raw_path, _, query = pseudo.get(b":path", b"").partition(b"?")
    own = [(name, value) for name, value in headers if not name.startswith(b":") and name != b"host"]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": pseudo.get(b":method", b"").decode("latin-1"),
        "scheme": pseudo.get(b":scheme", b"http").decode("latin-1"),
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", pseudo.get(b":authority", b"")), *own],
        "client": (source, 0) if source else None,
        "server": None,
        **more,
    }


def onward(headers: Headers, path: str, ours: Mapping[str, str], kept: Iterable[str]) -> HeaderMutation:
    """Return what makes the head of the request that goes to the model server at ``path``: ``ours``, and of the
    client's what is ``kept`` besides what always is."""
    kept = _KEPT_OF_REQUEST.union(kept)
    removed = (name for name in _names(headers) if name not in kept and not name.startswith((":", _ENVOYS)))
    return _mutation({":path": path, "accept-encoding": "identity", **ours}, removed)


def back(headers: Headers, status: int, ours: Mapping[str, str]) -> HeaderMutation:
    """Return what makes the head of the response that goes to the client of the model server's ``headers``."""
    removed = (name for name in _names(headers) if name not in _KEPT_OF_RESPONSE and not name.startswith(":"))
    return _mutation({":status": str(status), **ours}, removed)


def fresh(ours: Mapping[str, str]) -> HeaderMutation:
    """Return what makes the head of a response that is Ordinance's alone."""
    return _mutation(ours, ())


def without(trailers: Headers) -> HeaderMutation:
    """Return what takes away all ``trailers``."""
    return _mutation({}, _names(trailers))


def _names(headers: Headers) -> Iterator[str]:
    return (name.decode("latin-1") for name in dict.fromkeys(name for name, _ in headers))


def _mutation(ours: Mapping[str, str], removed: Iterable[str]) -> HeaderMutation:
    # Envoy writes the length itself: it sends a body that may have been changed in chunks.
    written = {name: value for name, value in ours.items() if name != "content-length"}
    return HeaderMutation(
        set_headers=[
            HeaderValueOption(
                header=HeaderValue(key=name, raw_value=value.encode("latin-1")),
                append_action=HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
            )
            for name, value in written.items()
        ],
        remove_headers=[name for name in removed if name not in written],
    )
