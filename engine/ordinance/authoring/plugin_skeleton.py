"""A plugin to begin with: a distribution that builds, installs and keeps the contract as it stands."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ordinance.authoring.skeleton import Skeleton, skeleton
from ordinance.errors import UsageError

_FOLDER = Path(__file__).resolve().parent / "skeletons" / "plugin"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class _Said:
    """What the README says of a kind of plugin: what it is, which examples it has, and how it comes into use."""

    summary: str
    examples: str
    use: str


_TRIED = "and `@PACKAGE@/ordinance-examples.toml` what it finds and what not."
_SAID = {
    "detector": _Said(
        "A detector for Ordinance: part numbers with a check digit.",
        _TRIED,
        "A rule in a pack then says `answer has detector @OFFERED@`.",
    ),
    "judge": _Said(
        "A judge for Ordinance: how much of a passage is written in capitals.",
        _TRIED,
        "docs/language.md of Ordinance says how a rule names a judge.",
    ),
    "form": _Said(
        "A form for Ordinance: Swiss spelling.",
        "and `@PACKAGE@/ordinance-examples.toml` what becomes of a text.",
        "docs/plugins.md of Ordinance says how a form is chosen.",
    ),
    "sink": _Said(
        "A sink for Ordinance: the audit record as lines of JSON.",
        "and which folder it needs.",
        "Every record then also goes to the sink.",
    ),
    "data": _Said(
        "Rules of a house for Ordinance, as a plugin without code.",
        "that is, which packs.",
        "The setting `packs: [@NAME@]` then loads the packs.",
    ),
}

#: The kinds of plugin that can be begun.
KINDS = tuple(_SAID)


def plugin_skeleton(kind: str, name: str, today: date) -> Skeleton:
    """Make a plugin of ``kind`` as a distribution called ``name``, such as ``acme-codes``; its vendor is the first word
    of the name. Raises ``UsageError`` for a name that does not fit, ``SkeletonError`` as ``skeleton`` does."""
    _check(name)
    package = name.replace("-", "_")
    vendor, _, rest = package.partition("_")
    words = {
        "PACKAGE": package,
        "VENDOR": vendor,
        "OFFERED": f"{vendor}.{rest or vendor}",
        "NAME": name,
    }
    said = _SAID[kind]
    words |= {"SUMMARY": said.summary, "EXAMPLES": _fill(said.examples, words), "USE": _fill(said.use, words)}
    files = {place: _fill((_FOLDER / file).read_text("utf-8"), words) for place, file in _places(kind, package).items()}
    if kind == "data":
        pack = skeleton("house", package, today)
        files |= {f"{package}/packs/{pack.name}/{place}": text for place, text in pack.files.items()}
    return Skeleton(name, files)


def _places(kind: str, package: str) -> Mapping[str, str]:
    """Return which template each file is made of, by its place below the distribution's folder."""
    examples = {f"{package}/ordinance-examples.toml": f"{kind}.examples.toml.txt"}
    return {
        "README.md": "README.md.txt",
        "pyproject.toml": "pyproject.toml.txt",
        f"{package}/__init__.py": f"{kind}.py.txt",
        f"{package}/ordinance-plugin.toml": f"{kind}.toml.txt",
        **(examples if kind in ("detector", "judge", "form") else {}),
        "tests/test_conformance.py": "test_conformance.py.txt",
    }


def _fill(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _check(name: str) -> None:
    package = name.replace("-", "_")
    taken = package in sys.stdlib_module_names or keyword.iskeyword(package) or name.partition("-")[0] == "ordinance"
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(
            f"'{name}' cannot name a plugin.",
            help="Write lower-case words joined by `-`, your own name first, as in acme-codes.",
        )
    if taken:
        raise UsageError(f"the name '{name}' is taken.", help="Begin it with your own name, as in acme-codes.")
