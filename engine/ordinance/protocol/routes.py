"""The one list of routes: what an inference server may open to clients, and what Ordinance does with each.

Deny by default: a route that is not in the list is closed. The list decides at run time (``serve/door/router.py`` is
made from it), it says which routes a vLLM may have when it starts, and at which ``ordinance doctor`` knocks. Read from
the sources of vLLM 0.18 to 0.32 (every router, those that need a flag or an environment variable among them).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

#: Paths that other parts name too.
CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
RESPONSES, MESSAGES = "/v1/responses", "/v1/messages"
MODELS, COUNT = "/v1/models", "/v1/messages/count_tokens"
MODEL = "/v1/models/{model}"
EMBEDDINGS = "/v1/embeddings"
HEALTH, READY = "/health", "/ready"


class Treatment(Enum):
    """What happens at a route.

    ``GOVERNED``: its answers are text, and go through a session. ``READ``: its answer is read into a few known fields
    and written anew, or is Ordinance's own. ``PASSED``: inside vLLM it goes to the server as it came, since it can
    carry no text that a model said or was told; the gateway, which relays nothing, answers ``/health`` itself and
    closes the others. ``SCREENED``: closed, unless the operator opens it (the setting ``routes``); then what is asked
    is screened, and of the answer vectors and counts pass. ``CLOSED``: nobody comes through.
    """

    GOVERNED = "governed"
    READ = "read"
    PASSED = "passed"
    SCREENED = "screened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` may hold ``{names}``, as routers write them. ``why`` is the reason for a treatment, in a few words."""

    path: str
    methods: tuple[str, ...]
    treatment: Treatment
    why: str


_POST = ("POST",)
_GET = ("GET",)


def _listed() -> Iterator[Route]:
    yield from _each(Treatment.GOVERNED, "a model's answer", _POST, f"{CHAT} {COMPLETIONS} {RESPONSES} {MESSAGES}")
    yield from _each(Treatment.READ, "names of models", _GET, f"{MODELS} {MODEL}")
    yield from _each(Treatment.READ, "which policy is in force; Ordinance answers it itself", _GET, READY)
    yield from _each(Treatment.READ, "a number of tokens", _POST, COUNT)
    yield from _each(Treatment.PASSED, "whether it lives", _GET, f"{HEALTH} /ping")
    yield from _each(Treatment.PASSED, "whether it lives", _POST, "/ping")
    yield from _each(Treatment.PASSED, "numbers for the operator", _GET, "/metrics /load /version")
    closed = Treatment.CLOSED
    yield from _each(closed, "the same answers under another name, without the API key", _POST, "/invocations")
    yield from _each(
        closed,
        "answers in a protocol that is not governed",
        _POST,
        "/v1/chat/completions/batch /generate /generative_scoring /v1/systemone /inference/v1/generate /cohere/v2/chat",
    )
    yield from _each(closed, "answers that were stored, ungoverned", _GET, "/v1/responses/{response_id}")
    yield from _each(closed, "answers that were stored, ungoverned", _POST, "/v1/responses/{response_id}/cancel")
    yield from _each(
        closed,
        "prompts as the template writes them, and tokens back into text",
        _POST,
        "/tokenize /detokenize /v1/chat/completions/render /v1/completions/render /v1/messages/render "
        "/v1/responses/render /cohere/v2/chat/render /v1/chat/completions/derender /v1/completions/derender",
    )
    yield from _each(closed, "the tokenizer and its template", _GET, "/tokenizer_info")
    yield from _each(closed, "speech into text", _POST, "/v1/audio/transcriptions /v1/audio/translations")
    yield from _each(closed, "speech into text, over a websocket", ("WEBSOCKET",), "/v1/realtime")
    yield from _each(
        closed,
        "vectors and scores, some with the text beside them",
        _POST,
        "/pooling /classify /score /v1/score /rerank /v1/rerank /v2/rerank /v2/embed",
    )
    yield from _each(Treatment.SCREENED, "vectors, from which nobody reads a text", _POST, EMBEDDINGS)
    yield from _each(closed, "which models the server runs", _POST, "/v1/load_lora_adapter /v1/unload_lora_adapter")
    yield from _each(closed, "which models the server runs", _GET, "/adapters")
    yield from _each(closed, "which models the server runs", _POST, "/adapters")
    yield from _each(closed, "which models the server runs", ("DELETE",), "/adapters/{adapter_name}")
    yield from _each(
        closed,
        "the operator's own, not for clients",
        _POST,
        "/abort_requests /inference/v1/abort_requests /collective_rpc /sleep /wake_up /release_kv_cache_memory "
        "/reset_prefix_cache /reset_mm_cache /reset_encoder_cache /scale_elastic_ep /is_scaling_elastic_ep "
        "/start_profile /stop_profile /pause /resume /init_weight_transfer_engine /shutdown_weight_transfer_engine "
        "/start_weight_update /start_draft_weight_update /update_weights /finish_weight_update "
        "/update_weight_version /weight_checker /fault_tolerance/apply",
    )
    yield from _each(
        closed,
        "the operator's own, not for clients",
        _GET,
        "/readyz /server_info /is_sleeping /is_paused /weight_info /get_world_size /kv_event_sources "
        "/fault_tolerance/status",
    )
    yield from _each(
        closed,
        "pages about the server",
        ("GET", "HEAD"),
        "/openapi.json /docs /docs/oauth2-redirect /redoc /static",
    )


def _each(treatment: Treatment, why: str, methods: tuple[str, ...], paths: str) -> Iterator[Route]:
    return (Route(path, methods, treatment, why) for path in paths.split())


ROUTES: tuple[Route, ...] = tuple(_listed())

#: The paths of the APIs that are governed.
GOVERNED = tuple(route.path for route in ROUTES if route.treatment is Treatment.GOVERNED)

_BY_DOOR = {(method, route.path): route for route in ROUTES for method in route.methods}
_PATHS = frozenset(route.path for route in ROUTES)


def treatment(method: str, path: str) -> Treatment:
    """Return what happens to a request. ``path`` is the requested one; a path that contains parameters' names is
    closed."""
    route = _BY_DOOR.get((method, as_listed(path)))
    return Treatment.CLOSED if route is None else route.treatment


def as_listed(path: str) -> str:
    """Return a requested ``path`` as the list has it: of one model, whose name may have slashes, with the parameter."""
    return MODEL if path.startswith(f"{MODELS}/") else path


def is_listed(path: str, method: str | None = None) -> bool:
    """Return whether a server's route, as its router writes it, is accounted for; without a ``method``, any of the
    path."""
    return path in _PATHS if method is None else (method, path) in _BY_DOOR
