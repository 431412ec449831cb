"""The operator's settings for several inference servers ([upstreams.md](../../../docs/upstreams.md))."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from ordinance.settings.sections import Seconds, UpstreamSettings

#: The name of a model: what may be in a header and in the record.
ModelName = Annotated[str, StringConstraints(pattern="^[!-~]{1,200}$")]
#: The name of a server, as the record, `/ready`, metrics and the log show it.
SERVER_NAME = re.compile("[a-z][a-z0-9_-]{0,62}")


class NamedUpstreamSettings(UpstreamSettings):
    """One of several inference servers ([upstreams.md](upstreams.md)). A request goes to a server of the model that it
    names: of those that answer, to the one with the fewest open requests."""

    models: list[ModelName] = Field(
        min_length=1,
        description="Models that this server serves, each by the name that its `/v1/models` has. Several servers may "
        "serve one model.",
    )
    aliases: dict[ModelName, ModelName] = Field(
        default_factory=dict,
        description="Other names by which clients may ask for one of `models`, such as `{default: llama-70b}`.",
    )
    fallback: ModelName | None = Field(
        default=None,
        description="Model of another server that answers when no server of the requested model does. The answer and "
        "the record say so. Default: none.",
    )
    drain: bool = Field(
        default=False, description="Send no new requests to this server; those that run end. `SIGHUP` applies it."
    )
    health_seconds: Seconds = Field(
        default=5, description="How often each serving process asks whether the server answers (seconds)."
    )

    @field_validator("models")
    @classmethod
    def _are_different(cls, models: list[str]) -> list[str]:
        if len(set(models)) < len(models):
            raise ValueError("lists a model twice")
        return models

    @model_validator(mode="after")
    def _names_are_clear(self) -> NamedUpstreamSettings:
        for alias, model in self.aliases.items():
            if alias in self.models:
                raise ValueError(f"the alias '{alias}' is one of its `models` too; keep one")
            if model not in self.models:
                raise ValueError(f"the alias '{alias}' stands for '{model}', which is not one of its `models`")
        if self.fallback in self.names:
            raise ValueError("`fallback` is a model of this server itself; name one of another server")
        return self

    @property
    def names(self) -> Mapping[str, str]:
        """Return the server's own name of each model, by the name that clients use."""
        return {**{model: model for model in self.models}, **self.aliases}


def faults(servers: Mapping[str, NamedUpstreamSettings]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong between ``servers``: the name of one of them, and the fault of its `fallback`."""
    served = {model for server in servers.values() for model in server.names}
    first: dict[str, str] = {}
    for name, server in servers.items():
        if server.fallback is None:
            continue
        if server.fallback not in served:
            yield name, f"no server serves '{server.fallback}'"
        for model in server.names:
            if first.setdefault(model, server.fallback) != server.fallback:
                yield name, f"another server of '{model}' falls back to '{first[model]}'; name one model for both"
