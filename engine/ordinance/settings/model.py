"""The operator's settings: what can be set, its form and its default.

``sources.load`` reads them; ``docs/configuration.md`` is made from the models below (``page.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

import langcodes
from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ordinance.settings.behind_envoy import ExtProcSettings, host_of
from ordinance.settings.judges import JudgeSettings, JudgingSettings
from ordinance.settings.named_upstreams import SERVER_NAME, NamedUpstreamSettings, faults
from ordinance.settings.reporting import AuditSettings, MetricsSettings, TraceSettings
from ordinance.settings.sections import (
    AdapterSettings,
    ConversationSettings,
    KeySettings,
    LimitSettings,
    PluginSettings,
    RouteSettings,
    Seconds,
    SpeakSettings,
    UpstreamSettings,
    VllmSettings,
    language_tag,
)
from ordinance.settings.trust import MarkSettings, TrustSettings

PREFIX = "ORDINANCE_"

#: So many different sets of houses may be named by keys.
MOST_HOUSE_SETS = 32

#: How `host` begins where it names a file.
_UNIX = "unix:"
#: A DNS name, as a `Host` header may contain it. (An IP address is allowed too.)
#: What a browser's `Origin` header contains: no path, no pattern, no `null`.
_ORIGIN = re.compile(r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)


def unix_path(host: str) -> Path | None:
    """Return the file that ``host`` names as ``unix:PATH``; None if it is an address."""
    return Path(host.removeprefix(_UNIX)) if host.startswith(_UNIX) else None


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

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **others: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing but what is given: ``sources`` has read the variables, and says what is wrong in them."""
        return (init_settings,)

    packs: list[Path] = Field(
        default_factory=list,
        description="Packs, or folders of packs, or one signed bundle (`*.bundle`) and nothing beside it; paths are "
        "relative to the settings file. The name of one of the `plugins` stands for the packs that it contains. "
        "Default: every shipped pack except house packs.",
    )
    plugins: list[PluginSettings] = Field(
        default_factory=list, description="Plugins that may run ([plugins.md](plugins.md)). Default: none."
    )
    trust: TrustSettings | None = Field(
        default=None,
        description="Whose signatures a policy needs. Default: nobody's, so that whoever can change the packs changes "
        "the policy.",
    )
    mark: MarkSettings | None = Field(
        default=None,
        description="With what the answers are signed that a law wants marked. Default: nothing; these answers are "
        "marked in their metadata, and say that they are not signed.",
    )
    judges: list[JudgeSettings] = Field(
        default_factory=list,
        description="Models that judge by meaning what a pack's words cannot say ([meaning.md](meaning.md)). Default: "
        "none; the tests `judged at least` are struck out, and shown.",
    )
    judge: JudgingSettings = Field(default=JudgingSettings(), description="What holds for all `judges`.")
    policy: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = Field(
        default=None, description="Name of the policy, as responses show it. Default: the jurisdiction."
    )
    register_url: Annotated[str, StringConstraints(pattern="^https://[^\\s#]+$")] | None = Field(
        default=None,
        description="Address of the page that `ordinance print` writes. The metadata of answers name it, and the chat "
        "page links to it: each rule is at its id, as `#DE/symbols`. Default: none.",
    )
    expect: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = Field(
        default=None,
        description="Digest that the policy for everyone must have, as `ordinance check` prints it. With another one "
        "the server does not start, and a reload keeps the last good policy. Default: any policy.",
    )
    shadow: list[Path] = Field(
        default_factory=list,
        description="Packs that are to be in force next, written as in `packs`: they judge the same traffic and change "
        "nothing; where they would have done otherwise is counted and recorded "
        "([operations.md](operations.md#the-next-policy-in-the-shadow-of-the-one-in-force)). Default: none.",
    )
    jurisdiction: str | None = Field(
        default=None,
        description="Whose law applies if the key does not say: the code of a loaded jurisdiction, such as `DE`.",
    )
    locale: str | None = Field(
        None,
        description="Language of notices, such as `de-DE`, for requests that ask for no loaded language.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on, such as `127.0.0.1`, `::1` or `::`, or a Unix socket, such as "
        "`unix:/run/ordinance/ordinance.sock`. Neither it nor `port` counts if systemd passes a socket "
        "(docs/deploying.md).",
    )
    open_without_keys: bool = Field(
        default=False,
        description="Listen where other machines reach the gateway although there are no `keys`: everyone there may "
        "send requests. Set it if something in front decides who may.",
    )
    socket_mode: Annotated[str, StringConstraints(pattern="^0?[0-7]{3}$")] = Field(
        default="0660",
        description="Permissions of the Unix socket that `host`, or `ext_proc.listen`, names, in octal: who "
        "may write to it may send requests.",
    )
    hosts: list[str] = Field(
        default_factory=list,
        description="Host names, without a port, that a request's `Host` header may contain in addition to loopback; "
        "checked only if there are no `keys`.",
    )
    cors: list[str] = Field(
        default_factory=list,
        description="Origins, such as `https://desk.example.org`, whose pages in a browser may send requests to the "
        "gateway and read its responses (CORS). Default: none. Inside vLLM, vLLM's own settings count.",
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
        default=None,
        description="Where the record of requests goes: a path, `postgresql://…` or a section. Default: standard "
        "error.",
    )
    objections: Path | None = Field(
        default=None,
        description="File in which `ordinance objection` counts objections to what rules did. Default: none.",
    )
    metrics: MetricsSettings = Field(default=MetricsSettings(), description="Numbers for Prometheus.")
    traces: TraceSettings = Field(default=TraceSettings(), description="Traces for OpenTelemetry.")
    log: Literal["text", "json"] = Field(
        default="text",
        description="How standard error reports what an operator should know: as text, or as a JSON object a line with "
        "`time`, `level` (`info`, `warning`, `error`), `pid` and `message`. The record of requests has its own form.",
    )
    conversation: ConversationSettings = Field(
        default=ConversationSettings(), description="What Ordinance remembers of conversations."
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
    upstream: UpstreamSettings | None = Field(default=None, description="The inference server, if there is one.")
    upstreams: dict[str, NamedUpstreamSettings] = Field(
        default_factory=dict,
        description="Several inference servers by name, instead of `upstream`; the requested model decides which of "
        "them is asked ([upstreams.md](upstreams.md)). For the gateway only.",
    )
    limits: LimitSettings = Field(default=LimitSettings(), description="Limits on size, number and time.")
    routes: RouteSettings = Field(default=RouteSettings(), description="Routes that are closed unless you open them.")
    vllm: VllmSettings = Field(default=VllmSettings(), description="Settings for Ordinance inside vLLM (docs/vllm.md).")
    ext_proc: ExtProcSettings = Field(
        default=ExtProcSettings(), description="Settings for Ordinance behind an Envoy (docs/envoy.md)."
    )
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
    def is_open(self) -> bool:
        """Return whether everyone on other machines may send requests, and nobody has said that this is meant."""
        exposed = unix_path(self.host) is None and not is_loopback(self.host)
        return exposed and not self.keys and not self.open_without_keys

    @property
    def watermarked(self) -> bool | None:
        """Return whether the server behind has a watermark, as the operator says; None if they say nothing."""
        return True if self.mark is not None and self.mark.watermark else None

    @property
    def is_open_to_envoys(self) -> bool:
        """Return whether anyone on other machines may speak as Envoy, and nobody has said that this is meant."""
        host, ours = host_of(self.ext_proc.listen), self.ext_proc
        exposed = host is not None and not is_loopback(host)
        return exposed and ours.secured is None and not ours.open_without_tls

    @property
    def shows_chat(self) -> bool:
        """Return whether the page at ``/chat`` is offered."""
        return not self.keys and is_loopback(self.host) if self.chat is None else self.chat

    @field_validator("host")
    @classmethod
    def _is_absolute(cls, host: str) -> str:
        path = unix_path(host)
        if path is not None and not path.is_absolute():
            raise ValueError("must name the socket from the root: unix:/run/ordinance/ordinance.sock")
        return host

    @field_validator("locale")
    @classmethod
    def _is_a_tag(cls, locale: str | None) -> str | None:
        return None if locale is None else language_tag(locale)

    @model_validator(mode="before")
    @classmethod
    def _is_not_lost(cls, given: Any) -> Any:
        """Refuse a `trust` that says nothing: whoever writes it wants something verified."""
        if isinstance(given, Mapping) and "trust" in given and given["trust"] is None:
            raise _at(("trust",), "is empty, so nothing would be verified; write its `root`, or remove the key")
        return given

    @field_validator("hosts")
    @classmethod
    def _are_names(cls, hosts: list[str]) -> list[str]:
        for number, host in enumerate(hosts):
            if not _NAME.fullmatch(host) and not _is_address(host):
                raise _at((number,), "must be a name or an address without a port or a pattern: chat.example.org")
        return hosts

    @field_validator("cors")
    @classmethod
    def _are_origins(cls, origins: list[str]) -> list[str]:
        for number, origin in enumerate(origins):
            if not _ORIGIN.fullmatch(origin):
                raise _at((number,), "must be an origin as browsers send it, in lower case: https://desk.example.org")
        return origins

    @field_validator("judges")
    @classmethod
    def _are_named_apart(cls, judges: list[JudgeSettings]) -> list[JudgeSettings]:
        for number, judge in enumerate(judges):
            if judge.name in {each.name for each in judges[:number]}:
                raise _at((number, "name"), "another of the `judges` has this name")
        return judges

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

    @model_validator(mode="after")
    def _metrics_are_apart(self) -> Settings:
        """Keep apart what clients ask with keys, and metrics, which need none."""
        if self.metrics.port and self.metrics.port == self.port and unix_path(self.host) is None:
            raise _at(("metrics", "port"), "must be another port than `port`, which is for requests")
        return self

    @field_validator("upstreams")
    @classmethod
    def _are_server_names(cls, upstreams: dict[str, NamedUpstreamSettings]) -> dict[str, NamedUpstreamSettings]:
        for name in upstreams:
            if not SERVER_NAME.fullmatch(name):
                raise _at((name,), "the name must have small letters, digits, '_' and '-', at most 63, a letter first")
        return upstreams

    @model_validator(mode="after")
    def _servers_fit(self) -> Settings:
        if self.upstream is not None and self.upstreams:
            raise _at(("upstreams",), "`upstream` is set too, on its own or by a flag; keep one of them")
        for name, fault in faults(self.upstreams):
            raise _at(("upstreams", name, "fallback"), fault)
        return self

    @field_validator("adapters")
    @classmethod
    def _are_tags(cls, adapters: dict[str, AdapterSettings]) -> dict[str, AdapterSettings]:
        for tag in adapters:
            if not langcodes.tag_is_valid(tag) or langcodes.standardize_tag(tag) != tag:
                raise ValueError(f"'{tag}' is not a language tag in its usual form; write it like et or de-CH")
        return adapters
