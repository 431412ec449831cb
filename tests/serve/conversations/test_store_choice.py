"""Where conversations are remembered, and the secret that makes their keys."""

from __future__ import annotations

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ordinance.errors import ServeError
from ordinance.serve.conversations import store_choice
from ordinance.serve.conversations.conversation_key import Beginning
from ordinance.serve.conversations.store_choice import recollection
from ordinance.settings import sources
from ordinance.settings.sections import ConversationSettings

BEGAN = Beginning("", b"question", b"answer")


def settings(**given: Any) -> ConversationSettings:
    return ConversationSettings.model_validate(given)


def remember(where: ConversationSettings, environment: dict[str, str]) -> None:
    async def keep() -> None:
        memory = recollection(where, environment)
        assert memory is not None
        await memory.keep("", [BEGAN], {"EU/machine"}, datetime.now(UTC))
        await memory.close()

    asyncio.run(keep())


def count(where: ConversationSettings, environment: dict[str, str]) -> int:
    async def ask() -> int:
        memory = recollection(where, environment)
        assert memory is not None
        found = await memory.count(datetime.now(UTC))
        await memory.close()
        return found

    return asyncio.run(ask())


@pytest.mark.parametrize("chosen", ["state", "xdg", "setting"])
def test_it_is_a_file_where_a_service_keeps_its_state(tmp_path: Path, chosen: str) -> None:
    state, home = tmp_path / "state", tmp_path / "home"
    where, environment, file = {
        "state": (settings(), {"STATE_DIRECTORY": f"{state}:/other", "XDG_STATE_HOME": str(home)}, state),
        "xdg": (settings(), {"XDG_STATE_HOME": str(home)}, home / "ordinance"),
        "setting": (settings(store=f"sqlite:{tmp_path}/conversations.sqlite"), {}, tmp_path),
    }[chosen]
    remember(where, environment)
    assert count(where, environment) == 1
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.iterdir() if path.is_file()}
    assert made == {"conversations.sqlite": 0o600, "conversations.sqlite.secret": 0o600}


def test_without_a_folder_it_is_this_process_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert count(settings(), {}) == 0
    assert capsys.readouterr().err.startswith("ordinance: conversations are remembered in this process alone")


def test_none_remembers_nothing() -> None:
    assert recollection(settings(store="none"), {"STATE_DIRECTORY": "/nowhere"}) is None


def test_processes_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    file = tmp_path / "a" / "secret"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: store_choice._secret(file, make=True), range(32)))
    assert len(made) == 1
    assert [path.name for path in file.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("wrong", ["missing", "short", "folder"])
def test_a_secret_that_cannot_be_used_is_an_error_with_a_way_out(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "secret"
    if wrong == "short":
        file.write_text("abc\n")
    if wrong == "folder":
        file.mkdir()
    with pytest.raises(ServeError) as error:
        recollection(settings(store="redis://127.0.0.1:1/0", secret_file=str(file)), {})
    assert str(file) in error.value.message
    assert "head -c 32 /dev/urandom" in error.value.help


@pytest.mark.parametrize(
    "given",
    [
        {"store": "here"},
        {"store": "sqlite:"},
        {"store": "mysql://x/y"},
        {"store": "redis://127.0.0.1:6379/0"},
        {"store": "postgresql://u:a-password@h/d"},
        {"days": 0},
    ],
)
def test_settings_that_cannot_be(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        settings(**given)
    assert "a-password" not in str(error.value)


def test_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text("conversation: {store: 'sqlite:state/c.sqlite', secret_file: secret}\n")
    read = sources.load({}, file).conversation
    assert read.store is not None
    assert read.store.get_secret_value() == f"sqlite:{tmp_path}/state/c.sqlite"
    assert read.secret_file == tmp_path / "secret"
