"""Names and values of headers that no HTTP has: an Envoy's message may contain any text."""

from __future__ import annotations

from envoy.config.core.v3.base_pb2 import HeaderMap, HeaderValue

from ordinance.serve.envoy.heads import headers_of


def test_a_name_outside_latin_1_is_read() -> None:
    shown = HeaderMap(headers=[HeaderValue(key=":\U0010ffff", raw_value=b"x"), HeaderValue(key="a", value="õ")])
    assert headers_of(shown) == [(":\U0010ffff".encode(), b"x"), (b"a", "õ".encode())]
