"""What ``styles.toml`` says of a language, and of its region."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


def style(slot: str, tag: str) -> str:
    """Return how numbers, dates or quotations are written for a ``tag``; empty where the file does not list it."""
    return _table()[slot].get(tag, "")


def money(*kinds: str) -> str:
    """Return the codes of currencies as alternatives of a pattern: those that are `codes` alone, and those that are
    `words` as well, as ``kinds`` says."""
    return "|".join(code for kind in kinds for code in _file()["money"][kind].split())


def spaces(tag: str) -> Mapping[str, str]:
    """Return what stands before each sign of a measure for a ``tag``."""
    return {sign: space for name, space in _table()["units"].items() for at, sign in [name.split("|")] if at == tag}


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("styles.toml").read_text("utf-8"))


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    table = _file()
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
