"""Where the suites ask: at the actor itself or, ``GOVERNED``, at the gateway before it.

These files run in .venv/clients, which has neither this checkout nor its tests' dependencies; tests/support/clients.py
starts them. Pictures and papers that a suite would fetch come from here.
"""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.fixture
def picture() -> bytes:
    return PICTURE


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, **_: Any) -> httpx.Response:
        content = b"%PDF-1.4\n%%EOF\n" if url.endswith(".pdf") else PICTURE
        return httpx.Response(200, content=content)

    monkeypatch.setattr(httpx, "get", get)
