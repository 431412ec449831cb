"""The address of a record's database: nothing that may be a password is shown."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.cli.arguments import record_place
from ordinance.record.record_table import RecordTable

#: None of it is in what surrounds it.
PASSWORD = st.text("XYZ0@:/?#%&[]= ", min_size=1).filter(lambda each: set(each) & set("XYZ0"))


@given(PASSWORD, st.sampled_from(["postgresql://u:{}@db/n", "postgres://{}@db/n", "postgresql://u@db/n?password={}"]))
def test_no_password_is_shown(password: str, form: str) -> None:
    table = RecordTable(form.format(password))
    assert not set(f"{table} {table!r}") & set("XYZ0")


@pytest.mark.parametrize("address", ["postgresql://u:XYZ/n", "postgres://u:XYZ", "postgresql://u:XYZ?sslmode=require"])
def test_no_password_is_shown_of_an_address_that_lacks_its_server(address: str) -> None:
    assert "XYZ" not in str(RecordTable(address))
    assert RecordTable(address).has_password
    for server in ("db:5432", "[::1]:5432", "one:5432,two", "", "10.0.0.1:"):
        assert str(RecordTable(f"postgresql://{server}/n")) == f"postgresql://{server}/n"
        assert not RecordTable(f"postgresql://{server}/n").has_password


def test_a_place_is_a_file_or_an_address_without_a_password() -> None:
    assert record_place("audit.jsonl") == Path("audit.jsonl")
    assert record_place("postgresql:/x") == Path("postgresql:/x")
    assert str(record_place("postgresql://u@db:5432/n?sslmode=require")) == "postgresql://db:5432/n"
    for text in ("postgresql://u:p@db/n", "postgres://u@db/n?password=p"):
        with pytest.raises(argparse.ArgumentTypeError, match="PGPASSFILE"):
            record_place(text)
