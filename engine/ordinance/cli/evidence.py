"""``ordinance evidence``: make a folder that shows a third party what a server did on some days."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ordinance.cli.arguments import Allowed, add_config, add_format, allowed_by, day, places_of, record_place
from ordinance.cli.colour import tell
from ordinance.cli.doctor import key_in
from ordinance.cli.doctor import report_of as examined
from ordinance.cli.progress import working
from ordinance.errors import UnreadableError, UsageError
from ordinance.evidence.days import Days
from ordinance.evidence.evident_policies import Evident, loader, policies
from ordinance.evidence.gathered import Made, Sources, make
from ordinance.trust.detached import either_key
from ordinance.trust.envelopes import key_id, sign
from ordinance.trust.signing import private_key
from ordinance.trust.trouble import printable

_EPILOG = """\
examples:
  ordinance evidence --from 2026-11-01 --to 2026-11-30 --config ordinance.yaml OUT
  ordinance evidence --from 2026-11-01 --to 2026-11-30 --config ordinance.yaml \\
    --record audit.jsonl.1 audit.jsonl --policy policy-1.bundle policy-2.bundle --root root.json \\
    --doctor doctor.json --sbom sbom.cdx.json --sign-with office.pem OUT

--record and --policy take every word that follows them: write OUT last after another option, or after `--`.

Both days are included, and are days of UTC. The folder contains no text of a question or an answer; it contains the
names of API keys, and the phrases of all rules. Open OUT/index.html. A third party verifies the folder with
`ordinance-verify` (plugins/ordinance-verify), which has nothing in common with this program. docs/evidence.md says what
the folder shows, and what it does not.
exit codes: 0 written; 1 written, but the record or a policy in it is wrong or missing;
2 unreadable input or wrong usage.
"""

_LARGEST = 64 * 1024 * 1024


class _Finding(msgspec.Struct):
    """What `ordinance doctor --format json` says of one look."""

    state: str
    check: str
    subject: str
    part: str
    what: str
    help: str


class _Doctor(msgspec.Struct):
    url: str
    model: str
    findings: list[_Finding]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "evidence",
        help="make a folder that shows a third party what a server did",
        description="Make a signed folder that shows which law a server applied on some days, what it did, and what "
        "failed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", metavar="OUT", type=Path, nargs="?", help="the folder, which is empty or not there yet")
    parser.add_argument("--from", dest="first", type=day, metavar="DAY", required=True, help="the first day")
    parser.add_argument("--to", dest="last", type=day, metavar="DAY", required=True, help="the last day, included")
    parser.add_argument(
        "--record", type=record_place, metavar="PLACE", nargs="+", action="extend", default=[],
        help="the record's files, the oldest first, or the address of its database without a password (default: "
        "`audit.path` or `audit.store` of the settings)",
    )  # fmt: skip
    parser.add_argument(
        "--signed-by", type=Path, metavar="PEM", action="append", default=[],
        help="the public key of the checkpoints, or the private one; several times after a change of the key (default: "
        "`audit.key_file` of the settings)",
    )  # fmt: skip
    parser.add_argument(
        "--policy", type=Path, metavar="BUNDLE", nargs="+", action="extend", default=[],
        help="the bundles that were in force, or packs (default: `packs` of the settings)",
    )  # fmt: skip
    parser.add_argument(
        "--root", type=Path, metavar="FILE", help="the root that bundles are verified from (default: `trust.root`)"
    )
    parser.add_argument(
        "--sign-with", type=Path, metavar="PEM",
        help="the private key of whoever answers for the evidence (default: `audit.key_file` of the settings)",
    )  # fmt: skip
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="the passphrase of that key")
    parser.add_argument(
        "--without-records", action="store_true",
        help="show only the hash of each record: chains can be verified, but counts cannot be recomputed",
    )  # fmt: skip
    doctor = parser.add_mutually_exclusive_group()
    doctor.add_argument("--doctor", type=Path, metavar="FILE", help="what `ordinance doctor --format json` printed")
    doctor.add_argument("--server", metavar="URL", help="examine this server now, as `ordinance doctor` does")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="with --server: a file with the API key")
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="the release's bill of materials (CycloneDX, JSON)")
    parser.add_argument(
        "--objections", type=Path, metavar="FILE", help="counted objections (default: `objections` of the settings)"
    )
    parser.add_argument(
        "--mark-key", type=Path, metavar="PEM",
        help="the key of marks, public or private (default: `mark.key_file` of the settings)",
    )  # fmt: skip
    add_config(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Make the folder, and return the exit code."""
    if args.out is None:
        raise UsageError(
            "OUT, the folder to write, is not named.",
            help="--record and --policy take every word that follows: write `-- OUT` after them, or OUT first.",
        )
    if args.first > args.last:
        raise UsageError("--from is after --to.", help="Name the first day, then the last.")
    if args.last.year >= 9999:
        raise UsageError("--to is past the calendar.", help="Name a day that is over.")
    allowed = allowed_by(args)
    key = private_key(_signing(args, allowed), _bytes(args.passphrase_file).strip() if args.passphrase_file else None)
    with working("gathering"):
        signer = key_id(key.public_key().public_bytes_raw())
        made = make(args.out, _sources(args, allowed), lambda envelope: sign(envelope, key), signer)
    if args.format == "json":
        problems = [{"code": each.code, "where": each.where} for each in made.problems]
        told = {"ok": not problems, "problems": problems, "requests": made.requests, "answers": made.answers}
        print(json.dumps({**told, "lacks": list(made.lacks), "manifest": made.manifest}, ensure_ascii=False))
    else:
        tell("\n".join(_lines(args.out, made)), sys.stdout)
    return 1 if made.problems else 0


