"""Where a server cannot listen, and what it says."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ordinance.errors import ServeError, SettingsError
from ordinance.serve.http.listener import listen
from ordinance.settings.sources import load

pytestmark = pytest.mark.server


def test_a_path_that_is_too_long_is_told_with_the_bound(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"the kernel takes 107") as told:
        listen(f"unix:{tmp_path / ('x' * 120)}", 0)
    assert "shorter path" in str(told.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"cannot be made: No such file") as told:
        listen(f"unix:{tmp_path / 'none' / 's'}", 0)
    assert "RuntimeDirectory=" in str(told.value)


def test_a_file_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_text("dear")
    with pytest.raises(ServeError, match="is no socket"):
        listen(f"unix:{path}", 0)
    assert path.read_text() == "dear"


def test_a_full_line_is_another_server_too(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as waits:
        other.bind(str(path))
        other.listen(0)
        waits.connect(str(path))
        with pytest.raises(ServeError, match="another server listens"):
            listen(f"unix:{path}", 0)


def test_only_its_own_file_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "s"
    first = listen(f"unix:{path}", 0)
    first.socket.close()
    second = listen(f"unix:{path}", 0)
    first.close()
    assert path.exists()
    second.close()
    assert not path.exists()


def test_the_mask_of_the_process_is_as_before(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        made = listen(f"unix:{tmp_path / 's'}", 0, 0o666)
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o666
        made.close()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_port_that_this_user_may_not_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ServeError, match="may not listen on port 443") as told:
        listen("127.0.0.1", 443)
    assert "let systemd open it" in str(told.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("host: unix:ordinance.sock", "from the root"),
        ("socket_mode: 660", "socket_mode"),
        ("socket_mode: 0999", "socket_mode"),
    ],
)
def test_settings_that_name_no_socket_are_told(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(f"{line}\n")
    with pytest.raises(SettingsError, match=said):
        load({}, tmp_path / "s.yaml")
