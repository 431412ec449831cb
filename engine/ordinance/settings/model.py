"""The operator's settings: what can be set, its form and its default.

``reading.load`` reads them; ``docs/configuration.md`` is made from the models below (``page.py``).
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

#: What a `Host` can name: a name as DNS has it. An address is one besides.
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)

#: The hash of no key at all.
_OF_NOTHING = sha256(b"").hexdigest()

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Bytes = Annotated[int, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class UpstreamSettings(_Section):
    """The inference server, the only thing that is ever connected to."""

    url: str = Field(
        description="Where it speaks the OpenAI API, with or without a closing `/v1`.",
        json_schema_extra={"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"},
    )
    key: SecretStr | None = Field(default=None, description="Sent to it as a bearer token. A client's key never is.")
    connect_seconds: Seconds = Field(default=5, description="How long connecting may take.")
    idle_seconds: Seconds = Field(default=120, description="How long it may say nothing, before and during an answer.")
    total_seconds: Seconds = Field(default=1800, description="How long one answer may take in all.")

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
        """The address that routes such as ``/v1/models`` are added to."""
        return self.url.rstrip("/").removesuffix("/v1")


class LimitSettings(_Section):
    """What is too large to look at, and what takes too long."""

    body_bytes: Bytes = Field(default=4 * 1024 * 1024, description="A request's body; a larger one gets status 413.")
    parts_bytes: Bytes = Field(
        default=20 * 1024 * 1024,
        description="The data of a request's parts together, beside its body, where `parts` has some; as it stands in "
        "the request, in base64, which is a third more than a file has.",
    )
    event_bytes: Bytes = Field(default=1024 * 1024, description="One event of the upstream's stream.")
    answer_bytes: Bytes = Field(
        default=16 * 1024 * 1024,
        description="An upstream's whole answer; of a stream, the text of all its choices together. More ends "
        "as an answer that cannot be read.",
    )
    connections: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Connections of clients that may be open at once, in each process; as many requests may run. Each "
        "needs two descriptors (docs/operations.md).",
    )
    connections_per_address: int | None = Field(
        default=None,
        ge=1,
        description="How many of them may be one address's; a proxy in front is one address. None given: no bound.",
    )
    idle_seconds: Seconds = Field(
        default=30, description="How long a connection may be open without a request; then it is closed."
    )
    detector_seconds: Seconds = Field(
        default=1, description="How long a plugin's detector may take for one sentence; then it has failed."
    )
    plugin_seconds: Seconds = Field(
        default=60, description="How long the installed plugins may take, in all, until their detectors are prepared."
    )
    detector_processes: int = Field(
        default=2, ge=1, le=256, description="Processes in which the detectors of plugins run, for each that serves."
    )


class VllmSettings(_Section):
    """What is needed where Ordinance runs inside vLLM (docs/vllm.md)."""

    closed_routes: list[str] = Field(
        default_factory=list,
        description="Routes to keep closed, as the server's router writes them: those that Ordinance does not know, "
        "and of those that pass the ones that clients shall not see, such as /metrics.",
    )
    other_version: bool = Field(
        default=False, description="Start also in a version of vLLM outside the range that was looked at."
    )


class SpeakSettings(_Section):
    """How the model is told how to speak."""

    instruction: Literal["system", "user", "nowhere"] = Field(
        default="system",
        description="In whose turn the instruction stands: `user` is for models whose chat template refuses a system "
        "message or drops it.",
    )


class AdapterSettings(_Section):
    """What answers in the place of the model where this language is to be spoken; `fr` also stands for `fr-CA`."""

    lora: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="The adapter's name in the server's list of models."
    )


def audit_in_full(given: Any) -> Any:
    """The section ``audit`` where it was written in short, as a path alone."""
    return {"path": given} if isinstance(given, str | Path) else given


def _or_short(schema: dict[str, Any]) -> None:
    """Add the short form of the section ``audit`` to its JSON schema."""
    section = dict(schema)
    schema.clear()
    schema |= {"description": section.pop("description"), "anyOf": [{"type": "string", "format": "path"}, section]}


class AuditSettings(_Section):
    """Where the record of requests is written ([record.md](record.md)), and what follows where it cannot be.
    `audit: PATH` is short for `audit: {path: PATH}`."""

    model_config = ConfigDict(json_schema_extra=_or_short)

    path: Path | None = Field(default=None, description="The file, relative to this one; else standard error.")
    required: bool = Field(
        default=False,
        description="A record that the request begins lies on the disk before the model is asked; where it cannot be "
        "written, the request gets status 503, `audit_unavailable`. Needs a `path`.",
    )
    queue: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Records that may wait to be written, about half a kilobyte each; more are lost, and counted.",
    )

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, given: Any) -> Any:
        return audit_in_full(given)

    @model_validator(mode="after")
    def _has_a_path(self) -> AuditSettings:
        if self.required and self.path is None:
            raise ValueError("`required` needs a `path`: what is written to standard error may never reach a disk")
        return self


class KeySettings(_Section):
    """An API key and what the operator attests about whoever holds it."""

    name: str = Field(description="Stands in the audit log.")
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] = Field(
        description="The key's SHA-256 in hexadecimal: `printf %s KEY | sha256sum`. The key itself is kept nowhere."
    )
    jurisdiction: str | None = Field(
        default=None, description="Whose law applies to this key; else the operator's default."
    )
    attested: dict[str, str] = Field(
        default_factory=dict, description="Dimensions of the situation, such as `purpose: education`."
    )
    system_messages_are_ours: bool = Field(
        default=False, description="The operator writes the system messages, so they are not screened."
    )

    @field_validator("sha256")
    @classmethod
    def _is_of_a_key(cls, digest: str) -> str:
        if digest == _OF_NOTHING:
            raise ValueError("this is the hash of an empty text, so everyone would get in; was the variable empty?")
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
    """What is wrong at a place below the field that is validated."""
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
        description="Packs, or folders of packs, relative to this file. None given: all that ship, but no house.",
    )
    policy: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = Field(
        default=None, description="The policy's name in answers; else the jurisdiction."
    )
    jurisdiction: str | None = Field(
        default=None,
        description="Whose law applies where a key says nothing: a loaded jurisdiction's code, such as `DE`.",
    )
    locale: str | None = Field(
        None,
        description="The language to tell things in where a request asks for none that is loaded, such as `de-DE`.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    hosts: list[str] = Field(
        default_factory=list,
        description="Names under which it may be asked (`Host`), without a port, besides loopback; looked at only "
        "where no keys are.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=256, description="Processes that serve.")
    drain_seconds: float = Field(
        default=0,
        ge=0,
        le=86_400,
        description="How long `/ready` says 503 after a SIGTERM while requests are still taken: as long as a load "
        "balancer in front takes to notice.",
    )
    grace_seconds: Seconds = Field(
        default=30, description="How long running answers may go on after a SIGTERM and the drain."
    )
    audit: AuditSettings | None = Field(
        default=None, description="The record of requests, as a path or in full; else it goes to standard error."
    )
    chat: bool | None = Field(
        default=None,
        description="Whether the gateway shows a page at `/chat` on which a person can talk to the model. None given: "
        "yes if the gateway listens on loopback and there are no keys.",
    )
    parts: list[Literal["image", "audio", "video", "file"]] = Field(
        default_factory=list,
        description="What requests may hold beside text. None given: text alone. Nobody looks into them, and they pass "
        "only as data within the request, never as an address (docs/fields.md).",
    )
    steering: Literal["pass", "refuse"] = Field(
        default="pass",
        description="Whether requests may steer the model token by token (`logit_bias`, `bad_words`, "
        "`allowed_token_ids`, penalties, grammars that are not JSON). A client that may can keep a phrase from being "
        "completed and read all of it but its end (docs/security.md).",
    )
    upstream: UpstreamSettings | None = Field(default=None, description="The inference server.")
    limits: LimitSettings = Field(
        default=LimitSettings(), description="What is too large to look at, and what takes too long."
    )
    vllm: VllmSettings = Field(
        default=VllmSettings(), description="What is needed where Ordinance runs inside vLLM (docs/vllm.md)."
    )
    speak: SpeakSettings = Field(default=SpeakSettings(), description="How the model is told how to speak.")
    adapters: dict[str, AdapterSettings] = Field(
        default_factory=dict, description="Adapters by the language that is to be spoken, such as `et`."
    )
    keys: list[KeySettings] = Field(
        default_factory=list, description="Who may ask. None given: everyone who can reach the port."
    )

    @property
    def shows_chat(self) -> bool:
        """Whether the page at ``/chat`` is shown."""
        return not self.keys and is_loopback(self.host) if self.chat is None else self.chat

    @field_validator("locale")
    @classmethod
    def _is_a_tag(cls, locale: str | None) -> str | None:
        if locale is not None and not langcodes.tag_is_valid(locale):
            raise ValueError("a language tag is expected, such as de-DE or et-EE")
        return locale

    @field_validator("hosts")
    @classmethod
    def _are_names(cls, hosts: list[str]) -> list[str]:
        for number, host in enumerate(hosts):
            if not _NAME.fullmatch(host) and not _is_address(host):
                raise _at((number,), "a name or an address is expected, without a port or a pattern: chat.example.org")
        return hosts

    @field_validator("keys")
    @classmethod
    def _are_different(cls, keys: list[KeySettings]) -> list[KeySettings]:
        first: dict[str, int] = {}
        for number, key in enumerate(keys):
            if first.setdefault(key.sha256, number) < number:
                raise _at((number, "sha256"), f"`keys.{first[key.sha256]}` is the same key; list each key once")
        return keys

    @field_validator("adapters")
    @classmethod
    def _are_tags(cls, adapters: dict[str, AdapterSettings]) -> dict[str, AdapterSettings]:
        for tag in adapters:
            if not langcodes.tag_is_valid(tag) or langcodes.standardize_tag(tag) != tag:
                raise ValueError(f"'{tag}' is not a language tag in its usual form; write it as in et or de-CH")
        return adapters
