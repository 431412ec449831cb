"""`ordinance ext-proc`: where it may listen, said before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ordinance.settings.model import Settings
from ordinance.settings.sources import load
from support.commands import run_here

SECURED = {"certificate": "a.pem", "key_file": "a.key", "ca": "envoys.pem"}


def is_open(listen: str, more: dict[str, Any] | None = None, **settings: Any) -> bool:
    return Settings.model_validate({"ext_proc": {"listen": listen, **(more or {})}, **settings}).is_open_to_envoys


@pytest.mark.parametrize(
    "address", ["0.0.0.0:9002", "[::]:9002", "192.0.2.7:9002", "[2001:db8::1]:9002", "ordinance.example:9002", "0:9002"]
)
def test_an_address_that_others_reach_is_an_error_with_a_way_out(address: str) -> None:
    done = run_here("ext-proc", "--listen", address, "--jurisdiction", "DE")
    assert done.returncode == 2
    assert done.stdout == ""
    error, help_ = done.stderr.splitlines()
    assert error.startswith("ordinance: error[settings]: ")
    assert "could speak as Envoy" in error
    for way in ("ext_proc.certificate", "127.0.0.1", "Unix socket", "ext_proc.open_without_tls"):
        assert way in help_


@pytest.mark.parametrize("address", ["127.0.0.1:9002", "[::1]:9002", "localhost:9002", "unix:/run/o.sock"])
def test_an_address_of_this_machine_alone_is_not_open(address: str) -> None:
    assert not is_open(address)


def test_certificates_or_the_operators_word_close_it_and_keys_do_not() -> None:
    """A client's key says who may ask, not who may say what a model answered."""
    assert not is_open("0.0.0.0:9002", SECURED)
    assert not is_open("0.0.0.0:9002", {"open_without_tls": True})
    assert is_open("0.0.0.0:9002", keys=[{"name": "a", "sha256": "0" * 64}])
    assert is_open("0.0.0.0:9002", open_without_keys=True)


@pytest.mark.parametrize("name", ["listen", "health"])
@pytest.mark.parametrize(
    "address",
    ["9002", ":9002", "127.0.0.1", "::1:9002", "unix:here.sock", "dns:///a:1", "unix-abstract:a", "http://127.0.0.1:1"],
)
def test_what_grpc_would_take_for_another_address_is_not_one(name: str, address: str) -> None:
    with pytest.raises(ValidationError, match=r"must look like 127\.0\.0\.1:9002"):
        Settings.model_validate({"ext_proc": {name: address}})


@pytest.mark.parametrize("missing", SECURED)
def test_certificates_belong_together(missing: str) -> None:
    given = {name: file for name, file in SECURED.items() if name != missing}
    with pytest.raises(ValidationError, match="set all three or none"):
        Settings.model_validate({"ext_proc": given})


def test_their_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text(f"ext_proc: {{certificate: a.pem, key_file: a.key, ca: {tmp_path}/b.pem}}\n", "utf-8")
    assert load(file=file).ext_proc.secured == (tmp_path / "a.pem", tmp_path / "a.key", tmp_path / "b.pem")
