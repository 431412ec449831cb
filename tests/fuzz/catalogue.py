"""Every parser of foreign bytes, by name. Those of a file are made when one of them is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

from fuzz.target import Target

#: The parsers of each file beside this one.
_FILES = {
    "policy_files": (
        "pack", "pack-linked", "lexicon", "lexicon-csv", "pattern", "settings", "envoy-settings", "labelled-texts",
        "lines", "translation-csv", "translation-xliff", "register-words", "instructions", "calibration",
    ),
    "signed": (
        "bundle", "bundle-pack", "bundle-archive", "bundle-policy", "bundle-statement", "bundle-envelope", "root",
        "trust-state", "root-plan", "public-key",
    ),
    "protocols": (
        *(f"{api}-{what}" for api in ("chat-completions", "completions", "responses", "messages")
          for what in ("request", "answer", "stream")),
        "headers", "http", "models", "count", "upstream-error",
    ),
    "plugin_parts": (
        "wheel", "plugin-manifest", "plugin-metadata", "plugin-entry-points", "plugin-record", "plugin-examples",
        "plugin-message", "plugin-address", "judge-answer",
    ),
    "marks": ("marked-answer", "mark-claims"),
    "records": ("record", "record-head", "record-query", "record-prune"),
    "evidences": (
        "evidence-manifest", "evidence-statement", "evidence-record", "evidence-root", "evidence-policy-statement",
        *(f"evidence-{section}" for section in ("policies", "laws", "changes", "parts", "keys")),
    ),
    "own_texts": ("witness",),
    "ext_proc": ("ext-proc",),
}  # fmt: skip
#: Those that need another environment than the others: what Envoy's messages are made with.
APART = ("ext-proc",)
CATALOGUE = {name: file for file, names in _FILES.items() for name in names}


def target_named(name: str) -> Target:
    """Return the parser of this name."""
    return _made(CATALOGUE[name])[name]


@cache
def _made(file: str) -> dict[str, Target]:
    targets: Callable[[], tuple[Target, ...]] = import_module(f"fuzz.{file}").targets
    return {target.name: target for target in targets()}
