"""Make the folder of a release: ``python deploy/release/make.py OUT``. docs/releasing.md says what is in it.

What is packed are the files that git tracks, as they are in the checkout; with a change that is not committed it stops,
unless ``--uncommitted`` says that the result is not for others. The licences of dependencies come from their wheels in
``.venv/downloads``, or from ``--wheels``; a dependency whose wheel is missing stops it too, unless ``--incomplete`` is
given.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from building import BuildError, build, copied, empty, moment_of, tracked, write_sums
from components import components
from licences import licences
from sbom import bill

TOP = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="make release", description="Make the folder of a release.")
    parser.add_argument("out", type=Path, help="a folder that is empty or not there yet")
    parser.add_argument("--checkout", type=Path, default=TOP, help="the checkout to release; default: this one")
    parser.add_argument("--wheels", type=Path, help="where the wheels of dependencies are; default: .venv/downloads")
    parser.add_argument("--uncommitted", action="store_true", help="take changes that are not committed")
    parser.add_argument("--incomplete", action="store_true", help="leave out licences whose wheel is not there")
    args = parser.parse_args()
    wheels = args.wheels or args.checkout / ".venv" / "downloads"
    try:
        said = make(args.checkout.resolve(), args.out.resolve(), wheels.resolve(), args.uncommitted, args.incomplete)
    except BuildError as error:
        print(f"ordinance: {error}", file=sys.stderr)
        return 1
    print(f"{args.out.resolve()}: {said}", flush=True)
    return 0


def make(
    checkout: Path, out: Path, wheels: Path, uncommitted: bool, incomplete: bool, also: frozenset[str] = frozenset()
) -> str:
    """Fill the folder ``out``, and return what it contains; its bill has the packages ``also`` besides. Raises
    ``BuildError``."""
    empty(out)
    files = tracked(checkout, uncommitted=uncommitted)
    moment = moment_of(checkout)
    with tempfile.TemporaryDirectory(prefix="ordinance-release-") as folder:
        tree = copied(checkout, files, Path(folder))
        built = build(tree, out, moment)
        used = components(tree, wheels, also)
    (out / "sbom.cdx.json").write_bytes(bill(built, used, moment))
    missing = licences(used, out / "licences")
    if missing and not incomplete:
        raise BuildError(
            f"the wheels of {len(missing)} dependencies are not in {wheels}: {', '.join(missing)}. "
            "`make ready ready-envoy ready-plugins` downloads them; for a trial, pass --incomplete."
        )
    listed = write_sums(out)
    return f"{len(built)} distributions, {len(used)} dependencies, {listed} files"


if __name__ == "__main__":
    sys.exit(main())
