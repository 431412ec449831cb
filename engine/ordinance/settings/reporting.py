"""The sections of the operator's settings about what is written down of its work: records, numbers, traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from ordinance.settings.sections import Seconds, Section


def audit_in_full(given: Any) -> Any:
    """Expand the section ``audit`` if ``given`` is its short form, a path or an address; else return ``given``."""
    if isinstance(given, str) and is_database(given):
        return {"store": given}
    return {"path": given} if isinstance(given, str | Path) else given


def is_database(text: str) -> bool:
    """Return whether ``text`` is meant as the address of a PostgreSQL database."""
    return text.startswith(("postgresql:", "postgres:"))


def _or_short(schema: dict[str, Any]) -> None:
    """Add the short form of the section ``audit`` to its JSON schema."""
    section = dict(schema)
    schema.clear()
    schema |= {"description": section.pop("description"), "anyOf": [{"type": "string", "format": "path"}, section]}


class AuditSettings(Section):
    """Where the record of requests is written ([record.md](record.md)), and what happens if it cannot be written.
    `audit: PATH` is short for `audit: {path: PATH}`, `audit: postgresql://…` for `audit: {store: postgresql://…}`."""

    model_config = ConfigDict(json_schema_extra=_or_short)

    path: Path | None = Field(
        default=None, description="The record's file; a path is relative to the settings file. Default: standard error."
    )
    store: SecretStr | None = Field(
        default=None,
        description="In place of `path`: `postgresql://USER@HOST/NAME`, a database with the table that "
        "`ordinance audit schema` prints ([record.md](record.md#in-postgresql)). Needs "
        "`pip install 'ordinance[postgresql]'`.",
    )
    required: bool = Field(
        default=False,
        description="Before the model is asked, write to disk that the request begins; if this fails, the request "
        "gets status 503, `audit_unavailable`. Needs a `path` or a `store`.",
    )
    acknowledge: Literal["none", "written", "flushed"] = Field(
        default="none",
        description="What is true of an answer's record before the end of the answer leaves: `none` (nothing), "
        "`written` to the file, `flushed` to the disk; in a database both mean committed. If that fails, the end does "
        "not leave; the client gets `audit_unavailable`. Needs a `path` or a `store`.",
    )
    key_file: Path | None = Field(
        default=None,
        description="Chain the records, and sign checkpoints with the Ed25519 private key in this file, so that a "
        "third party can verify the record ([record.md](record.md#chains)). PEM without a passphrase (`openssl genpkey "
        "-algorithm ed25519`); a path is relative to the settings file. Needs a `store`, or a `path` in a folder that "
        "the server may write, and `pip install 'ordinance[trust]'`. Default: no chain.",
    )
    checkpoint_records: int = Field(
        default=1000, ge=1, le=1_000_000, description="With a chain: each process signs after so many records."
    )
    checkpoint_seconds: Seconds = Field(
        default=60,
        description="With a chain: it signs this long after its first unsigned record at the latest (seconds).",
    )
    queue: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Most records that may wait to be written, about half a kilobyte each. Any beyond that are lost, "
        "and their number is reported.",
    )

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, given: Any) -> Any:
        return audit_in_full(given)

    @field_validator("store")
    @classmethod
    def _is_a_database(cls, store: SecretStr | None) -> SecretStr | None:
        where = store.get_secret_value() if store else "postgresql://none/none"
        if not is_database(where) or "://" not in where or not where.partition("://")[2].strip("/"):
            raise ValueError("expected postgresql://USER@HOST/NAME")
        return store

    @model_validator(mode="after")
    def _has_a_place(self) -> AuditSettings:
        if self.path is not None and self.store is not None:
            raise ValueError("`path` and `store` are two places; the record has one")
        if self.path is not None or self.store is not None:
            return self
        if self.required:
            raise ValueError("`required` needs a `path` or a `store`: records on standard error may never reach a disk")
        if self.acknowledge != "none":
            raise ValueError(
                "`acknowledge` needs a `path` or a `store`: records on standard error may never reach a disk"
            )
        if self.key_file is not None:
            raise ValueError("`key_file` needs a `path` or a `store`: standard error cannot be read again")
        return self


class MetricsSettings(Section):
    """Numbers for Prometheus, at `/metrics` on an address of their own ([metrics.md](metrics.md)). Whoever reaches it
    needs no key."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. With one that other machines reach, a firewall must say who may.",
    )
    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port to listen on, another than `port`; 0 takes a free one. Default: no metrics.",
    )


class TraceSettings(Section):
    """Traces for OpenTelemetry: one span for each request, and one for the inference server's part of it
    ([metrics.md](metrics.md#traces))."""

    url: str | None = Field(
        default=None,
        description="Base URL of a collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`. Default: no "
        "traces.",
    )
    ratio: float = Field(
        default=1,
        ge=0,
        le=1,
        description="Share of requests to trace if they have no `traceparent`. With one, the request is traced if that "
        "says so (sampled).",
    )

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must look like http://127.0.0.1:4318")
        if parts.username or parts.password:
            raise ValueError("must not contain a password; run a collector on this machine that knows it")
        return url
