"""Makes a bundle out of packs: the same packs, settings, roots, dates and bundle before always give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ordinance import __version__
from ordinance.errors import PolicyError
from ordinance.loading.packs import gather
from ordinance.plugins.allowed import Plugin
from ordinance.policy.ir import Unit
from ordinance.settings.judges import JudgeSettings
from ordinance.trust import archive, strict_json
from ordinance.trust.applied import allowed_as, calibration_name
from ordinance.trust.approval import Loader, difference_of, document, policy_in, release_of
from ordinance.trust.contents import (
    DIFF,
    FOLDERS,
    POLICY,
    RELEASE,
    Contents,
    Extent,
    read_contents,
    role_of,
    statement_name,
)
from ordinance.trust.moments import written
from ordinance.trust.roots import Root, read_root
from ordinance.trust.statements import Approved, Predicate, Stated, sha256, stated
from ordinance.trust.trouble import TroubleError
from ordinance.trust.verifying import read_bytes

_LARGEST_CALIBRATION = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """What a bundle is made of and for: ``packs`` and the ``roots``, oldest first, whose last says who signs; the
    ``plugins`` and ``judges`` of the settings; the bundle ``before``, None for the first; when it is ``issued``,
    ``expires``, and how many days of ``grace`` follow. With ``renew`` every statement is made anew, so that all
    sign."""

    packs: Sequence[Path]
    roots: Sequence[bytes]
    plugins: Sequence[Plugin]
    judges: Sequence[JudgeSettings]
    before: tuple[Contents, Path] | None
    issued: datetime
    expires: datetime
    grace: int
    renew: bool = False


def build(order: Order, out: Path, load: Loader) -> bytes:
    """Return the bundle that is made for ``order``, which nobody has signed. Raises ``OrdinanceError`` where the
    packs make no policy, ``TroubleError`` where the root does not say who signs a part."""
    read = {made.version: (made, data) for data in order.roots for made in [read_root(data, "the root").root]}
    root, _ = read[max(read)]
    files = dict(_files(order))
    files[POLICY] = _extent(order)
    draft = Contents(files, {}, {}, Extent((), ()))
    files[DIFF] = document(order.before and order.before[0], files, difference_of(order.before, (draft, out), load))
    if order.before is None:
        policy_in(draft, out, load)  # whose packs must make one
    members = {**files, **dict(_statements(order, root, files))}
    members |= {f"roots/{version}.json": data for version, (_, data) in read.items()}
    made = archive.write(members)
    read_contents(archive.read(made, str(out)))
    return made


def _files(order: Order) -> Iterator[tuple[str, bytes]]:
    packs = gather(order.packs)
    wrong = [each for each in packs.diagnostics if each.severity == "error"]
    if wrong or not packs.complete:
        first = wrong[0] if wrong else None
        what = f"{first.file}:{first.line}: {first.message}" if first else "the packs make no policy"
        raise PolicyError(f"{what.rstrip('.')}.", help="`ordinance check` lists all findings.")
    for unit in packs.units:
        yield from members_of(unit)
    for judge in order.judges:
        if judge.calibration is not None:
            data = read_bytes(judge.calibration, _LARGEST_CALIBRATION, "bundle-unreadable")
            yield calibration_name(judge.name), data


def members_of(unit: Unit) -> Iterator[tuple[str, bytes]]:
    """Yield the members of a bundle that a pack makes: the pack, and its lexicons."""
    home = f"packs/{FOLDERS[unit.pack.kind]}/{unit.name}"
    yield f"{home}/{unit.name}.ord", unit.pack.source.text.encode()
    for path, source in unit.lexicons.items():
        yield f"{home}/{path}", source.text.encode()


def _extent(order: Order) -> bytes:
    plugins = sorted((allowed_as(plugin) for plugin in order.plugins), key=lambda each: each.name)
    return strict_json.encode(Extent(tuple(sorted(judge.name for judge in order.judges)), tuple(plugins)))


def _statements(order: Order, root: Root, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the statement of each role: the one of the bundle before, with its signatures, if nothing that the role
    answers for has changed, and the release's always anew."""
    parts: dict[str, dict[str, bytes]] = {RELEASE: dict(files)}
    for name, content in files.items():
        role = role_of(name, root)
        if role is None:
            raise TroubleError("bundle-role", name, "the root names nobody who may sign it")
        parts.setdefault(role, {})[name] = content
    earlier = {} if order.before is None else order.before[0].statements
    previous = None if order.before is None else release_of(order.before[0])
    approved = Approved(sha256(files[DIFF]), previous)
    for role, own in sorted(parts.items()):
        made = earlier.get(role)
        listed = {name: sha256(content) for name, content in own.items()}
        if made is not None and role != RELEASE and not order.renew and _still_stands(made, listed, root, order):
            yield statement_name(role), strict_json.encode(made.envelope)
            continue
        version = max(root.roles[role].least, 1 if made is None else made.statement.predicate.version + 1)
        predicate = Predicate(
            approved=approved,
            engine=__version__,
            expires=written(order.expires),
            grace_days=order.grace,
            issued=written(order.issued),
            role=role,
            version=version,
        )
        yield statement_name(role), strict_json.encode(stated(own, predicate))


def _still_stands(made: Stated, listed: Mapping[str, str], root: Root, order: Order) -> bool:
    """Return whether a statement of the bundle before is about the same files, and counts on the day of this one."""
    said = made.statement
    least = root.roles[said.predicate.role].least
    return said.files == listed and said.until > order.issued and said.predicate.version >= least
