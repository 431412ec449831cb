"""Which numbers there are: the one table of metrics. Names and labels are a contract (docs/metrics.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram", "summary"]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its ``name``, its ``kind`` in Prometheus, the names of its ``labels``, and what it ``means``, as help
    and manual say it. ``bounds`` are the upper bounds of a histogram's buckets. ``joined`` says what the processes of
    one gateway make together: a sum, the largest or the smallest."""

    name: str
    kind: Kind
    means: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    joined: Literal["sum", "max", "min"] = "sum"


_OF_A_MODEL = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
_OURS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CHARACTERS = (0.0, 4.0, 16.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0)

ANSWERS = Family(
    "ordinance_answers_total",
    "counter",
    "Answers that were governed, refusals included, by whose law applied (`none`: the charter alone), the verdict and "
    "the API.",
    ("jurisdiction", "verdict", "api"),
)
RULES = Family(
    "ordinance_rules_total",
    "counter",
    "Answers in which a rule acted, by what it does; `trial` if it is on trial and would have acted.",
    ("rule", "effect"),
)
ASKED_AGAIN = Family(
    "ordinance_asked_again_total",
    "counter",
    "Whole answers that were asked for once more because the first was not spoken as a pack wants it, by which one was "
    "released: `first` or `second`.",
    ("released",),
)
FAILURES = Family(
    "ordinance_failures_total",
    "counter",
    "What went wrong, by kind: the code of a problem, or one of `client_gone`, `detector`, `judge`, `ledger`, "
    "`shadow_failed`.",
    ("kind",),
)
UPSTREAM = Family(
    "ordinance_upstream_seconds",
    "histogram",
    "How long the model server took for an answer, from the request to the answer's end.",
    bounds=_OF_A_MODEL,
)
UPSTREAM_UP = Family(
    "ordinance_upstream_up",
    "gauge",
    "1 while this server of `upstreams` answers, 0 while a process has found that it does not.",
    ("upstream",),
    joined="min",
)
UPSTREAM_OPEN = Family(
    "ordinance_upstream_open", "gauge", "Requests that a server of `upstreams` has now.", ("upstream",)
)
UPSTREAM_REQUESTS = Family(
    "ordinance_upstream_requests_total", "counter", "Requests that were sent to a server of `upstreams`.", ("upstream",)
)
UPSTREAM_FAILURES = Family(
    "ordinance_upstream_failures_total",
    "counter",
    "Requests that a server of `upstreams` failed before its answer began, by the code of the problem.",
    ("upstream", "kind"),
)
UPSTREAM_FURTHER = Family(
    "ordinance_upstream_fallbacks_total",
    "counter",
    "Requests that a server of `upstreams` got because another one failed, or in the place of another model.",
    ("upstream",),
)
ADDED = Family(
    "ordinance_added_seconds",
    "histogram",
    "How long Ordinance worked on an answer, before and while the model server gave it, time that plugins and judges "
    "took included.",
    bounds=_OURS,
)
HELD = Family(
    "ordinance_held_characters",
    "histogram",
    "The most characters of a streamed answer that waited at once; only of answers from which nothing was removed.",
    bounds=_CHARACTERS,
)
STREAMS = Family("ordinance_streams", "gauge", "Streamed answers that run now.")
AUDIT_LOST = Family(
    "ordinance_audit_lost_total", "counter", "Records of requests that could not be written and are lost."
)
AUDIT_FAILING = Family(
    "ordinance_audit_failing", "gauge", "1 while records cannot be written, or wait too long.", joined="max"
)
SINK_LOST = Family(
    "ordinance_sink_lost_total", "counter", "Copies of records that a plugin's sink did not take in time.", ("sink",)
)
POLICY = Family(
    "ordinance_policy_info", "gauge", "1 for the digest of each policy that is in force.", ("digest",), joined="max"
)
POLICY_AGE = Family(
    "ordinance_policy_age_seconds",
    "gauge",
    "Time since the policies in force were last read without an error; of several processes, the longest.",
    joined="max",
)
POLICY_STALE = Family(
    "ordinance_policy_stale",
    "gauge",
    "1 while the policies or keys that were to replace those in force do not load.",
    joined="max",
)
SHADOW_ANSWERS = Family(
    "ordinance_shadow_answers_total",
    "counter",
    "Answers that the shadow policy judged too, by what it would have made of them: `same`, `stricter`, `looser` or "
    "`different`.",
    ("change",),
)
SHADOW_RULES = Family(
    "ordinance_shadow_rules_total",
    "counter",
    "Answers in which a rule fired under one policy alone: `added` under the shadow policy, `gone` under the one in "
    "force.",
    ("rule", "change"),
)
SHADOW = Family(
    "ordinance_shadow_info", "gauge", "1 for the digest of the shadow policy, while it judges.", ("digest",),
    joined="max",
)  # fmt: skip
CONVERSATIONS_FAILING = Family(
    "ordinance_conversations_failing",
    "gauge",
    "1 while the notices of conversations cannot be remembered.",
    joined="max",
)
PLUGIN_SECONDS = Family(
    "ordinance_plugin_seconds", "summary", "How long a plugin's answers took, and how many there were.", ("plugin",)
)
PLUGIN_FAULTS = Family(
    "ordinance_plugin_faults_total",
    "counter",
    "Questions that a plugin failed, and processes of it that ended by themselves.",
    ("plugin",),
)
PLUGIN_FAILING = Family(
    "ordinance_plugin_failing",
    "gauge",
    "1 while a plugin does not run, or says that something is wrong.",
    ("plugin",),
    joined="max",
)
JUDGE_SECONDS = Family(
    "ordinance_judge_seconds", "histogram", "How long a judge took for a question.", ("judge",), bounds=_OURS
)
SPANS_LOST = Family(
    "ordinance_spans_lost_total", "counter", "Spans of traces that the collector refused, or did not take in time."
)
PROCESSES = Family("ordinance_processes", "gauge", "Processes that serve.")
BUILD = Family("ordinance_build_info", "gauge", "1 for the version of Ordinance that runs.", ("version",), joined="max")

