"""E-mail addresses."""

from __future__ import annotations

from ordinance.plugin import Candidates, Passage, Pattern

#: A local part in pieces between signs, then a domain. Every bound is past what is in use, and keeps text from waiting
#: without end.
_SHAPE = r"\b\w{1,40}(?:[.+%'-]{1,2}\w{1,40}){0,3}@(?:\w{1,30}[.-]{1,2}){1,4}[a-zA-Z]\w{1,20}\b"
#: Where no address is: RFC 2606 and RFC 6762 keep them free, or they are files.
_NOWHERE = frozenset(("invalid", "localhost", "png", "jpg", "gif", "svg", "css", "js", "py"))


def detector() -> Candidates:
    """Return what finds addresses. The domain alone decides, so that the longest local part is found."""
    return Candidates((Pattern(_SHAPE),), _accepts)


def _accepts(passage: Passage) -> bool:
    domain = passage.folded.casefold().rpartition("@")[2]
    labels = domain.split(".")
    return len(labels) > 1 and labels[-1] not in _NOWHERE and all(labels) and not any(_bad(label) for label in labels)


def _bad(label: str) -> bool:
    return label.startswith("-") or label.endswith("-")
