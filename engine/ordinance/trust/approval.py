"""What the signers of a bundle approve: the difference to the bundle before, exactly as ``ordinance diff`` shows it,
and which files came, went or changed.

The difference is a document of one form (``approved/diff.json``), which anybody with both bundles can make again. Its
SHA-256 is in every statement that is made with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ordinance.authoring.comparison import Difference, diff
from ordinance.errors import TrustError
from ordinance.loading.load import Loaded
from ordinance.policy.ir import Policy
from ordinance.trust import strict_json
from ordinance.trust.contents import DIFF, RELEASE, Contents
from ordinance.trust.statements import sha256
from ordinance.trust.trouble import Trouble
from ordinance.trust.unpacked import unpacked

#: Loads the packs in a folder as a draft, with the plugins that are allowed here.
Loader = Callable[[Path], Loaded]


def document(before: Contents | None, files: Mapping[str, bytes], difference: Difference | None) -> bytes:
    """Return the document of what becomes of ``before``, None for a first bundle, with ``files`` in its place.
    ``difference`` is that of the policies."""
    old = {} if before is None else before.signed
    changed = [
        {"kind": _became(name, old, files), "name": name, "sha256": sha256(files[name]) if name in files else None}
        for name in sorted(old.keys() | files.keys())
        if name != DIFF and old.get(name) != files.get(name)
    ]
    shown = difference.as_json() if difference is not None else {"changes": [], "citations": []}
    return strict_json.encode({**shown, "files": changed})


def _became(name: str, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    return "new" if name not in old else "gone" if name not in new else "changed"


def policy_in(contents: Contents, bundle: Path, load: Loader) -> Policy:
    """Return the policy of a bundle, as a draft. Raises ``OrdinanceError`` where its packs make none."""
    with unpacked(contents, bundle) as folder:
        loaded = load(folder / "packs")
        if loaded.compiled is None or loaded.policy is None:
            loaded.plan  # noqa: B018 - raises, with what is wrong
            raise TrustError(f"{bundle} contains no policy.", help="Build it again.")
        return loaded.policy


def difference_of(
    before: tuple[Contents, Path] | None, after: tuple[Contents, Path], load: Loader
) -> Difference | None:
    """Return the difference between the policies of two bundles; None where there is none before."""
    return None if before is None else diff(policy_in(*before, load), policy_in(*after, load))


def unlike(before: tuple[Contents, Path] | None, after: tuple[Contents, Path], load: Loader) -> list[Trouble]:
    """Return where what the signers of ``after`` approved is not the difference that it makes to ``before``."""
    contents = after[0]
    made = sha256(document(before and before[0], contents.signed, difference_of(before, after, load)))
    previous = None if before is None else release_of(before[0])
    found = []
    if sha256(contents.members[DIFF]) != made:
        found.append(Trouble("bundle-diff", DIFF, "it is not the difference to the bundle before"))
    earlier = {} if before is None else before[0].statements
    for role, stated in contents.statements.items():
        said = stated.statement.predicate.approved
        if role in earlier and earlier[role].digest == stated.digest:
            continue  # nothing changed that it answers for: what it approved then stands
        if (said.diff, said.previous) != (made, previous):
            found.append(Trouble("bundle-diff", role, "its statement approves another difference"))
    return found


def release_of(contents: Contents) -> str | None:
    """Return the SHA-256 of the statement of a bundle's release; None if it has none."""
    return contents.statements[RELEASE].digest if RELEASE in contents.statements else None
