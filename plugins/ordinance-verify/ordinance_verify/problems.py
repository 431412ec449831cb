"""What can be wrong with evidence, each under a stable code."""

from __future__ import annotations

from dataclasses import dataclass, field

#: So many problems, and so many notes, are listed at most.
MOST = 1000

CODES = {
    "folder-unreadable": "the folder, or its manifest, cannot be read",
    "key-unreadable": "a key or root that was given cannot be read",
    "manifest-form": "the manifest is not in the one form that it has",
    "manifest-signature": "the manifest is not signed by a key that was given, or was changed since",
    "file-missing": "a file that was signed is missing",
    "file-changed": "a file is not the one that was signed",
    "file-unlisted": "a file or folder is here that nobody signed",
    "file-kind": "what is in the place of a file is a link, or something else than a file",
    "file-unknown": "the manifest lists a file that evidence does not contain",
    "section-form": "a file is not in the form that it has",
    "section-differs": "a file says something else than the files that it is made from",
    "record-line": "a line is not one that the record of evidence has",
    "record-chain": "a record was changed, or records before it are missing, twice or in another order",
    "record-checkpoint": "what is between two checkpoints is not what was signed",
    "record-series": "a checkpoint is missing, twice or in another place",
    "record-signature": "a signature is wrong, or is by a key that was not given",
    "record-deletion": "records were deleted, and no signed statement says so",
    "record-end": "the record does not reach the checkpoint that was asked for",
    "record-start": "the record of the first days is missing, or begins after the day that was asked for",
    "record-hidden": "a record of these days is shown as a hash, and the evidence says that records are shown",
    "record-days": "a record of other days is shown",
    "record-wrong": "whoever made the evidence found the record wrong",
    "policy-unknown": "there were requests under a policy that is not here",
    "policy-digest": "a policy's digest is not that of its files",
    "policy-statement": "a statement is not in the one form that it has",
    "policy-signature": "a signature of a statement or a root is wrong, or is by a key that the role does not have",
    "policy-signatures": "too few people of a role have signed",
    "policy-role": "no role covers a part of a policy, or a statement is needed by none",
    "policy-member": "a file of a policy is not the one that was signed",
    "policy-root": "the root of a policy is not one that the given root vouches for",
    "policy-approved": "what signers approved is not the change that the policy makes",
    "policy-wrong": "whoever made the evidence found a policy wrong",
    "mark-key": "the key of marks is not the one that was given",
}

#: Where nothing can be said of the content.
UNREADABLE = frozenset({"folder-unreadable", "key-unreadable"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing: its ``code``, ``where`` it is, and ``what`` is there."""

    code: str
    where: str
    what: str


class WrongError(Exception):
    """Ends the reading of one part, for the problem that it has."""

    def __init__(self, code: str, where: str, what: str) -> None:
        super().__init__(what)
        self.problem = Problem(code, where, what)


@dataclass(slots=True)
class Report:
    """What was found: ``problems``, and ``notes`` about what could not be verified. ``days`` are the first and the last
    that the evidence is about, once its signature was verified, and ``checkpoint`` the last one of its record."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    days: tuple[str, str] | None = None
    checkpoint: int = 0

    def wrong(self, code: str, where: str, what: str) -> None:
        """Take note of a problem."""
        if len(self.problems) < MOST:
            self.problems.append(Problem(code, where, what))

    def note(self, code: str, where: str, what: str) -> None:
        """Take note of something that is not a problem."""
        if len(self.notes) < MOST:
            self.notes.append(Problem(code, where, what))

    @property
    def exit_code(self) -> int:
        """Return 0 for sound, 1 for wrong, 2 for unreadable."""
        if any(each.code in UNREADABLE for each in self.problems):
            return 2
        return 1 if self.problems else 0


def printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
