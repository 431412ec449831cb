"""The page docs/record.md says enough: a verifier of sixty lines, made of it alone, finds the same."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from hypothesis import given
from hypothesis import strategies as st

from ordinance.record.deletion import Chosen, delete
from ordinance.trust.detached import Signer
from support.records import PRIVATE, key_file, opened, record, verified, write


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


class WrongError(Exception):
    """The record is not as it was signed."""


def require(holds: bool) -> None:
    if not holds:
        raise WrongError


def read(path: Path) -> int:
    """Verify a record whose file has all of it; return the number of the last checkpoint."""
    heads: dict[str, list[Any]] = {}
    moved: dict[str, list[Any]] = {}
    order, counts, number, before = b"", [0, 0], 0, "0" * 64
    deletions: dict[str, Any] = {}
    deleted: dict[str, list[str]] = {}
    for line in path.read_bytes().split(b"\n")[:-1]:
        if found := re.search(rb',"chain":\{(?!.*,"chain":\{)(.*)\}\}$', line):
            chain = json.loads(b"{" + found[1] + b"}")
            body = line[: found.start()] + b"}"
            gone = json.loads(body) if "salt" not in chain else None
            kept = gone["hash"] if gone else digest(bytes.fromhex(chain["salt"]) + body)
            link = digest(f"{chain['id']}:{chain['n']}:{chain['prev']}:{kept}".encode())
            n, prev = heads.get(chain["id"], [0, digest(chain["id"].encode())])
            require([n + 1, prev] == [chain["n"], chain["prev"]])
            heads[chain["id"]] = moved[chain["id"]] = [chain["n"], link]
            order, counts[0] = order + link.encode(), counts[0] + 1
            if gone:
                form = '{"v":1,"event":"deleted","deletion":"%s","hash":"%s"}'
                require(body == (form % (gone["deletion"], kept)).encode())
                deleted.setdefault(gone["deletion"], []).append(link)
        elif found := re.search(rb',"signature":\{(?!.*,"signature":\{)(.*)\}\}$', line):
            signature = json.loads(b"{" + found[1] + b"}")
            body = line[: found.start()] + b"}"
            require(signature["keyid"] == digest(PRIVATE.public_key().public_bytes_raw()))
            try:
                signed = base64.b64decode(signature["sig"], validate=True)
                PRIVATE.public_key().verify(signed, b"ordinance-record-1\n" + body)
            except (InvalidSignature, ValueError):
                raise WrongError from None
            says = json.loads(body)
            if says["event"] == "deletion":
                deletions[says["id"]] = says
                continue
            require([says["number"], says["before"]] == [number + 1, before])
            require([says["records"], says["torn"], says["digest"]] == [*counts, digest(order)])
            require(moved.items() <= says["heads"].items())
            require(all(heads.get(id, [0, digest(id.encode())]) == head for id, head in says["heads"].items()))
            order, counts, moved, number, before = b"", [0, 0], {}, says["number"], digest(line)
        else:
            order, counts[1] = order + digest(line).encode(), counts[1] + 1
    require({name: [len(links), digest("".join(links).encode())] for name, links in deleted.items()}
            == {name: [says["records"], says["digest"]] for name, says in deletions.items()})  # fmt: skip
    return number


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("form") / "log"
    first, second = opened(path), opened(path)
    for n in range(12):
        write(first if n % 2 else second, record(n, key="school" if n % 5 == 0 else "desk"))
    first.close()
    with path.open("ab") as file:
        file.write(b'{"v":1,"ti')
    second.close()
    delete(path, Chosen(None, "school"), Signer(key_file(path.parent)))
    return path


def test_what_is_verified_here_is_verified_by_the_page_alone(made: Path) -> None:
    found = verified(made)
    assert (found.problems, found.deleted) == ([], 3)
    assert found.last is not None
    assert read(made) == found.last.number


@given(data=st.data())
def test_both_find_the_same_edits(made: Path, data: st.DataObject) -> None:
    before = made.read_bytes().split(b"\n")[:-1]
    at = data.draw(st.integers(0, len(before) - 1))
    place = data.draw(st.integers(0, len(before[at]) - 1))
    line = before[at][:place] + bytes([before[at][place] ^ 1]) + before[at][place + 1 :]
    changed = made.parent / "log.changed"
    changed.write_bytes(b"\n".join([*before[:at], line, *before[at + 1 :]]) + b"\n")
    assert verified(made, [changed]).problems
    try:
        wrong = read(changed) != verified(made).checkpoints
    except (WrongError, ValueError, KeyError):
        wrong = True
    assert wrong
