"""Why a judge has no answer: the codes of records and of ``Ruling.failed``."""

from __future__ import annotations

#: What each cause of a plugin's failure (docs/plugins.md) means for a judge.
_CODES = {
    "late": "late", "silent": "late", "unreachable": "unreachable", "died": "unreachable", "start": "unreachable",
    "sealed": "unreachable", "memory": "unreachable", "threads": "unreachable", "unreadable": "unreadable",
    "raised": "unreadable", "nonsense": "unreadable", "twice": "unreadable", "wrong_model": "wrong_model",
}  # fmt: skip


class JudgeError(Exception):
    """A judge has no answer. ``code`` is ``late``, ``unreachable``, ``unreadable``, ``wrong_model``, ``canary`` or
    ``full``, and all that is said."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def code_of(cause: str) -> str:
    """Return the code for the ``cause`` with which a plugin's answer failed."""
    return _CODES.get(cause, "unreadable")
