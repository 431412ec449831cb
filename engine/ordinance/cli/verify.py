"""``ordinance verify``: is this answer the one that its provider signed? Offline."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ordinance.cli.arguments import add_format
from ordinance.cli.colour import tell
from ordinance.errors import UnreadableError
from ordinance.trust import moments
from ordinance.trust.marks.verification import Verified, verify
from ordinance.trust.signing import public_key
from ordinance.trust.trouble import exit_code, printable

_EPILOG = """\
examples:
  ordinance verify answer.json --key provider.pub
  curl -sN … | tee stream.txt; ordinance verify stream.txt --key provider.pub
  ordinance verify - --key provider.pub --format json <answer.json

FILE is what a chat completion, a completion, a response or a message returned: the JSON object, or the events of the
stream as they came. docs/marks.md says what a signature shows, and what it does not.
exit codes: 0 signed by this key and unchanged, 1 not signed, or changed, 2 unreadable input or wrong usage.
"""

#: A larger file is no answer.
_LARGEST = 256 * 1024 * 1024


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "verify",
        help="verify the signature of an answer",
        description="Verify that an answer is the one that its provider signed, and say which text that covers.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="the answer, or - for standard input")
    parser.add_argument(
        "--key", metavar="PUBLIC", type=Path, action="append", required=True,
        help="the provider's public key (Ed25519, PEM); give it again for each key that may have signed",
    )  # fmt: skip
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Verify one answer."""
    keys = [public_key(file) for file in args.key]
    verified, found = verify(_read(args.file), args.file, keys, moments.now())
    if args.format == "json":
        problems = [{"code": each.code, "where": each.where} for each in found]
        told = {"ok": not found, "problems": problems}
        print(json.dumps(told if verified is None else {**told, "signed": _as_json(verified)}, ensure_ascii=False))
    else:
        for each in found:
            tell(f"error[{each.code}] {each}", sys.stdout)
        if verified is not None:
            print("\n".join(map(printable, _lines(verified))))
        verdict = {0: "is verified", 1: "is not what was signed"}.get(exit_code(found), "cannot be verified")
        print(f"{args.file} {verdict}")
    return exit_code(found)


def _as_json(verified: Verified) -> dict[str, Any]:
    texts = [{"choice": index, "name": name, "bytes": size} for index, name, size in verified.texts]
    return {**asdict(verified), "texts": texts}


def _lines(verified: Verified) -> Iterator[str]:
    yield f"signed by {verified.provider}, key {verified.key}, at {verified.time}, under the policy {verified.policy}"
    for index, name, size in verified.texts:
        yield f"compared: choice {index}, {name}, {size:,} bytes"
    if verified.calls:
        yield f"not signed: {verified.calls} tool call{'s' if verified.calls > 1 else ''}"


def _read(file: str) -> bytes:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.", help="Check the path.") from None
    if len(data) > _LARGEST:
        raise UnreadableError(f"{file} is larger than {_LARGEST >> 20} MiB.", help="Is it the right file?")
    return data