def _lines(out: Path, made: Made) -> list[str]:
    return [
        *(printable(f"error[{each.code}] {each.where}: {each.what}") for each in made.problems),
        *(f"note: {each}" for each in made.lacks),
        f"{out}: {made.requests} requests, {made.answers} of them answered; open {out / 'index.html'}",
        f"manifest {made.manifest}",
    ]


def _sources(args: argparse.Namespace, allowed: Allowed) -> Sources:
    settings = allowed.settings
    audit = settings.audit if settings else None
    record = args.record or places_of(audit)
    keys = args.signed_by or ([audit.key_file] if audit and audit.key_file else [])
    packs = args.policy or [Path(each) for each in (settings.packs if settings else ())]
    for given, what, how in (
        (record, "the record", "--record"),
        (keys, "the key of its checkpoints", "--signed-by"),
        (packs, "the policy", "--policy"),
    ):
        if not given:
            raise UsageError(f"{what} is not named.", help=f"Name it with {how}, or the settings with --config.")
    root = args.root or (settings.trust.root if settings and settings.trust else None)
    load = loader(args.last, allowed.plugins, allowed.budget, allowed.judge)
    objections = args.objections or (settings.objections if settings else None)
    found = policies(packs, root, load)
    return Sources(
        Days(args.first, args.last),
        record,
        [either_key(each) for each in keys],
        found,
        not args.without_records,
        _doctor(args, found),
        _sbom(args.sbom),
        objections,
        _mark(args, allowed),
    )


def _signing(args: argparse.Namespace, allowed: Allowed) -> Path:
    audit = allowed.settings.audit if allowed.settings else None
    file: Path | None = args.sign_with or (audit.key_file if audit else None)
    if file is None:
        raise UsageError(
            "no key is named that signs the evidence.",
            help="Name it with --sign-with, or `audit.key_file` in the settings with --config.",
        )
    return file


def _mark(args: argparse.Namespace, allowed: Allowed) -> tuple[str, bytes] | None:
    mark = allowed.settings.mark if allowed.settings else None
    file = args.mark_key or (mark.key_file if mark else None)
    return None if file is None else (mark.provider if mark else "", either_key(file))


def _doctor(args: argparse.Namespace, found: Sequence[Evident]) -> Mapping[str, Any] | None:
    """Return what the doctor found, now or before; of what it printed, without members that it does not write."""
    if args.server:
        return examined(args.server, key_in(args.key_file), found[-1].plan)
    if args.doctor is None:
        return None
    try:
        read = msgspec.json.decode(_bytes(args.doctor), type=_Doctor)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnreadableError(
            f"{args.doctor} is not what `ordinance doctor --format json` prints.", help="Run it again."
        ) from None
    return {name: msgspec.to_builtins(getattr(read, name)) for name in ("url", "model", "findings")}


def _sbom(file: Path | None) -> tuple[bytes, Mapping[str, Any]] | None:
    if file is None:
        return None
    data = _bytes(file)
    try:
        read = msgspec.json.decode(data)
        if isinstance(read, dict) and read.get("bomFormat") == "CycloneDX":
            components = [each for each in read.get("components") or () if isinstance(each, dict)]
            return data, {"components": components}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
        pass
    raise UnreadableError(f"{file} is not a bill of materials (CycloneDX, JSON).", help="A release contains one.")


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.", help="Check the path.") from None
    if len(data) > _LARGEST:
        raise UnreadableError(f"{file} is larger than {_LARGEST >> 20} MiB.", help="Is it the right file?")
    return data
