"""The sections of the operator's settings: what each can contain, its form and its default."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import langcodes
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

_OF_NOTHING = sha256(b"").hexdigest()

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Bytes = Annotated[int, Field(gt=0)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


def language_tag(locale: str) -> str:
    """Return ``locale`` if it is a BCP 47 tag. Raises ``ValueError``."""
    if not langcodes.tag_is_valid(locale):
        raise ValueError("must be a language tag, such as de-DE or et-EE")
    return locale


class Section(BaseModel):
    """A part of the settings. What is not known in it is an error, which shows no value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class UpstreamSettings(Section):
    """The inference server. Ordinance connects to nothing else, except where `upstreams`, `judges`, `conversation`,
    `traces` or a plugin's `network` name it."""

    url: str = Field(
        description="Base URL of the OpenAI-compatible server; a trailing `/v1` is optional.",
        json_schema_extra={"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"},
    )
    key: SecretStr | None = Field(
        default=None, description="Bearer token to send to the server. A client's key is never sent to it."
    )
    key_file: Path | None = Field(
        default=None,
        description="File that contains that token, instead of `key`; it is read when the gateway starts, and for "
        "`upstreams` at `SIGHUP` too.",
    )
    ca: Path | None = Field(
        default=None,
        description="File with the certificates (PEM) of the authorities that may vouch for an `https` server, such as "
        "your own. No other authority counts then. Default: those of the system.",
    )
    connect_seconds: Seconds = Field(default=5, description="Longest time that connecting may take (seconds).")
    idle_seconds: Seconds = Field(
        default=120, description="Longest silence allowed from the server, before or during an answer (seconds)."
    )
    total_seconds: Seconds = Field(default=1800, description="Longest time that one answer may take (seconds).")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must look like http://127.0.0.1:8000")
        if parts.username or parts.password:
            raise ValueError("must not contain a password; set `key`")
        return url

    @model_validator(mode="after")
    def _has_one_key(self) -> UpstreamSettings:
        if self.key is not None and self.key_file is not None:
            raise ValueError("`key` and `key_file` both give the token; keep one")
        return self

    @property
    def base(self) -> str:
        """Return the URL that routes such as ``/v1/models`` are appended to."""
        return self.url.rstrip("/").removesuffix("/v1")


class LimitSettings(Section):
    """Limits on size, number and time."""

    body_bytes: Bytes = Field(
        default=4 * 1024 * 1024, description="Largest request body; a larger one gets status 413."
    )
    parts_bytes: Bytes = Field(
        default=20 * 1024 * 1024,
        description="Most data in all parts of one request together, in addition to `body_bytes`; used if `parts` is "
        "set. Counts the base64 text in the request, which is a third larger than the file.",
    )
    event_bytes: Bytes = Field(default=1024 * 1024, description="Largest event in the upstream's stream.")
    answer_bytes: Bytes = Field(
        default=16 * 1024 * 1024,
        description="Largest answer from the upstream; for a stream, the text of all its choices together. A larger "
        "answer is treated as one that cannot be read.",
    )
    connections: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Most client connections open at once, in each process; the same number of requests may run. Each "
        "needs two file descriptors (docs/operations.md).",
    )
    connections_per_address: int | None = Field(
        default=None,
        ge=1,
        description="Most connections from one client address; a proxy in front counts as one address. Default: no "
        "limit.",
    )
    idle_seconds: Seconds = Field(
        default=30, description="How long a connection may stay open without a request before it is closed (seconds)."
    )
    detector_seconds: Seconds = Field(
        default=1,
        description="How long a plugin may take for one sentence or candidate before it counts as failed (seconds).",
    )
    plugin_seconds: Seconds = Field(
        default=60,
        description="How long a plugin's process may take to start (seconds).",
    )
    detector_processes: int = Field(
        default=2, ge=1, le=256, description="Most processes of each plugin that packs ask, for each serving process."
    )


class PluginSettings(Section):
    """A plugin that is allowed ([plugins.md](plugins.md)). No other one runs."""

    name: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="Name of the plugin's distribution, such as `acme-ordinance`."
    )
    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z!+._-]*[0-9A-Za-z](\.\*)?$")] = Field(
        description="The version that is allowed, in full, or with `.*` at its end: `1.2.0`, `1.2.*`."
    )
    path: Path = Field(
        description="The folder that contains the plugin and nothing else, as `ordinance plugin install` makes it; a "
        "relative path is relative to the settings file."
    )
    sha256: Sha256 = Field(
        description="SHA-256 of the files in that folder, as `ordinance plugin install` prints it. A plugin whose "
        "files differ does not run."
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="The plugin's own settings, of the names and types that its manifest states. `{file: PATH}` reads "
        "a text, such as a password, from a file.",
    )
    network: list[str] = Field(
        default_factory=list,
        description="What the plugin may connect to: `HOST:PORT` or `unix:PATH`. Default: nothing.",
    )
    folder: Path | None = Field(default=None, description="The one folder that the plugin may write in. Default: none.")

    @field_validator("network")
    @classmethod
    def _are_addresses(cls, network: list[str]) -> list[str]:
        for address in network:
            host, _, port = address.rpartition(":")
            unix = address.startswith("unix:/")
            if not unix and not (host and port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
                raise ValueError("expected HOST:PORT or unix:PATH with a full path, such as judge.internal:8000")
        return network


class VllmSettings(Section):
    """Settings for Ordinance inside vLLM (docs/vllm.md)."""

    closed_routes: list[str] = Field(
        default_factory=list,
        description="Routes to keep closed, written as in the server's router: routes that Ordinance does not know, "
        "and routes that it passes on but clients must not reach, such as /metrics.",
    )
    other_version: bool = Field(
        default=False, description="Start even if vLLM's version is outside the range that was examined."
    )


class RouteSettings(Section):
    """Routes that are closed unless you open them."""

    embeddings: Literal["pass", "refuse"] = Field(
        default="refuse",
        description="Whether `POST /v1/embeddings` is open. With `pass`, what is asked is screened and masked as a "
        "prompt is, and of the answer vectors and counts pass.",
    )


class SpeakSettings(Section):
    """How the model is instructed about language and tone ([adapters.md](adapters.md))."""

    instruction: Literal["system", "user", "nowhere"] = Field(
        default="system",
        description="The message that carries the instruction: `system`, `user` (for models whose chat template "
        "rejects or drops a system message) or `nowhere` (send no instruction).",
    )


class AdapterSettings(Section):
    """The adapter that answers in place of the model if the answer is to be in this language; `fr` also covers
    `fr-CA`."""

    lora: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="Name of the adapter in the server's list of models."
    )


