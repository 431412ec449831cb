"""From a plan that a person writes to a root: names of people instead of ids of keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ordinance.errors import SettingsError, UnreadableError
from ordinance.settings import strict_yaml
from ordinance.trust import strict_json
from ordinance.trust.envelopes import key_id, sealed
from ordinance.trust.moments import written
from ordinance.trust.roots import ROOT_TYPE, Key, Role, Root, wrong_in
from ordinance.trust.signing import public_key

_HELP = "docs/bundles.md shows a plan."
_PARTS = ("expires", "keys", "roles")


def plan_root(file: Path, before: Root | None, issued: datetime) -> bytes:
    """Return the root that the plan in ``file`` describes, which nobody has signed; ``before`` is the root that it
    follows. Raises ``OrdinanceError`` for a plan that is wrong."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnreadableError(f"{file} cannot be read: {why}.", help="Check the path.") from None
    plan = strict_yaml.read(text, str(file)).value
    if plan.keys() != set(_PARTS):
        raise _wrong(file, f"it must have {', '.join(_PARTS)}, and nothing else")
    people = dict(_people(file, _mapping(file, "keys", plan["keys"])))
    keys = {each: key for owned in people.values() for each, key in owned.items()}
    roles = dict(_roles(file, _mapping(file, "roles", plan["roles"]), people))
    root = Root(
        expires=written(_day(file, plan["expires"])),
        issued=written(issued),
        keys=keys,
        roles=roles,
        version=1 if before is None else before.version + 1,
    )
    if wrong := next(wrong_in(root), None):
        raise _wrong(file, wrong)
    return strict_json.encode(sealed(strict_json.encode(root), ROOT_TYPE))


def _people(file: Path, listed: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Key]]]:
    """Yield each person with their keys by id: one file, or a list of files."""
    for owner, files in listed.items():
        paths = files if isinstance(files, list) else [files]
        if not paths or not all(isinstance(path, str) for path in paths):
            raise _wrong(file, f"'keys.{owner}' must name the file of a public key, or a list of files")
        public = [public_key(file.parent / path) for path in paths]
        yield owner, {key_id(each): Key(owner, each.hex()) for each in public}


def _roles(
    file: Path, listed: Mapping[str, Any], people: Mapping[str, Mapping[str, Key]]
) -> Iterator[tuple[str, Role]]:
    for name, said in listed.items():
        role = _mapping(file, f"roles.{name}", said)
        if not {"keys", "threshold"} <= role.keys() <= {"keys", "threshold", "least"}:
            raise _wrong(file, f"'roles.{name}' must have keys and threshold, and may have least")
        owners, threshold, least = role["keys"], role["threshold"], role.get("least", 1)
        if not isinstance(owners, list) or not all(isinstance(owner, str) and owner in people for owner in owners):
            raise _wrong(file, f"'roles.{name}.keys' must list people that 'keys' has")
        if type(threshold) is not int or type(least) is not int:
            raise _wrong(file, f"'roles.{name}': threshold and least must be whole numbers")
        yield name, Role(tuple(sorted({each for owner in owners for each in people[owner]})), least, threshold)


def _mapping(file: Path, name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not value:
        raise _wrong(file, f"'{name}' must be a mapping: 'name: value' lines below it")
    return value


def _day(file: Path, value: Any) -> datetime:
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(file, "'expires' must be a day such as 2028-06-01") from None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


def _wrong(file: Path, what: str) -> SettingsError:
    return SettingsError(f"{file}: {what}.", help=_HELP)
