"""``ordinance bundle``: build, sign, verify and inspect signed policies, and the roots that say who may sign."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from ordinance.cli.arguments import Allowed, add_config, add_format, allowed_by, day
from ordinance.cli.colour import tell
from ordinance.cli.diff import lines_of as lines_of_difference
from ordinance.cli.progress import working
from ordinance.errors import UnreadableError, UsageError
from ordinance.loading.load import Loaded
from ordinance.trust import moments
from ordinance.trust.approval import Loader, release_of, unlike
from ordinance.trust.building import Order, build
from ordinance.trust.contents import DIFF, RELEASE, Contents
from ordinance.trust.drafts import load_draft
from ordinance.trust.inspecting import lines_of, report_of
from ordinance.trust.planning import plan_root
from ordinance.trust.roots import Rooted, read_root
from ordinance.trust.seen import Seen, read_seen
from ordinance.trust.signing import exposed, private_key, put, sign_bundle, sign_root
from ordinance.trust.statements import sha256
from ordinance.trust.trouble import Trouble, TroubleError, exit_code, printable, refusal
from ordinance.trust.unpacked import is_bundle
from ordinance.trust.verifying import read_anchor, read_bundle, verify

_EPILOG = """\
examples:
  ordinance bundle root people.yaml --out root.json
  ordinance bundle sign root.json --key anna.pem
  ordinance bundle build rules --root root.json --expires 2027-06-01 --out policy.bundle
  ordinance bundle sign policy.bundle --first --key anna.pem
  ordinance bundle verify policy.bundle --root root.json

docs/bundles.md leads through all of it.
exit codes: 0 success, 1 the bundle is wrong, 2 it cannot be read, or wrong usage.
"""
_BUILD = """\
Put packs, with all that they refer to, the calibrations of judges and the list of allowed plugins into one file. The
same input gives the same bytes. Nobody has signed it yet; what a role signed in the bundle before and has not changed
stays signed.
"""
_SIGN = """\
Sign a bundle, or a root, as each role that has the key. Of a bundle, the command first shows the difference that it
makes to the bundle before, and its digest. It signs only if --approve names that digest.
"""
_VERIFY = """\
Verify a bundle as a server does: its form, its roots, its signatures, its files, its times and its versions. With
--after (or --first) also whether what the signers approved is the difference that it makes.
"""
_INSPECT = "Show what a bundle or a root contains and who has signed it. Nothing is verified."
_ROOT = """\
Make a root out of a plan: who has which public key, which role needs how many people. The root has to be signed by the
people of its role `root`, and by those of the root before.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "bundle",
        help="build, sign and verify a signed policy",
        description="Build, sign, verify and inspect a policy that is applied only if the right people signed it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    building = actions.add_parser("build", help="make a bundle out of packs", description=_BUILD)
    building.add_argument("packs", metavar="PATH", type=Path, nargs="+", help="packs, or folders of packs")
    building.add_argument(
        "--root",
        type=Path,
        nargs="+",
        metavar="FILE",
        required=True,
        help="the roots, oldest first; all are put into it",
    )
    building.add_argument("--out", type=Path, metavar="FILE", required=True, help="the bundle (*.bundle)")
    building.add_argument("--after", type=Path, metavar="BUNDLE", help="the bundle that is in force before this one")
    building.add_argument(
        "--expires", type=day, metavar="DATE", required=True, help="the day on which it expires (UTC)"
    )
    building.add_argument(
        "--grace",
        type=int,
        default=0,
        metavar="DAYS",
        help="days after that on which it may still be applied (default: 0)",
    )
    building.add_argument("--renew", action="store_true", help="make each statement anew, so that everybody signs")
    _add_force(building)
    add_config(building)
    building.set_defaults(act=_build)
    signing = actions.add_parser("sign", help="sign a bundle or a root", description=_SIGN)
    signing.add_argument("file", metavar="FILE", type=Path, help="a bundle (*.bundle), or a root")
    signing.add_argument("--key", type=Path, metavar="PEM", required=True, help="an Ed25519 private key")
    signing.add_argument("--passphrase-file", type=Path, metavar="FILE", help="the key's passphrase, in a file")
    _add_before(signing)
    signing.add_argument("--approve", metavar="DIGEST", help="the digest of the difference, as this command shows it")
    add_config(signing)
    signing.set_defaults(act=_sign)
    verifying = actions.add_parser("verify", help="verify a bundle", description=_VERIFY)
    verifying.add_argument("file", metavar="BUNDLE", type=Path, help="the bundle")
    verifying.add_argument("--root", type=Path, metavar="FILE", help="the root (default: `trust.root` of the settings)")
    verifying.add_argument("--state", type=Path, metavar="FILE", help="also compare with what a machine has applied")
    _add_before(verifying)
    add_config(verifying)
    add_format(verifying)
    verifying.set_defaults(act=_verify)
    inspecting = actions.add_parser("inspect", help="show what is in a bundle or a root", description=_INSPECT)
    inspecting.add_argument("file", metavar="FILE", type=Path, help="a bundle (*.bundle), or a root")
    add_format(inspecting)
    inspecting.set_defaults(act=_inspect)
    planning = actions.add_parser("root", help="make a root out of a plan", description=_ROOT)
    planning.add_argument("plan", metavar="PLAN", type=Path, help="YAML with `expires`, `keys` and `roles`")
    planning.add_argument("--out", type=Path, metavar="FILE", required=True, help="the root's file")
    planning.add_argument("--after", type=Path, metavar="ROOT", help="the root before this one")
    _add_force(planning)
    planning.set_defaults(act=_root)