class ConversationSettings(Section):
    """Where Ordinance remembers which notice it last gave in a conversation, so that what is to be said once is said
    once. It stores digests and times, no text ([record.md](record.md#conversations))."""

    store: SecretStr | None = Field(
        default=None,
        description="`none`, `sqlite:PATH`, `postgresql://…` or `redis://…`. With `none`, Ordinance believes what a "
        "request claims about earlier answers. Default: a SQLite file in `$STATE_DIRECTORY`, or in "
        "`$XDG_STATE_HOME/ordinance`; without these, the memory of the process.",
    )
    secret_file: Path | None = Field(
        default=None,
        description="File with the secret, at least 16 bytes, that makes a conversation's key unreadable for others; "
        "all gateways with one store need the same. Required for PostgreSQL and Redis. Default: a file beside the "
        "SQLite file, made at the first start.",
    )
    days: float = Field(
        default=30,
        gt=0,
        le=3650,
        description="How long a conversation is remembered after its last notice (days).",
    )

    @field_validator("store")
    @classmethod
    def _is_a_store(cls, store: SecretStr | None) -> SecretStr | None:
        where = "none" if store is None else store.get_secret_value()
        scheme, colon, rest = where.partition(":")
        known = {"sqlite", "postgresql", "postgres", "redis", "rediss"}
        if where != "none" and not (colon and scheme in known and rest.strip("/")):
            raise ValueError("expected none, sqlite:PATH, postgresql://USER@HOST/NAME or redis://HOST:PORT/NUMBER")
        return store

    @model_validator(mode="after")
    def _has_a_secret(self) -> ConversationSettings:
        where = "none" if self.store is None else self.store.get_secret_value()
        if where != "none" and not where.startswith("sqlite:") and self.secret_file is None:
            raise ValueError("a store that several machines share needs `secret_file`, the same on each")
        return self


class KeyLimitSettings(Section):
    """What may be sent with one API key. All processes of a gateway count together; another gateway counts for
    itself."""

    requests_per_minute: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="Most requests for answers in a minute. Default: no limit."
    )
    tokens_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000,
        description="Most tokens in a minute, of prompts and answers, as far as the server's `usage` says it. "
        "An answer is counted when it has ended (docs/operations.md). Default: no limit.",
    )
    streams: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Most answers that may be under way at once, streamed or whole. Default: no limit.",
    )


class KeySettings(Section):
    """An API key, and what the operator attests about the people or programs that use it."""

    name: str = Field(description="Name of the key in the audit log.")
    sha256: Sha256 = Field(
        description="SHA-256 of the key in hexadecimal: `printf %s KEY | sha256sum`. The key itself is never stored."
    )
    jurisdiction: str | None = Field(
        default=None, description="Whose law applies to this key. Default: the setting `jurisdiction`."
    )
    attested: dict[str, str] = Field(
        default_factory=dict,
        description="Facts about the situation that the operator attests, such as `purpose: education`.",
    )
    system_messages_are_ours: bool = Field(
        default=False, description="Set to true if the operator writes the system messages; they are not screened."
    )
    locale: Annotated[str, AfterValidator(language_tag)] | None = Field(
        default=None,
        description="Language of notices for this key, for requests that ask for no loaded language. Default: the "
        "setting `locale`.",
    )
    houses: list[str] = Field(
        default_factory=list,
        description="House packs, by name, that apply to this key; they must be among `packs`. A house that some key "
        "names applies only to the keys that name it; any other house applies to everyone (docs/operations.md).",
    )
    models: list[str] = Field(
        default_factory=list,
        description="Models that may be asked for with this key, by the names that clients use. Default: all.",
    )
    audience: Literal["person", "machine"] = Field(
        default="person",
        description="Who reads the answers. With `machine`, for the titles, tags and search queries of a chat UI, "
        "notices are only in the metadata and the headers, not in the text.",
    )

    limits: KeyLimitSettings | None = Field(
        default=None, description="What may be sent with this key; more gets status 429. Default: no limits."
    )

    @field_validator("sha256")
    @classmethod
    def _is_of_a_key(cls, digest: str) -> str:
        if digest == _OF_NOTHING:
            raise ValueError("this is the hash of an empty key, so everyone would get in; was the variable empty?")
        return digest
