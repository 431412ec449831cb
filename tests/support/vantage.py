"""A way to a model: through the middleware, through the gateway, or round both."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2


@dataclass(frozen=True)
class Vantage:
    """A way to the model. ``address`` has no closing ``/v1``."""

    name: str
    address: str
    client: httpx2.Client

    @property
    def governed(self) -> bool:
        return self.name != "ungoverned"

    def post(self, path: str, body: object) -> httpx2.Response:
        return self.client.post(self.address + path, json=body)

    def get(self, path: str) -> httpx2.Response:
        return self.client.get(self.address + path)
