"""What ``styles.toml`` says of a language, and of its region."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


def style(slot: str, tag: str) -> str:
    """Return how numbers, dates or quotations are written for a ``tag``; empty where the file does not list it."""
    return _table()[slot].get(tag, "")


def spaces(tag: str) -> Mapping[str, str]:
    """Return what stands before each sign of a measure for a ``tag``."""
    return {sign: space for name, space in _table()["units"].items() for at, sign in [name.split("|")] if at == tag}


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    table = tomllib.loads(Path(__file__).with_name("styles.toml").read_text("utf-8"))
    found = {slot: {tag: way for way, tags in table[slot].items() for tag in tags.split()} for slot in _BY_TAG}
    found["units"] = {
        f"{tag}|{sign}": space
        for space, lines in table["units"].items()
        for line in lines.strip().splitlines()
        for signs, tags in [line.split(":")]
        for tag in tags.split()
        for sign in signs.split()
    }
    return found


_BY_TAG = ("numbers", "dates", "quotes")