FAMILIES = (
    ANSWERS, ASKED_AGAIN, RULES, FAILURES, UPSTREAM, UPSTREAM_UP, UPSTREAM_OPEN, UPSTREAM_REQUESTS, UPSTREAM_FAILURES,
    UPSTREAM_FURTHER, ADDED, HELD, STREAMS, AUDIT_LOST, AUDIT_FAILING, SINK_LOST, POLICY, POLICY_AGE,
    POLICY_STALE, SHADOW_ANSWERS, SHADOW_RULES, SHADOW, CONVERSATIONS_FAILING, PLUGIN_SECONDS, PLUGIN_FAULTS,
    PLUGIN_FAILING, JUDGE_SECONDS, SPANS_LOST, PROCESSES, BUILD,
)  # fmt: skip

BY_NAME = {family.name: family for family in FAMILIES}

#: Kinds of failures that are no problem of a request's own.
CLIENT_GONE, DETECTOR, JUDGE, LEDGER, SHADOW_FAILED = "client_gone", "detector", "judge", "ledger", "shadow_failed"

#: Every kind of failure, so that each is shown from the start as 0: an alert on the first of its kind would miss it
#: otherwise. The codes are those of ``Problem``.
FAILURE_KINDS = (
    CLIENT_GONE, DETECTOR, JUDGE, LEDGER, "adapter_missing", "audit_unavailable", "body_too_large", "busy",
    "closed_door", "envoy_misconfigured", "envoy_refused", "field_refused", "internal_error", "invalid_api_key",
    "invalid_request", "judge_busy", "media_type", "method_not_allowed", "model_not_found", "other_host",
    "part_refused", "parts_too_large", "prompt_refused", "rate_limit_exceeded", "request_timeout", SHADOW_FAILED,
    "stopping", "two_lengths", "upstream_busy",
    "upstream_certificate", "upstream_denied", "upstream_failed", "upstream_malformed", "upstream_refused",
    "upstream_timeout", "upstream_truncated", "upstream_unreachable",
)  # fmt: skip
