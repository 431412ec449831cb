"""What cannot be installed is refused before anything is written, in words that say what to do."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path

import pytest

from support.isolated import Isolated, linked, replace

pytestmark = [pytest.mark.server, pytest.mark.slow]


def refused(apart: Isolated, *command: str | Path, root: bool = False) -> str:
    """The complaint, which has no traceback; nothing is left at the prefix."""
    done = apart.run(*command, root=root)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert all(line.startswith("ordinance: ") for line in done.stderr.splitlines()), done.stderr
    assert not (apart.home / "refused").exists()
    return done.stderr


@pytest.fixture
def to(apart: Isolated) -> list[str | Path]:
    return ["--prefix", apart.home / "refused"]


@pytest.fixture
def copy(made: Path, tmp_path: Path, top: Path) -> Path:
    return linked(made, top / tmp_path.name)


def test_a_wheel_that_was_changed(copy: Path, apart: Isolated, to: list[str | Path]) -> None:
    (wheel,) = copy.glob("wheels/aiosignal-*.whl")
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    replace(wheel, bytes(content))
    said = refused(apart, "sh", copy / "install.sh", *to)
    assert f"changed: wheels/{wheel.name}" in said
    assert "Nothing was installed" in said


def test_a_wheel_that_is_missing(copy: Path, apart: Isolated, to: list[str | Path]) -> None:
    (wheel,) = copy.glob("wheels/aiosignal-*.whl")
    wheel.unlink()
    assert f"missing or unreadable: wheels/{wheel.name}" in refused(apart, "sh", copy / "install.sh", *to)


def test_a_wheel_that_somebody_added_is_not_installed(copy: Path, apart: Isolated) -> None:
    """It would be newer; but the lock names the file."""
    (wheel,) = copy.glob("wheels/h11-*.whl")
    (copy / "wheels" / "h11-99.0-py3-none-any.whl").write_bytes(wheel.read_bytes())
    done = apart.run("sh", copy / "install.sh", "--prefix", apart.home / "added")
    assert done.returncode == 0, done.stderr
    packages = next((apart.home / "added" / "current").glob("lib/*/site-packages"))
    assert not list(packages.glob("h11-99*"))


def test_sums_that_were_changed_with_the_file_fail_the_signature(
    copy: Path, apart: Isolated, to: list[str | Path], top: Path
) -> None:
    keys = top / "keys"
    if not keys.exists():
        keys.mkdir()
    made = "openssl genpkey -algorithm ed25519 -out /dev/stdout"
    private = apart.run("sh", "-c", made).stdout
    (keys / "a.pem").write_text(private)
    public = apart.run("openssl", "pkey", "-in", keys / "a.pem", "-pubout").stdout
    (keys / "a.pub").write_text(public)
    sign = [*["openssl", "pkeyutl", "-sign", "-rawin", "-inkey"], str(keys / "a.pem"), "-in", str(copy / "SHA256SUMS")]
    assert apart.run(*sign, "-out", copy / "SHA256SUMS.a.sig", root=True).returncode == 0
    key = ["--key", str(keys / "a.pub"), "--dry-run"]
    done = apart.run("sh", copy / "install.sh", *to, *key)
    assert (done.returncode, "SHA256SUMS.a.sig is a signature by" in done.stdout) == (0, True), done.stderr
    replace(copy / "SHA256SUMS", (copy / "SHA256SUMS").read_bytes() + b"\n")
    assert "is a signature by" in refused(apart, "sh", copy / "install.sh", *to, *key)


def test_another_machine(made: Path, apart: Isolated, to: list[str | Path]) -> None:
    said = refused(apart, "setarch", "i686", "sh", made / "install.sh", *to)
    assert "this machine is i686" in said
    assert "aarch64 x86_64" in said


@pytest.mark.parametrize(
    ("is_said", "complaint"),
    [
        ("cp310 glibc 2.36", "wheels for CPython 3.11 3.12 3.13"),
        ("PyPy glibc 2.36", "wheels for CPython"),
        ("cp311 glibc 2.17", "this machine has 2.17"),
        ("cp311", "another C library"),
    ],
)
def test_another_python(
    made: Path, apart: Isolated, to: list[str | Path], top: Path, is_said: str, complaint: str
) -> None:
    """It says what it is, as a real one of that kind would."""
    python = top / "python"
    python.write_text(f"#!/bin/sh\necho {is_said}\n")
    python.chmod(0o755)
    assert complaint in refused(apart, "sh", made / "install.sh", *to, "--python", python)
    python.unlink()
    assert "is not a Python that runs" in refused(apart, "sh", made / "install.sh", *to, "--python", python)


def pretended(place: Path) -> Path:
    """A Python that says what a real one of 3.11 says."""
    place.mkdir()
    python = place / "python"
    python.write_text("#!/bin/sh\necho cp311 glibc 2.36\n")
    python.chmod(0o755)
    return python


def test_a_python_is_named_from_where_the_caller_is(made: Path, apart: Isolated, to: list[str | Path]) -> None:
    """It was looked for in the folder, which has none."""
    python = pretended(apart.home / "venv")
    done = apart.run("sh", made / "install.sh", *to, "--dry-run", "--python", f"./{python.relative_to(apart.home)}")
    assert (done.returncode, done.stderr) == (0, "")
    (named,) = re.findall(r" with (/.*)", done.stdout)
    assert Path(named).samefile(python)


def test_an_installed_version_whose_python_is_gone(made: Path, apart: Isolated, top: Path) -> None:
    """It ended without a word where a folder on the link's way is gone."""
    python = pretended(top / "real")
    command = ["sh", str(made / "install.sh"), "--prefix", str(apart.home / "gone"), "--python", str(python)]
    (place,) = re.findall(r" into (\S+) with ", apart.run(*command, "--dry-run").stdout)
    digest = hashlib.sha256((made / "SHA256SUMS").read_bytes()).hexdigest()
    (Path(place) / "bin").mkdir(parents=True)
    (Path(place) / "bin" / "python").symlink_to(top / "upgraded" / "bin" / "python3.11")
    (Path(place) / "installed").write_text(f"{digest}\ncp311-{platform.machine()}\ngateway\n")
    done = apart.run(*command)
    assert done.returncode == 1
    assert f"the Python of {place} is gone. If nothing runs from it: rm -r {place}, and run this again." in done.stderr


