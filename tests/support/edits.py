"""Edits of a folder of evidence, each of another kind, and each undone afterwards."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from ordinance.trust import strict_json
from ordinance.trust.envelopes import sealed, sign
from ordinance_verify.counting import Counting
from ordinance_verify.problems import Report
from ordinance_verify.record import Chains
from support.bundles import key

Edit = Callable[[Path, Random], None]


def files(folder: Path) -> list[Path]:
    return [folder / name for name, kept in sorted(content(folder).items()) if isinstance(kept, bytes)]


def _some(folder: Path, chance: Random, ending: str = "") -> Path:
    return chance.choice([path for path in files(folder) if path.name.endswith(ending) and path.stat().st_size > 2])


def flip(folder: Path, chance: Random) -> None:
    """Flip one bit."""
    path = _some(folder, chance)
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def cut(folder: Path, chance: Random) -> None:
    """Cut a file short."""
    path = _some(folder, chance)
    data = path.read_bytes()
    path.write_bytes(data[: chance.choice((0, len(data) - 1, chance.randrange(len(data))))])


def insert(folder: Path, chance: Random) -> None:
    """Put something into a file."""
    path = _some(folder, chance)
    data, more = path.read_bytes(), chance.choice((b" ", b"\n", b"\0", b"{}", b"\xef\xbb\xbf", b"9", b"../"))
    at = chance.choice((0, len(data), chance.randrange(len(data))))
    path.write_bytes(data[:at] + more + data[at:])


def remove(folder: Path, chance: Random) -> None:
    """Delete a file, or a folder."""
    path = chance.choice([*files(folder), *(each for each in folder.rglob("*") if each.is_dir())])
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def swap(folder: Path, chance: Random) -> None:
    """Let two files that differ change places."""
    one = _some(folder, chance)
    other = chance.choice([path for path in files(folder) if path.read_bytes() != one.read_bytes()])
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def lose_line(folder: Path, chance: Random) -> None:
    """Take a line out of the record."""
    path = _some(folder, chance, ".jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    path.write_bytes(b"".join(lines))


def double_line(folder: Path, chance: Random) -> None:
    """Have a line of the record twice."""
    path = _some(folder, chance, ".jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    path.write_bytes(b"".join(lines))


def move_line(folder: Path, chance: Random) -> None:
    """Let two lines of the record change places."""
    path = _some(folder, chance, ".jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    one, other = chance.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    path.write_bytes(b"".join(lines))


def change_record(folder: Path, chance: Random) -> None:
    """Let a record say something else."""
    path = _some(folder, chance, ".jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    at = chance.choice([n for n, line in enumerate(lines) if b'"event":"end"' in line])
    ways = ((b'"key":"', b'"key":"x'), (b'"status":200', b'"status":500'), (b'"verdict":"', b'"verdict":"y'))
    lines[at] = lines[at].replace(*chance.choice(ways))
    path.write_bytes(b"".join(lines))


def double_key(folder: Path, chance: Random) -> None:
    """Have a key of an object twice."""
    path = _some(folder, chance, ".json")
    data = path.read_bytes()
    places = [at for at, sign in enumerate(data) if sign == ord("{") and data[at + 1 : at + 2] == b'"']
    at = chance.choice(places)
    end = data.index(b":", at)
    path.write_bytes(data[: at + 1] + data[at + 1 : end] + b":0," + data[at + 1 :])


def write_again(folder: Path, chance: Random) -> None:
    """Write the same JSON in another way."""
    path = _some(folder, chance, ".json")
    value = json.loads(path.read_bytes())
    told = chance.choice(
        (
            json.dumps(value, separators=(",", ":")) + "\n",
            json.dumps(value, indent=1),
            json.dumps(value),
            json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).replace("s", "\\u0073", 1),
        )
    )
    path.write_text(told, "utf-8")


def link(folder: Path, chance: Random) -> None:
    """Put a link to the same content in the place of a file or a folder."""
    path = chance.choice([*files(folder), *(each for each in folder.iterdir() if each.is_dir())])
    moved = folder.parent / "elsewhere"
    if moved.exists():
        shutil.rmtree(moved)
    moved.mkdir()
    path.rename(moved / "x")
    path.symlink_to(moved / "x" if chance.random() < 0.5 else os.path.relpath(moved / "x", path.parent))


def add(folder: Path, chance: Random) -> None:
    """Add a file, a folder, a pipe, or a link that leads nowhere."""
    place = chance.choice([folder, *(each for each in folder.rglob("*") if each.is_dir())])
    name = chance.choice(("x", ".x", "manifest.json.sig", "record.jsonl", " ", "..x", "Index.html", "\udcff", "a\nb"))
    kind = chance.randrange(4)
    if kind == 0:
        (place / name).write_bytes(b"{}")
    elif kind == 1:
        (place / name).mkdir()
    elif kind == 2:
        os.mkfifo(place / name)
    else:
        (place / name).symlink_to("nowhere")


def replace_kind(folder: Path, chance: Random) -> None:
    """Put a folder or a pipe in the place of a file."""
    path = chance.choice(files(folder))
    path.unlink()
    path.mkdir() if chance.random() < 0.5 else os.mkfifo(path)


def rename(folder: Path, chance: Random) -> None:
    """Give a file another name or another place."""
    path = chance.choice(files(folder))
    to = chance.choice((path.with_name(path.name.upper() + "x"), path.with_name(f"{path.name} "), folder / "y.json"))
    path.rename(to)


def another_manifest(folder: Path, chance: Random) -> None:
    """List other files, or the same ones elsewhere, without the key."""
    envelope = json.loads((folder / "manifest.json").read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    each = chance.choice(statement["subject"])
    ways: tuple[dict[str, Any], ...] = (
        {"name": "../" + each["name"]}, {"name": "/" + each["name"]}, {"name": "./" + each["name"]},
        {"name": each["name"].upper()}, {"name": each["name"] + "\0"}, {"digest": {"sha256": "0" * 64}},
    )  # fmt: skip
    each.update(chance.choice(ways))
    envelope["payload"] = base64.b64encode(strict_json.encode(statement)).decode()
    (folder / "manifest.json").write_bytes(strict_json.encode(envelope))


def other_signatures(folder: Path, chance: Random) -> None:
    """Take the signature away, add one of somebody else's, or put somebody else's in its place."""
    envelope = json.loads((folder / "manifest.json").read_bytes())
    content = base64.b64decode(envelope["payload"])
    stranger = json.loads(strict_json.encode(sign(sealed(content, envelope["payloadType"]), key("stranger"))))
    own, (theirs,) = envelope["signatures"], stranger["signatures"]
    (mine,) = own
    envelope["signatures"] = chance.choice(
        ([], [theirs], [mine, theirs], [theirs, mine], [mine, mine], [{**theirs, "keyid": mine["keyid"]}])
    )
    (folder / "manifest.json").write_bytes(strict_json.encode(envelope))


#: Every way in which somebody without a key can edit a folder.
WAYS: tuple[Edit, ...] = (
    flip, flip, flip, cut, insert, remove, swap, lose_line, double_line, move_line, change_record, double_key,
    write_again, link, add, replace_kind, rename, another_manifest, other_signatures,
)  # fmt: skip
#: Those that leave a folder that can be signed again.
INSIDE: tuple[Edit, ...] = (
    flip, flip, cut, insert, swap, lose_line, double_line, move_line, change_record, double_key, write_again,
)  # fmt: skip


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sign_again(folder: Path, person: str = "office") -> None:
    """Sign the folder as it is now, as whoever has the key of ``person`` can."""
    manifest = folder / "manifest.json"
    statement = json.loads(base64.b64decode(json.loads(manifest.read_bytes())["payload"]))
    statement["subject"] = [
        {
            "name": path.relative_to(folder).as_posix(),
            "digest": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        }
        for path in files(folder)
        if path != manifest
    ]
    statement["subject"].sort(key=lambda each: each["name"])
    envelope = sealed(strict_json.encode(statement), "application/vnd.in-toto+json")
    manifest.write_bytes(strict_json.encode(sign(envelope, key(person))))


def count_again(folder: Path) -> None:
    """Let the sections say what the record says as it is now, and sign the folder."""
    found = {path.stem: json.loads(path.read_bytes()) for path in folder.glob("*.json")}
    counting = Counting(Report())
    ever = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
    chains = Chains({}, *ever, counting.take, Report(), whole=True)
    for path in sorted((folder / "record").iterdir(), key=lambda each: int(each.stem)):
        chains.file(path, path.name, _sha256(path))
    found["counts"] = counting.counts()
    found["failures"] = counting.failures({each["digest"]: each["verified"] for each in found["policies"]})
    found["parts"] |= counting.parts()
    names = ("checkpoints", "deletions", "begins", "ends")  # by keys that were not given
    signed = {name: found["record"][name] for name in names}
    found["record"] |= asdict(chains.numbers) | signed
    for day in found["laws"]["days"]:
        day["requests"] = dict(counting.days[day["day"]])
    for name in ("counts", "failures", "parts", "record", "laws"):
        (folder / f"{name}.json").write_bytes(strict_json.encode(found[name]))
    sign_again(folder)


def content(folder: Path) -> dict[str, bytes | str]:
    """Everything that is there, to see whether anything was edited."""
    found: dict[str, bytes | str] = {}
    _look(str(folder), "", found)
    return found


def _look(folder: str, above: str, found: dict[str, bytes | str]) -> None:
    for entry in os.scandir(folder):
        name = above + entry.name
        if entry.is_dir(follow_symlinks=False):
            found[name] = "folder"
            _look(entry.path, f"{name}/", found)
        elif entry.is_file(follow_symlinks=False):
            with open(entry.path, "rb", 0) as opened:
                found[name] = opened.read()
        else:
            found[name] = "link" if entry.is_symlink() else "other"


@contextmanager
def edited(folder: Path, way: Edit, chance: Random, before: Mapping[str, bytes | str] = {}) -> Iterator[set[str]]:
    """Edit the folder, say which names that changed, and put everything back. ``before`` is its content."""
    before = before or content(folder)
    try:
        way(folder, chance)
        after = content(folder)
        yield {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    finally:
        _restore(folder, before)


def _restore(folder: Path, before: Mapping[str, bytes | str]) -> None:
    after = content(folder)
    for name in sorted(name for name in after if after[name] != before.get(name)):
        path = folder / name
        if os.path.lexists(path):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    there = {name for name in after if after[name] == before.get(name)}
    for name in sorted(before.keys() - there):
        path = folder / name
        if not os.path.lexists(path):
            kept = before[name]
            path.write_bytes(kept) if isinstance(kept, bytes) else path.mkdir()
