"""From the folder alone, in a place without a network, to an image, and from that to a governed chat.

The one thing besides is a base image with Python. Here it is Debian's own, made by mmdebstrap and kept in
``.venv/airgap``. buildah needs no daemon; its isolation `chroot` needs no container runtime.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from airgap.conftest import ASK, CANARY
from support.checkout import ROOT
from support.isolated import Isolated

pytestmark = [
    pytest.mark.server, pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="an image of several users is built as root"),
]  # fmt: skip

#: What a container runtime does with `--read-only --cap-drop all --tmpfs /tmp --volume SETTINGS:/etc/ordinance`, and
#: without a network of its own. Words: the root, the settings, the user, the command.
_CONTAINED = """
mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && mount -t tmpfs none "$1/tmp"
mount --bind /dev "$1/dev" && mount --bind "$2" "$1/etc/ordinance"
root=$1 user=$3
shift 3
exec setpriv --no-new-privs --bounding-set=-all,+setuid,+setgid,+sys_chroot \\
    chroot --userspec="$user" --groups= "$root" "$@"
"""
#: An inference server that says again what it is asked.
_ECHO = """
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
class Echo(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = {"role": "assistant", "content": asked["messages"][-1]["content"]}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        said = json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())
server = HTTPServer(("127.0.0.1", 8000), Echo)
print("ready", flush=True)
server.serve_forever()
"""


class Builder:
    """buildah in that place, with a storage of its own."""

    def __init__(self, apart: Isolated, folder: Path) -> None:
        self._apart = apart
        program = shutil.which("buildah")
        assert program, "buildah is missing: make test-airgap installs it"
        storage = ["--root", str(folder / "images"), "--runroot", str(folder / "running"), "--storage-driver", "vfs"]
        self._words = [program, *storage]

    def run(self, *words: str | Path) -> str:
        """Run it, and return what it printed."""
        done = self._apart.run(*self._words, *words, root=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def build(self, context: Path, file: Path, name: str, *words: str) -> str:
        """Build an image and return its id."""
        self.run("build", "--isolation", "chroot", "--timestamp", "0", "--file", file, "--tag", name, *words, context)
        return self.run("images", "--quiet", "--no-trunc", name)


@pytest.fixture(scope="module")
def builder(apart: Isolated, top: Path) -> Iterator[Builder]:
    """A builder that has an image with Python."""
    kept = ROOT / ".venv" / "airgap" / "base.tar"
    if not kept.exists():
        new = kept.with_suffix(".new.tar")
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3", "bookworm", str(new)], check=True
        )
        new.rename(kept)
    folder = top / "builder"
    context = folder / "base"
    context.mkdir(parents=True)
    shutil.copy(kept, context)
    (context / "Containerfile").write_text("FROM scratch\nADD base.tar /\n")
    found = Builder(apart, folder)
    found.build(context, context / "Containerfile", "localhost/python")
    yield found
    shutil.rmtree(folder)


def build(builder: Builder, made: Path, name: str) -> str:
    file = made / "container" / "gateway.Containerfile"
    return builder.build(made, file, name, "--build-arg", "PYTHON=localhost/python")


@pytest.fixture(scope="module")
def image(builder: Builder, made: Path) -> str:
    return build(builder, made, "localhost/ordinance")


@pytest.fixture(scope="module")
def root(builder: Builder, image: str) -> Path:
    """The files of a container."""
    return Path(builder.run("mount", builder.run("from", image)))


def test_the_same_folder_gives_the_same_image(builder: Builder, made: Path, image: str) -> None:
    assert build(builder, made, "localhost/again") == image


def test_it_is_in_the_image_once(root: Path) -> None:
    assert (root / "opt" / "ordinance").is_symlink()
    assert len(list((root / "opt").rglob("site-packages"))) == 1


def test_bytecode_is_good_whatever_a_builder_does_with_times(root: Path) -> None:
    compiled = list((root / "opt").rglob("*.pyc"))
    assert len(compiled) > 1000
    assert {path.read_bytes()[4] for path in compiled} == {3}, "by the hash of the source, which is checked: PEP 552"


def test_it_chats_as_nobody_with_a_root_that_cannot_be_written(
    builder: Builder, image: str, root: Path, apart: Isolated, top: Path
) -> None:
    settings = top / "settings"
    settings.mkdir()
    settings.chmod(0o755)
    served = {"jurisdiction": "DE", "upstream": {"url": "http://127.0.0.1:8000/v1"}, "port": 8089}
    (settings / "ordinance.yaml").write_text(json.dumps(served))
    (root / "etc" / "ordinance").mkdir()
    config = json.loads(builder.run("inspect", "--type", "image", image))["OCIv1"]["config"]
    assert config["User"] == "65532:65532"

    def contained(*command: str) -> list[str]:
        words = ["unshare", "--mount", "sh", "-ec", _CONTAINED, "sh", str(root), str(settings), config["User"]]
        return [*words, "env", "-i", *config["Env"], *command]

    with apart.start(*contained("python3", "-c", _ECHO), root=True) as echo:
        try:
            assert echo.stdout is not None
            assert echo.stdout.readline() == "ready\n"
            with apart.start(*contained(*config["Entrypoint"], *config["Cmd"]), root=True) as gateway:
                try:
                    assert gateway.stdout is not None
                    lines = iter(gateway.stdout.readline, "")
                    url = next((each[1] for line in lines if (each := re.search(r"listening on (\S+),", line))), None)
                    assert url, gateway.stderr and gateway.stderr.read()
                    asked = contained("python3", "-c", ASK, f"{url}/v1/chat/completions", f"Good. {CANARY}. Bye.")
                    done = apart.run(*asked, root=True)
                    written = apart.run(*contained("touch", "/opt/x"), root=True)
                    status = Path(f"/proc/{gateway.pid}/status").read_text("utf-8")
                finally:
                    gateway.send_signal(signal.SIGTERM)
                    gateway.communicate()
        finally:
            echo.kill()
    assert "section 86a" in done.stdout, done.stderr
    assert CANARY not in done.stdout
    assert "Read-only file system" in written.stderr
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    assert re.search(r"^Uid:\t65532\t65532\t65532\t65532$", status, re.MULTILINE)
