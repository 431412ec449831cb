"""What can be wrong with a bundle, a root or what a machine remembers of them: each under a stable code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ordinance.errors import TrustError


@dataclass(frozen=True, slots=True)
class Code:
    """``title`` is what the code means, ``help`` what to do. ``unreadable``: nothing can be said of the content (exit
    code 2)."""

    title: str
    help: str
    unreadable: bool = False


CODES: dict[str, Code] = {
    "bundle-unreadable": Code(
        "the bundle cannot be read", "Check the path, and copy the bundle again from who built it.", unreadable=True
    ),
    "bundle-archive": Code(
        "the bundle is not in the one form that a bundle has", "Do not repack a bundle; copy it again as it was built."
    ),
    "bundle-statement": Code(
        "a statement in the bundle is not in the one form that it has", "Build the bundle again, and sign it again."
    ),
    "bundle-unsigned": Code(
        "what is to be applied is not a signed bundle", "Name one bundle in `packs`, and nothing beside it."
    ),
    "bundle-no-root": Code("there is no root to verify the bundle with", "Name one in the setting `trust.root`."),
    "bundle-signatures": Code(
        "too few people of a role have signed", "Have the missing people sign with `ordinance bundle sign`."
    ),
    "bundle-signature": Code(
        "a signature is wrong, or is by a key that the role does not have",
        "Have the bundle built and signed again; do not add signatures by hand.",
    ),
    "bundle-role": Code(
        "no role covers a part of the bundle", "Have the root name who may sign it, or take it out of the bundle."
    ),
    "bundle-member": Code(
        "a file in the bundle is not the one that was signed", "Do not apply the bundle; copy it again."
    ),
    "bundle-place": Code("a pack is in the place of another", "Have the bundle built again from the packs."),
    "bundle-older": Code(
        "the bundle is older than one that this machine has applied", "Build a bundle with a higher version."
    ),
    "bundle-expired": Code("the bundle has expired", "Install a newer bundle."),
    "bundle-diff": Code(
        "what was approved is not the difference that the bundle makes",
        "Build the bundle again from what is in force, and have it signed again.",
    ),
    "bundle-plugin": Code(
        "the settings have a plugin or a judge that is not as the bundle says",
        "Change the settings to what the bundle lists, or have a bundle built that lists what the settings say.",
    ),
    "root-unreadable": Code("the root cannot be read", "Name the root's file in `trust.root`.", unreadable=True),
    "root-wrong": Code("the root is not one that can be trusted", "Copy the root again from who keeps it."),
    "root-expired": Code("the root has expired", "Install a bundle that carries the next root."),
    "root-older": Code(
        "the root is older than one that this machine has used", "Install a bundle that carries the newest root."
    ),
    "trust-state": Code(
        "what this machine remembers of bundles cannot be read or written",
        "Make the file that `trust.state` names readable and writable for the server.",
    ),
    "trust-clock": Code("the clock of this machine is wrong", "Set the clock, and start again."),
    "trust-folder": Code(
        "a bundle cannot be unpacked", "Give the server a folder that it may write, with room for the bundle (TMPDIR)."
    ),
    "trust-library": Code(
        "the library that verifies signatures is not installed", "Install ordinance[trust].", unreadable=True
    ),
}

#: What can be wrong with the mark of an answer (docs/marks.md).
MARKS: dict[str, Code] = {
    "answer-unreadable": Code(
        "the answer cannot be read",
        "Save it as it came: the JSON object, or the events of the stream.",
        unreadable=True,
    ),
    "mark-missing": Code(
        "the answer is not signed",
        "Save all of it, the last event too; ask who provides it why it is not signed.",
    ),
    "mark-form": Code("the signature is not that of a mark", "Save the answer again, as it came."),
    "mark-signature": Code(
        "the signature is not by this key, or what was signed was changed",
        "Name the provider's public key with --key; if it is the right one, do not rely on this answer.",
    ),
    "mark-metadata": Code(
        "the `ordinance` object is not the one that was signed", "Do not rely on what it says of this answer."
    ),
    "mark-answer": Code(
        "the answer has another id or model than the one that was signed", "Take the signature for another answer."
    ),
    "mark-text": Code("a text is not the one that was signed", "Do not take this text for the provider's."),
    "mark-part": Code(
        "the answer has something that Ordinance does not write", "Do not take that part for the provider's."
    ),
    "mark-time": Code("the time of the signature is to come", "Set the clock of this machine, or ask the provider."),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: its ``code``, ``where`` it is (a member, a role, a file), and what is wrong."""

    code: str
    where: str
    what: str

    def __str__(self) -> str:
        return printable(f"{self.where}: {self.what}")


class TroubleError(Exception):
    """Ends the reading of something that is wrong; ``trouble`` says what. It does not leave this room."""

    def __init__(self, code: str, where: str, what: str) -> None:
        super().__init__(what)
        self.trouble = Trouble(code, where, what)


def printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey: names in a bundle come from whoever made it."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def exit_code(found: Sequence[Trouble]) -> int:
    """Return 0 if nothing was found, 2 if something could not be read, else 1."""
    known = CODES | MARKS
    if any(known[each.code].unreadable for each in found):
        return 2
    return 1 if found else 0


def refusal(what: str, found: Sequence[Trouble]) -> TrustError:
    """Return the error that ``what`` is refused for what was ``found``: the first, and how many more there are."""
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    error = TrustError(
        f"{what} is refused: {first}{more}.",
        help=f"{CODES[first.code].help} `ordinance lesson {first.code}` explains it.",
    )
    error.code = first.code
    error.exit_code = exit_code(found)
    return error
