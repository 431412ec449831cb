"""The units for systemd: what systemd itself says of them, and that they fit the engine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ordinance.serve.workers import _BEYOND_GRACE_SECONDS
from ordinance.settings.model import Settings
from support.checkout import ROOT
from support.commands import run_here
from support.records import opened, record, write

UNITS = ROOT / "deploy" / "systemd"
ANALYZE = shutil.which("systemd-analyze")
#: What a plugin's process needs to put itself into its box, and what Python's `resource` uses.
NEEDED = {
    "seccomp", "prctl", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "capset", "prlimit64",
    "clone", "clone3", "execve", "kill", "socketpair", "memfd_create", "openat", "sendmsg", "recvmsg", "fsync", "flock",
}  # fmt: skip

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    return subprocess.run([ANALYZE, *map(str, words)], capture_output=True, text=True, timeout=120, check=False)


def said(unit: str, key: str) -> list[str]:
    """The values of ``key`` in a unit, in their order."""
    text = (UNITS / unit).read_text("utf-8")
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


@pytest.mark.server
@needs_systemd
@pytest.mark.parametrize("unit", ["ordinance.service", "ordinance-prune.service", "vllm.service"])
def test_the_exposure_of_a_service_is_low(unit: str) -> None:
    done = analyze("security", "--offline=true", "--threshold=20", UNITS / unit)
    found = re.search(rf"Overall exposure level for {unit}: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= 2.0
    assert done.returncode == 0


@pytest.mark.server
@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        # The command is where the manual installs it; here another program stands for it.
        text = unit.read_text("utf-8")
        for program in ("/opt/ordinance/current/bin/ordinance", "/opt/vllm/bin/vllm"):
            text = text.replace(program, "/bin/true")
        (tmp_path / unit.name).write_text(text)
    done = analyze("verify", *sorted(tmp_path.iterdir()))
    ours = [line for line in done.stderr.splitlines() if "ordinance" in line or "vllm" in line]
    assert ours == []


@pytest.mark.server
@needs_systemd
def test_the_calls_that_a_plugin_is_confined_with_are_open() -> None:
    allowed: set[str] = set()
    for line in said("ordinance.service", "SystemCallFilter"):
        names = _expanded(line.removeprefix("~").split())
        allowed = allowed - names if line.startswith("~") else allowed | names
    assert allowed >= NEEDED
    assert not allowed & {"mount", "ptrace", "kexec_load", "init_module", "bpf", "reboot", "swapon"}


def _expanded(names: list[str]) -> set[str]:
    """The calls that ``names`` mean, with the groups that systemd knows."""
    found = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        lines = [line.strip() for line in analyze("syscall-filter", name).stdout.splitlines()[1:]]
        found |= _expanded([line for line in lines if line and not line.startswith("#")])
    return found


def test_time_to_stop_fits_the_settings() -> None:
    fields = Settings.model_fields
    needed = fields["drain_seconds"].default + fields["grace_seconds"].default + _BEYOND_GRACE_SECONDS
    assert float(said("ordinance.service", "TimeoutStopSec")[0]) > needed


def test_files_fit_the_connections() -> None:
    wanted = Settings.model_fields["limits"].default.connections
    assert int(said("ordinance.service", "LimitNOFILE")[0]) >= 2 * wanted + 80


def test_the_socket_is_the_one_that_is_served_and_none_but_this_machine_reaches_it() -> None:
    assert said("ordinance.socket", "FileDescriptorName") == ["http"]
    assert said("ordinance.socket", "ListenStream") == ["127.0.0.1:8080"]
    assert said("ordinance.socket", "Accept") == ["no"]
    assert said("ordinance.service", "Requires") == ["ordinance.socket"]


@pytest.mark.server
def test_the_command_that_deletes_old_records_is_one_that_runs(tmp_path: Path) -> None:
    """The unit's very words; only the places are others."""
    path = tmp_path / "record.jsonl"
    log = opened(path)
    write(log, record(1, time="2020-01-01T10:00:00.000+00:00"), record(2, time="2100-01-01T10:00:00.000+00:00"))
    log.close()
    (tmp_path / "ordinance.yaml").write_text("audit: record.jsonl\n")
    (tmp_path / "record.pem").rename(tmp_path / "record-key")
    (line,) = said("ordinance-prune.service", "ExecStart")
    keep = next(each for each in said("ordinance-prune.service", "Environment") if each.startswith("KEEP="))
    program, *words = (
        line.replace("/etc/ordinance", str(tmp_path)).replace("%d", str(tmp_path)).replace("${KEEP}", keep[5:]).split()
    )
    assert program == "/opt/ordinance/current/bin/ordinance"
    done = run_here(*words)
    assert (done.returncode, done.stdout) == (0, f"{path}: 1 records deleted\n"), done.stderr
    assert b"2020-01-01" not in path.read_bytes()
    assert b"2100-01-01" in path.read_bytes()


def test_vllm_is_where_the_gateway_asks_and_only_this_machine_reaches_it() -> None:
    unit = "vllm.service"
    (command,) = said(unit, "ExecStart")
    assert "--host 127.0.0.1 --port 8000" in command
    assert "url: http://127.0.0.1:8000\n" in (ROOT / "docs" / "deploying.md").read_text("utf-8")
    assert any("VLLM_NO_USAGE_STATS=1" in line for line in said(unit, "Environment"))
    for key in (
        "CapabilityBoundingSet",
        "ProtectSystem",
        "NoNewPrivileges",
        "IPAddressDeny",
        "IPAddressAllow",
        "UMask",
    ):
        assert said(unit, key) == said("ordinance.service", key)


def test_the_job_that_deletes_is_the_services_user_and_may_write_no_more() -> None:
    unit = "ordinance-prune.service"
    assert (said(unit, "User"), said(unit, "DynamicUser")) == (["ordinance"], ["yes"])
    assert said(unit, "LogsDirectory") == said("ordinance.service", "LogsDirectory")
    assert said(unit, "StateDirectory") == []
    for key in (
        "CapabilityBoundingSet",
        "ProtectSystem",
        "NoNewPrivileges",
        "PrivateDevices",
        "IPAddressDeny",
        "UMask",
    ):
        assert said(unit, key) == said("ordinance.service", key)
    assert said("ordinance-prune.timer", "Persistent") == ["yes"]
