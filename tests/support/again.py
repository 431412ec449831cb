"""`make test` and the suites beside it: run pytest, then run again, one at a time, the few tests that failed.

Many of our tests wait for real processes. On a machine that is busy otherwise, one of thousands may wait too long. Such
a test is run again alone and named; one that fails alone too has failed. Decision 068 says what this may hide.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

#: More failures than this are no accident of a busy machine: they are not run again.
MOST = 8
#: pytest's exit status where tests failed, and nothing else was wrong.
FAILED = 1


def main(words: Sequence[str]) -> int:
    """Run pytest with ``words``, then its failed tests alone if they are at most `MOST`; the last exit status."""
    with tempfile.TemporaryDirectory(prefix="ordinance-again-") as folder:
        pytest = [sys.executable, "-m", "pytest", "-o", f"cache_dir={folder}", *words]
        code = subprocess.call(pytest)
        failed = _failed(Path(folder))
        if code != FAILED or not failed:
            return code
        if len(failed) > MOST:
            _say(f"{len(failed)} tests failed. More than {MOST} are not run again.")
            return code
        _say("failed beside others, and run again alone:", *failed)
        return subprocess.call([*pytest, "--last-failed", "--last-failed-no-failures", "none", "-n", "0"])


def _failed(cache: Path) -> list[str]:
    """The node ids of the tests that failed in the run that wrote ``cache``."""
    written = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(written.read_text("utf-8"))) if written.exists() else []


def _say(*lines: str) -> None:
    print("\nordinance:", "\n  ".join(lines), flush=True)  # noqa: T201


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