def _add_before(parser: argparse.ArgumentParser) -> None:
    before = parser.add_mutually_exclusive_group()
    before.add_argument("--after", type=Path, metavar="FILE", help="the bundle, or the root, before this one")
    before.add_argument("--first", action="store_true", help="there is none before this one")


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace a file that is there, with its signatures")


def run(args: argparse.Namespace) -> int:
    """Run the action and return the exit code."""
    try:
        return int(args.act(args))
    except TroubleError as error:
        raise refusal(str(getattr(args, "file", None) or args.out), [error.trouble]) from None


def _build(args: argparse.Namespace) -> int:
    if not is_bundle(args.out):
        raise UsageError(f"'{args.out}' is not a bundle's name.", help="Let it end with .bundle.")
    if not 0 <= args.grace <= 3650:
        raise UsageError("--grace is a number of days from 0 to 3650.", help="Name how long an expired bundle may run.")
    allowed = allowed_by(args)
    issued = _issued()
    expires = datetime(args.expires.year, args.expires.month, args.expires.day, tzinfo=UTC)
    if expires <= issued:
        raise UsageError(
            f"a bundle expires as its day begins, and {args.expires} 00:00 UTC is over.",
            help="Name tomorrow or a later day.",
        )
    before = _before(args)
    order = Order(
        args.packs,
        [_bytes(root) for root in args.root],
        allowed.plugins,
        allowed.settings.judges if allowed.settings else (),
        before,
        issued,
        expires,
        args.grace,
        args.renew,
    )
    with working("building"):
        data = build(order, args.out, _loader(allowed, issued, examples=True))
    _put(args, data)
    contents = read_bundle(args.out)
    print("\n".join(lines_of(contents)))
    print(f"difference {sha256(contents.members[DIFF])}")
    said = {role: made.statement.predicate.expires for role, made in sorted(contents.statements.items())}
    if early := [f"{role} ({day})" for role, day in said.items() if moments.moment(day) < expires]:
        kept = f"statements that keep their signatures expire before {args.expires}: {', '.join(early)}"
        print(printable(f"ordinance: warning: {kept}. Build with --renew to make them anew."), file=sys.stderr)
    return 0


def _put(args: argparse.Namespace, data: bytes) -> None:
    """Write what was made to ``--out``. Raises ``UsageError`` where another file is there and ``--force`` is not
    given."""
    if not args.force and args.out.exists() and _bytes(args.out) != data:
        raise UsageError(
            f"{args.out} is there already; nothing was written.",
            help="Name another file, or replace it and its signatures with --force.",
        )
    put(args.out, data)