def test_a_disk_that_is_full(made: Path, apart: Isolated, top: Path) -> None:
    disk = top / "small"
    disk.mkdir()
    assert apart.run("mount", "-t", "tmpfs", "-o", "size=20m,mode=777", "none", disk, root=True).returncode == 0
    said = refused(apart, "sh", made / "install.sh", "--prefix", disk / "ordinance")
    assert "20 MB are free" in said
    assert "MB are needed" in said


def test_a_disk_that_fills_while_it_installs(made: Path, apart: Isolated, top: Path) -> None:
    """It has room and no more files."""
    disk = top / "few"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=900m,nr_inodes=900,mode=777", "none", str(disk)]
    assert apart.run(*mount, root=True).returncode == 0
    assert "No space left on device" in refused(apart, "sh", made / "install.sh", "--prefix", disk / "ordinance")
    assert apart.run("ls", "-A", disk / "ordinance").stdout == ""


def test_a_disk_that_is_read_only(made: Path, apart: Isolated, top: Path) -> None:
    disk = top / "fixed"
    disk.mkdir()
    assert apart.run("mount", "-t", "tmpfs", "-o", "ro", "none", disk, root=True).returncode == 0
    said = refused(apart, "sh", made / "install.sh", "--prefix", disk / "ordinance", root=True)
    assert "Read-only file system" in said
    assert "--prefix" in said


def test_a_folder_of_somebody_else(made: Path, apart: Isolated) -> None:
    if not apart.is_root:
        pytest.skip("in a user namespace nobody else is there")
    assert "Permission denied" in refused(apart, "sh", made / "install.sh", "--prefix", "/opt/ordinance-not-there")


def test_a_version_that_something_else_made(made: Path, apart: Isolated) -> None:
    prefix = apart.home / "other"
    version = next(made.glob("wheels/ordinance-*.whl")).name.split("-")[1]
    assert apart.run("mkdir", "-p", prefix / version).returncode == 0
    assert "was not made by install.sh" in refused(apart, "sh", made / "install.sh", "--prefix", prefix)


@pytest.mark.parametrize("words", [["--prefx", "/x"], ["--prefix"], ["--python", ""]])
def test_wrong_usage(made: Path, apart: Isolated, words: list[str]) -> None:
    done = apart.run("sh", made / "install.sh", *words)
    assert (done.returncode, done.stderr.count("\n"), "--help" in done.stderr) == (2, 1, True)
