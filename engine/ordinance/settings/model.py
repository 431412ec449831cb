"""The operator's settings: what can be set, its form and its default.

``sources.load`` reads them; ``docs/configuration.md`` is made from the models below (``page.py``).
"""

from __future__ import annotations

import re
from hashlib import sha256
from ipaddress import ip_address
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
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "ORDINANCE_"

#: So many different sets of houses may be named by keys.
MOST_HOUSE_SETS = 32

#: A DNS name, as a `Host` header may contain it. (An IP address is allowed too.)
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)

#: The hash of an empty key.
_OF_NOTHING = sha256(b"").hexdigest()

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Bytes = Annotated[int, Field(gt=0)]


def _tag(locale: str) -> str:
    if not langcodes.tag_is_valid(locale):
        raise ValueError("must be a language tag, such as de-DE or et-EE")
    return locale


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class UpstreamSettings(_Section):
    """The inference server. Ordinance never connects to anything else."""

    url: str = Field(
        description="Base URL of the OpenAI-compatible server; a trailing `/v1` is optional.",
        json_schema_extra={"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"},
    )
    key: SecretStr | None = Field(
        default=None, description="Bearer token to send to the server. A client's key is never sent to it."
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
            raise ValueError("must not contain a password; set `upstream.key`")
        return url

    @property
    def base(self) -> str:
        """Return the URL that routes such as ``/v1/models`` are appended to."""
        return self.url.rstrip("/").removesuffix("/v1")


class LimitSettings(_Section):
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
        description="How long a plugin's detector may take for one sentence before it counts as failed (seconds).",
    )
    plugin_seconds: Seconds = Field(
        default=60,
        description="How long all installed plugins together may take to prepare their detectors (seconds).",
    )
    detector_processes: int = Field(
        default=2, ge=1, le=256, description="Processes that run plugins' detectors, for each serving process."
    )


class VllmSettings(_Section):
    """Settings for Ordinance inside vLLM (docs/vllm.md)."""

    closed_routes: list[str] = Field(
        default_factory=list,
        description="Routes to keep closed, written as in the server's router: routes that Ordinance does not know, "
        "and routes that it passes on but clients must not reach, such as /metrics.",
    )
    other_version: bool = Field(
        default=False, description="Start even if vLLM's version is outside the range that was examined."
    )


class SpeakSettings(_Section):
    """How the model is instructed about language and tone ([adapters.md](adapters.md))."""

    instruction: Literal["system", "user", "nowhere"] = Field(
        default="system",
        description="The message that carries the instruction: `system`, `user` (for models whose chat template "
        "rejects or drops a system message) or `nowhere` (send no instruction).",
    )


class AdapterSettings(_Section):
    """The adapter that answers in place of the model if the answer is to be in this language; `fr` also covers
    `fr-CA`."""

    lora: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="Name of the adapter in the server's list of models."
    )


def audit_in_full(given: Any) -> Any:
    """Expand the section ``audit`` if ``given`` is its short form, a path; else return ``given``."""
    return {"path": given} if isinstance(given, str | Path) else given


def _or_short(schema: dict[str, Any]) -> None:
    """Add the short form of the section ``audit`` to its JSON schema."""
    section = dict(schema)
    schema.clear()
    schema |= {"description": section.pop("description"), "anyOf": [{"type": "string", "format": "path"}, section]}


