"""What a server must be before it comes up governed: the real ones are in tests/vllm and tests/on_ray."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ordinance.errors import ServeError
from ordinance.serve.account import account, ray_sends_statistics
from ordinance.settings.sections import VllmSettings


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_NO_USAGE_STATS", "1")


def route(path: str, *methods: str) -> Any:
    return SimpleNamespace(path=path, methods=set(methods))


def application(*routes: Any) -> Any:
    return SimpleNamespace(routes=routes)


def test_usage_statistics_of_ray_are_on_unless_somebody_turned_them_off(tmp_path: Path) -> None:
    assert ray_sends_statistics({}, tmp_path)
    assert ray_sends_statistics({"RAY_USAGE_STATS_ENABLED": "1"}, tmp_path)
    assert not ray_sends_statistics({"RAY_USAGE_STATS_ENABLED": "0"}, tmp_path)
    (tmp_path / ".ray").mkdir()
    for text, sends in (('{"usage_stats": false}', False), ('{"usage_stats": true}', True), ("[]", True), ("{", True)):
        (tmp_path / ".ray" / "config.json").write_text(text, "utf-8")
        assert ray_sends_statistics({}, tmp_path) is sends, text
    assert ray_sends_statistics({"RAY_USAGE_STATS_ENABLED": "1"}, tmp_path), "the variable counts first"


def test_a_server_in_a_ray_that_sends_them_does_not_come_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    account(application(), VllmSettings())
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    with pytest.raises(ServeError, match="Ray would send usage statistics") as raised:
        account(application(), VllmSettings())
    assert "RAY_USAGE_STATS_ENABLED=0" in raised.value.help
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    account(application(), VllmSettings())


def test_a_parameter_with_slashes_is_the_listed_one() -> None:
    account(application(route("/v1/models/{model:path}", "GET", "HEAD")), VllmSettings())
    with pytest.raises(ServeError, match=r"GET /v1/files/\{name\}"):
        account(application(route("/v1/files/{name:path}", "GET")), VllmSettings())


def test_routers_that_are_kept_whole_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """As FastAPI keeps them from version 0.137 on, with a function that lists what is in them."""
    router = SimpleNamespace(inside=[route("/v1/chat/completions", "POST"), route("/more", "GET")])

    def listing(routes: Iterable[Any]) -> list[Any]:
        return [each for found in routes for each in getattr(found, "inside", [found])]

    with pytest.raises(ServeError, match="ANY SimpleNamespace"):
        account(application(router), VllmSettings())
    monkeypatch.setitem(sys.modules, "fastapi.routing", SimpleNamespace(iter_route_contexts=listing))
    with pytest.raises(ServeError, match=r"does not know: GET /more\."):
        account(application(router), VllmSettings())
    account(application(router), VllmSettings(closed_routes=["/more"]))
