"""What comes with a plugin or from one: its wheel, its manifest, its examples, its messages; a judge's server."""

from __future__ import annotations

import io
import json
import socket
import sys
import zipfile
from contextlib import suppress
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from fuzz.target import Target, as_file, written
from ordinance.conformance.folder import folder_faults
from ordinance.conformance.own_examples import ExamplesError, read_examples
from ordinance.plugin import JudgeFaultError
from ordinance.plugins import answered
from ordinance.plugins.connections import _address
from ordinance.plugins.inside.frames import Frames
from ordinance.plugins.manifest import Found, Manifest, read
from ordinance.plugins.wheels import read_wheels
from support.checkout import ROOT

sys.path.append(str(ROOT / "plugins" / "ordinance-judge"))
reading: Any = import_module("ordinance_judge.reading")
server: Any = import_module("ordinance_judge.server")

_MANIFEST = (ROOT / "plugins" / "ordinance-example" / "ordinance_example" / "ordinance-plugin.toml").read_bytes()
_OTHERS = tuple(path.read_bytes() for path in sorted((ROOT / "plugins").glob("*/*/ordinance-plugin.toml")))
_EXAMPLES = tuple(path.read_bytes() for path in sorted((ROOT / "plugins").glob("*/*/ordinance-examples.toml")))
_POINTS = "[ordinance]\nacme = acme\n"
METADATA = "Metadata-Version: 2.4\nName: acme\nVersion: 1.0.0\nRequires-Dist: regex>=2; extra == 'test'\n\nWords.\n"
_RECORD = "acme/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nacme/ordinance-plugin.toml,,\n"
_JUDGED = json.dumps(
    {"model": "m", "choices": [{"message": {"content": "no"}, "finish_reason": "stop", "logprobs": {"content": [
        {"token": "no", "logprob": -0.1, "top_logprobs": [{"token": "yes", "logprob": -2.5}]}]}}]}
)  # fmt: skip


def wheel(method: int, **more: str) -> bytes:
    """Return a plugin's wheel whose files are packed by ``method``; ``more`` are further files of its metadata."""
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, text in {"METADATA": METADATA, "entry_points.txt": _POINTS, **more}.items():
                archive.writestr(f"acme-1.0.0.dist-info/{name}", text)
        return file.getvalue()


def _manifest(data: bytes) -> Found:
    as_file("plugin/acme-1.0.0.dist-info/METADATA", METADATA.encode())
    as_file("plugin/acme-1.0.0.dist-info/entry_points.txt", _POINTS.encode())
    return read(as_file("plugin/acme/ordinance-plugin.toml", data).parents[1])


def _folder_of(name: str, data: bytes) -> object:
    """Read a plugin's folder in which the file ``name`` of its metadata is ``data``."""
    given = {"METADATA": METADATA.encode(), "entry_points.txt": _POINTS.encode(), "RECORD": _RECORD.encode()}
    for each, content in {**given, name: data}.items():
        as_file(f"spoiled/acme-1.0.0.dist-info/{each}", content)
    as_file("spoiled/acme/__init__.py", b"")
    folder = as_file("spoiled/acme/ordinance-plugin.toml", _MANIFEST).parents[1]
    return list(folder_faults(folder, read(folder)))


def _examples(data: bytes) -> object:
    package = as_file("examples/ordinance-examples.toml", data).parent
    return read_examples(package, Manifest(api=1, vendor="example", provides=["detector example.word"]))


def _message(data: bytes) -> object:
    """Send ``data`` as a plugin would, and close the connection."""
    ours, theirs = socket.socketpair()
    frames = Frames(ours)
    try:
        theirs.sendall(data)
        theirs.close()
        message: Any = frames.receive(1, 1, 1 << 20)
    finally:
        frames.close()
    for check in (answered.truth, lambda each: answered.spans(each, 9), lambda each: answered.scores(each, 2),
                  lambda each: answered.rewritten(each, "a"),
                  lambda each: answered.lines(each, 3, 20), answered.nothing):  # fmt: skip
        with suppress(ValueError):
            check(message.get("is") if isinstance(message, dict) else message)
    return message


def _judged(data: bytes) -> object:
    asked = server.Server.__new__(server.Server)
    asked._served = SimpleNamespace(model="m")
    choice = asked._choice(asked._parsed(data))
    return reading.said(choice), reading.share(choice, 0, "yes", ("no",))


def _framed(message: object) -> bytes:
    data = json.dumps(message).encode()
    return len(data).to_bytes(4, "big") + data


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    bomb = wheel(zipfile.ZIP_DEFLATED, METADATA=METADATA + "x" * 2000)
    return (
        Target("wheel", lambda data: read_wheels([as_file("acme-1.0.0-py3-none-any.whl", data)]),
               (wheel(zipfile.ZIP_STORED), wheel(zipfile.ZIP_DEFLATED), wheel(zipfile.ZIP_LZMA), bomb)),
        Target("plugin-manifest", _manifest, (_MANIFEST, *_OTHERS)),
        Target("plugin-metadata", lambda data: _folder_of("METADATA", data), written(METADATA)),
        Target("plugin-entry-points", lambda data: _folder_of("entry_points.txt", data), written(_POINTS)),
        Target("plugin-record", lambda data: _folder_of("RECORD", data), written(_RECORD)),
        Target("plugin-examples", _examples, _EXAMPLES or written('[[example]]\nuse = "detector example.word"\n'),
               (ExamplesError,)),
        Target("plugin-message", _message, (_framed({"answer": 1, "is": [[0, 3]]}), _framed({"pong": 7}),
               _framed({"answer": 2, "is": [0.5, 1]}), _framed({"failed": ["raised", "E", "x"]})),
               (ValueError, OSError)),
        Target("plugin-address", _address, written('"127.0.0.1:9"'), ()),
        Target("judge-answer", _judged, written(_JUDGED), (JudgeFaultError,)),
    )  # fmt: skip
