"""The sections of the operator's settings about judges ([meaning.md](../../../docs/meaning.md))."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from ordinance.settings.sections import Seconds, Section

Url = Annotated[str, StringConstraints(pattern="^[Hh][Tt][Tt][Pp][Ss]?://")]


class JudgeSettings(Section):
    """A model that says whether a text breaks a rule by its meaning ([meaning.md](meaning.md)). A plugin asks it, which
    `plugins` has to list; it may connect to the judge's address without naming it in `network`."""

    name: Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_-]{0,62}$")] = Field(
        description="Name of the judge, as `/ready`, `ordinance check` and the log show it."
    )
    url: Url | Annotated[list[Url], Field(min_length=1, max_length=8)] | None = Field(
        default=None,
        description="Base URL of its OpenAI-compatible server, a trailing `/v1` is optional; or a list of replicas. "
        "Default: none, for a plugin that contains its model.",
    )
    model: str = Field(
        default="",
        description="Name of the model, exactly as its server's answers say it. An answer of another model is a fault.",
    )
    renderer: str = Field(
        default="",
        description="How the model is asked. Of `judge.served`: `question`, `policy`, `labels` or `taxonomy`.",
    )
    calibration: Path | None = Field(
        default=None,
        description="File that `ordinance calibrate` wrote for this judge; a path is relative to the settings file. "
        "Default: none, so that the judge only records, unless `judge.uncalibrated` says otherwise.",
    )
    seconds: Seconds = Field(
        default=1, description="How long one call may take before the judge counts as late (seconds)."
    )
    by: Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*[.][a-z][a-z0-9_]*$")] = Field(
        default="judge.served", description="Which judge of a plugin asks the model. Default: that of ordinance-judge."
    )
    labels: dict[str, list[str]] = Field(
        default_factory=dict,
        description="With `renderer: taxonomy`, which rules each category of the model means: "
        "`{S9: [baseline/weapons]}`. Write only what you would sign.",
    )
    window: int = Field(
        default=8000,
        ge=1000,
        le=200_000,
        description="Most characters of a text that the judge is shown at once. A longer text is judged in windows, of "
        "which each has the last 500 characters of the one before.",
    )

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the addresses of the replicas, none where the plugin contains its model."""
        return () if self.url is None else (self.url,) if isinstance(self.url, str) else tuple(self.url)

    @field_validator("url")
    @classmethod
    def _are_plain(cls, url: str | list[str] | None) -> str | list[str] | None:
        for each in [url] if isinstance(url, str) else url or []:
            parts = urlsplit(each)
            if not parts.hostname or parts.query or parts.fragment:
                raise ValueError("must look like http://127.0.0.1:8001")
            if parts.username or parts.password:
                raise ValueError("must not contain a password; give the plugin its `key`")
        return url

    @model_validator(mode="after")
    def _names_a_model(self) -> JudgeSettings:
        if self.url is not None and not (self.model and self.renderer):
            raise ValueError("`url` needs `model` and `renderer`")
        return self


class JudgingSettings(Section):
    """What holds for all `judges`."""

    uncalibrated: Literal["record", "act"] = Field(
        default="record",
        description="What a judge does where no calibration covers the rule and the language of the text: `record` "
        "what it would have done, or `act` on its raw score.",
    )
    at_once: int = Field(
        default=64,
        ge=1,
        le=1024,
        description="Most calls to each judge that may be under way, in each serving process. Beyond it, new requests "
        "get status 429, `judge_busy`, before the model is asked.",
    )
    shown: bool = Field(
        default=False,
        description="Whether the metadata of answers name the rules on trial that would have fired (`trials`), and the "
        "chat page shows them. For trying out: it helps whoever probes a policy.",
    )