def _issued() -> datetime:
    """Return the time of a build: now, or that of the variable with which builds are made reproducible."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return moments.now()
    if not given.isdecimal() or len(given) > 11:
        raise UsageError("SOURCE_DATE_EPOCH is not a number of seconds.", help="Correct or unset the variable.")
    return datetime.fromtimestamp(int(given), UTC)


def _sign(args: argparse.Namespace) -> int:
    key = private_key(args.key, _passphrase(args.passphrase_file))
    if warning := exposed(args.key):
        print(printable(f"ordinance: {warning}"), file=sys.stderr)
    if not is_bundle(args.file):
        signed = sign_root(read_anchor(args.file), read_anchor(args.after).root if args.after else None, key)
    else:
        contents = read_bundle(args.file)
        digest = _shown(args, contents)
        if args.approve != digest:
            what = "what you approve was not named"
            if args.approve:
                what = "--approve does not name all 64 digits of the digest of the difference above"
            raise UsageError(
                f"nothing was signed: {what}.",
                help=f"Read the difference above. If you approve it, add --approve {digest}.",
            )
        signed = sign_bundle(contents, _newest(contents).root, key)
    if not signed.roles:
        raise UsageError(
            "nothing was signed: no role has this key.", help="`ordinance bundle inspect` shows who may sign."
        )
    put(args.file, signed.data)
    print(f"signed as {', '.join(signed.roles)}")
    return 0


def _shown(args: argparse.Namespace, contents: Contents) -> str:
    """Print the difference that a bundle makes, made here from both bundles; return its digest. Raises ``TrustError``
    where the bundle says another one."""
    if not args.after and not args.first:
        raise UsageError("the bundle before this one is not named.", help="Name it with --after, or write --first.")
    before = _before(args)
    with working("comparing"):
        found = unlike(before, (contents, args.file), _loader(allowed_by(args), _issue_of(contents)))
    if found:
        raise refusal(str(args.file), found)
    digest = sha256(contents.members[DIFF])
    print("\n".join(lines_of_difference({**json.loads(contents.members[DIFF]), "digest": digest})), flush=True)
    return digest


def _verify(args: argparse.Namespace) -> int:
    found = _troubles(args)
    if args.format == "json":
        problems = [{"code": each.code, "where": each.where} for each in found]
        print(json.dumps({"ok": not found, "problems": problems}, ensure_ascii=False))
    else:
        for each in found:
            tell(f"error[{each.code}] {each}", sys.stdout)
        print(f"{args.file} is verified" if not found else f"{args.file} must not be applied")
        if not found and not args.after and not args.first:
            note = "what was approved was not compared with what was in force: name the bundle before with --after"
            print(f"ordinance: {note}", file=sys.stderr)
    return exit_code(found)


def _troubles(args: argparse.Namespace) -> list[Trouble]:
    allowed = allowed_by(args)
    trust = allowed.settings.trust if allowed.settings else None
    root = args.root or (trust.root if trust else None)
    state = args.state or (trust.state if trust else None)
    if root is None:
        raise UsageError(
            "no root is named.", help="Name it with --root, or `trust.root` in the settings with --config."
        )
    try:
        verified, found = verify(args.file, root, Seen() if state is None else read_seen(state), moments.now())
        if verified is not None and (args.after or args.first):
            load = _loader(allowed, _issue_of(verified.contents))
            return unlike(_before(args), (verified.contents, args.file), load)
    except TroubleError as error:
        return [error.trouble]
    return found


def _inspect(args: argparse.Namespace) -> int:
    shown: Contents | Rooted = read_bundle(args.file) if is_bundle(args.file) else read_anchor(args.file)
    if args.format == "json":
        print(json.dumps(report_of(shown), ensure_ascii=False))
    else:
        print("\n".join(lines_of(shown)))
    return 0


def _root(args: argparse.Namespace) -> int:
    before = read_anchor(args.after) if args.after else None
    data = plan_root(args.plan, before.root if before else None, _issued())
    _put(args, data)
    print("\n".join(lines_of(read_root(data, str(args.out)))))
    return 0


def _before(args: argparse.Namespace) -> tuple[Contents, Path] | None:
    if not args.after:
        return None
    contents = read_bundle(args.after)
    if release_of(contents) is None:
        raise TroubleError("bundle-signatures", str(args.after), "it has no release")
    return contents, args.after


def _newest(contents: Contents) -> Rooted:
    """Return the newest root in a bundle, which says as what somebody signs. Who verifies begins with a root of their
    own."""
    if contents.newest is None:
        raise TroubleError("bundle-member", "roots", "the bundle contains no root")
    return contents.newest


def _loader(allowed: Allowed, issued: datetime, *, examples: bool = False) -> Loader:
    """Return what loads the packs of a bundle, on the day on which it was issued."""

    def load(folder: Path) -> Loaded:
        return load_draft(
            [folder],
            plugins=allowed.plugins,
            budget=allowed.budget,
            on=issued.date(),
            examples=examples,
            shipped=False,
        )

    return load


def _issue_of(contents: Contents) -> datetime:
    made = contents.statements.get(RELEASE)
    if made is None:
        raise TroubleError("bundle-signatures", RELEASE, "the statement of the release is missing")
    return moments.moment(made.statement.predicate.issued)


def _passphrase(file: Path | None) -> bytes | None:
    return None if file is None else _bytes(file).rstrip(b"\r\n")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.", help="Check the path.") from None
