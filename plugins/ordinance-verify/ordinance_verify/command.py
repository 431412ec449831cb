"""``ordinance-verify``: is this evidence sound? Offline, without Ordinance."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ordinance_verify import __version__
from ordinance_verify.policies import Root, read_root
from ordinance_verify.problems import MOST, Problem, Report, WrongError, printable
from ordinance_verify.strict import sha256
from ordinance_verify.verification import Given, as_json, verify

_EPILOG = """\
examples:
  ordinance-verify evidence --key office.pub --record-key server.pub --root root.json
  ordinance-verify evidence --key server.pub --format json

Take no key or root from the folder: get them from people whom you trust, on another way. README.md says what each
problem means, and what nothing here can show.
exit codes: 0 sound, 1 wrong, 2 unreadable, or wrong usage.
"""

_LARGEST = 1024 * 1024


def main(words: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    args = _parser().parse_args(words)
    try:
        keys = dict(map(_key, args.key))
        record = dict(map(_key, args.record_key)) or keys
        mark = None if args.mark_key is None else _key(args.mark_key)[1]
        root = None if args.root is None else _root(args.root)
        report = verify(args.folder, Given(keys, record, root, mark, args.least, args.begun))
    except WrongError as error:
        report = Report([error.problem])
    if args.format == "json":
        print(json.dumps(as_json(report), ensure_ascii=False))
    else:
        print("\n".join(_lines(args.folder, report)))
    return report.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ordinance-verify",
        description="Verify the evidence in a folder: that nobody has changed it since it was signed, and that what it "
        "says of records and policies is what they say.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the folder that `ordinance evidence` made")
    parser.add_argument(
        "--key", metavar="PUBLIC", type=Path, action="append", required=True,
        help="the public key (Ed25519, PEM) of whoever signed the folder; give it again for each that may have",
    )  # fmt: skip
    parser.add_argument(
        "--record-key", metavar="PUBLIC", type=Path, action="append", default=[],
        help="a public key of the record's checkpoints; give it again for each (default: those of --key)",
    )  # fmt: skip
    parser.add_argument("--root", metavar="FILE", type=Path, help="the root that says who may sign a policy")
    parser.add_argument("--mark-key", metavar="PUBLIC", type=Path, help="the key of marks that the folder must name")
    parser.add_argument(
        "--least", type=_number, default=0, metavar="NUMBER", help="the checkpoint that the record must reach"
    )
    parser.add_argument(
        "--begun", type=_day, metavar="DAY", help="the day by which the record must have begun, such as 2026-11-01"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text for people, JSON for programs")
    parser.add_argument("--version", action="version", version=f"ordinance-verify {__version__}")
    return parser


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"'{text}' is not the number of a checkpoint")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a day such as 2026-11-01") from None


def _key(file: Path) -> tuple[str, bytes]:
    """Return the id and the bytes of a public key. Raises ``WrongError``."""
    try:
        key = load_pem_public_key(_read(file))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise WrongError("key-unreadable", str(file), "it is not an Ed25519 public key in PEM")
    public = key.public_bytes_raw()
    return sha256(public), public


def _root(file: Path) -> Root:
    try:
        return read_root(_read(file), str(file))
    except WrongError as error:
        raise WrongError("key-unreadable", str(file), error.problem.what) from None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST)
    except OSError as error:
        raise WrongError("key-unreadable", str(file), error.strerror or "it cannot be read") from None


def _lines(folder: Path, report: Report) -> list[str]:
    def shown(kind: str, found: Sequence[Problem]) -> list[str]:
        more = [f"{kind}: there may be more; {MOST} are listed"] if len(found) >= MOST else []
        return [printable(f"{kind}[{each.code}] {each.where}: {each.what}") for each in found] + more

    verdict = "do not rely on it" if report.problems else "it is as it was signed, and says what it contains"
    about = f" from {report.days[0]} to {report.days[1]}, checkpoint {report.checkpoint}" if report.days else ""
    return [*shown("error", report.problems), *shown("note", report.notes), printable(f"{folder}{about}: {verdict}")]


if __name__ == "__main__":
    sys.exit(main())