class AuditSettings(_Section):
    """Where the record of requests is written ([record.md](record.md)), and what happens if it cannot be written.
    `audit: PATH` is short for `audit: {path: PATH}`."""

    model_config = ConfigDict(json_schema_extra=_or_short)

    path: Path | None = Field(
        default=None, description="The record's file; a path is relative to the settings file. Default: standard error."
    )
    required: bool = Field(
        default=False,
        description="Before the model is asked, write to disk that the request begins; if this fails, the request "
        "gets status 503, `audit_unavailable`. Needs a `path`.",
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

    @model_validator(mode="after")
    def _has_a_path(self) -> AuditSettings:
        if self.required and self.path is None:
            raise ValueError("`required` needs a `path`: records on standard error may never reach a disk")
        return self


class KeySettings(_Section):
    """An API key, and what the operator attests about the people or programs that use it."""

    name: str = Field(description="Name of the key in the audit log.")
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] = Field(
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
    locale: Annotated[str, AfterValidator(_tag)] | None = Field(
        default=None,
        description="Language of notices for this key, for requests that ask for no loaded language. Default: the "
        "setting `locale`.",
    )
    houses: list[str] = Field(
        default_factory=list,
        description="House packs, by name, that apply to this key; they must be among `packs`. A house that some key "
        "names applies only to the keys that name it; any other house applies to everyone (docs/operations.md).",
    )
    audience: Literal["person", "machine"] = Field(
        default="person",
        description="Who reads the answers. With `machine`, for the titles, tags and search queries of a chat UI, "
        "notices are only in the metadata and the headers, not in the text.",
    )

    @field_validator("sha256")
    @classmethod
    def _is_of_a_key(cls, digest: str) -> str:
        if digest == _OF_NOTHING:
            raise ValueError("this is the hash of an empty key, so everyone would get in; was the variable empty?")
        return digest


def is_loopback(host: str) -> bool:
    """Return whether ``host``, a name or an address, is this machine's own and cannot be reached from another."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _at(place: tuple[int | str, ...], message: str) -> ValidationError:
    """Return the error ``message`` for ``place``, which lies below the field that is validated."""
    wrong = PydanticCustomError("value_error", "{message}", {"message": message})
    return ValidationError.from_exception_data("Settings", [{"type": wrong, "loc": place, "input": None}])


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    packs: list[Path] = Field(
        default_factory=list,
        description="Packs, or folders of packs; paths are relative to the settings file. Default: every shipped pack "
        "except house packs.",
    )
    policy: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = Field(
        default=None, description="Name of the policy, as responses show it. Default: the jurisdiction."
    )
    jurisdiction: str | None = Field(
        default=None,
        description="Whose law applies if the key does not say: the code of a loaded jurisdiction, such as `DE`.",
    )
    locale: str | None = Field(
        None,
        description="Language of notices, such as `de-DE`, for requests that ask for no loaded language.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    hosts: list[str] = Field(
        default_factory=list,
        description="Host names, without a port, that a request's `Host` header may contain in addition to loopback; "
        "checked only if there are no `keys`.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=256, description="Number of serving processes.")
    drain_seconds: float = Field(
        default=0,
        ge=0,
        le=86_400,
        description="How long `/ready` returns 503 after SIGTERM while requests are still accepted (seconds). Set it "
        "to the time that your load balancer needs to notice.",
    )
    grace_seconds: Seconds = Field(
        default=30, description="How long running answers may continue after SIGTERM and the drain (seconds)."
    )
    audit: AuditSettings | None = Field(
        default=None, description="Where the record of requests goes: a path or a section. Default: standard error."
    )
    chat: bool | None = Field(
        default=None,
        description="Whether the gateway offers a page at `/chat` on which a person can talk to the model. Default: "
        "yes if the gateway listens on loopback and there are no `keys`.",
    )
    parts: list[Literal["image", "audio", "video", "file"]] = Field(
        default_factory=list,
        description="What requests may contain besides text. Default: text only. Ordinance does not look into these "
        "parts; it passes them only as data within the request, never as a URL (docs/fields.md).",
    )
    steering: Literal["pass", "refuse"] = Field(
        default="pass",
        description="Whether requests may steer the model token by token (`logit_bias`, `bad_words`, "
        "`allowed_token_ids`, penalties, grammars that are not JSON). A client that may steer can keep a phrase from "
        "being completed and read all of it except its end (docs/security.md).",
    )
    upstream: UpstreamSettings | None = Field(default=None, description="The inference server.")
    limits: LimitSettings = Field(default=LimitSettings(), description="Limits on size, number and time.")
    vllm: VllmSettings = Field(default=VllmSettings(), description="Settings for Ordinance inside vLLM (docs/vllm.md).")
    speak: SpeakSettings = Field(
        default=SpeakSettings(), description="How the model is instructed about language and tone."
    )
    adapters: dict[str, AdapterSettings] = Field(
        default_factory=dict, description="Adapters, by the language of the answer, such as `et`."
    )
    keys: list[KeySettings] = Field(
        default_factory=list,
        description="API keys that requests may use. Default: no key is needed, and everyone who can reach the port "
        "may send requests.",
    )

    @property
    def shows_chat(self) -> bool:
        """Return whether the page at ``/chat`` is offered."""
        return not self.keys and is_loopback(self.host) if self.chat is None else self.chat

    @field_validator("locale")
    @classmethod
    def _is_a_tag(cls, locale: str | None) -> str | None:
        return None if locale is None else _tag(locale)

    @field_validator("hosts")
    @classmethod
    def _are_names(cls, hosts: list[str]) -> list[str]:
        for number, host in enumerate(hosts):
            if not _NAME.fullmatch(host) and not _is_address(host):
                raise _at((number,), "must be a name or an address without a port or a pattern: chat.example.org")
        return hosts

    @field_validator("keys")
    @classmethod
    def _are_different(cls, keys: list[KeySettings]) -> list[KeySettings]:
        first: dict[str, int] = {}
        for number, key in enumerate(keys):
            if first.setdefault(key.sha256, number) < number:
                raise _at((number, "sha256"), f"`keys.{first[key.sha256]}` has the same hash; list each key once")
        return keys

    @field_validator("keys")
    @classmethod
    def _share_policies(cls, keys: list[KeySettings]) -> list[KeySettings]:
        """Each set of houses is a policy of its own, which takes time to load and memory to keep."""
        sets: set[frozenset[str]] = set()
        for number, key in enumerate(keys):
            sets |= {frozenset(key.houses)} if key.houses else set()
            if len(sets) > MOST_HOUSE_SETS:
                raise _at((number, "houses"), f"the keys name more than {MOST_HOUSE_SETS} different sets of houses")
        return keys

    @field_validator("adapters")
    @classmethod
    def _are_tags(cls, adapters: dict[str, AdapterSettings]) -> dict[str, AdapterSettings]:
        for tag in adapters:
            if not langcodes.tag_is_valid(tag) or langcodes.standardize_tag(tag) != tag:
                raise ValueError(f"'{tag}' is not a language tag in its usual form; write it like et or de-CH")
        return adapters
