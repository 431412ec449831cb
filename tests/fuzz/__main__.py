"""Fuzz every parser of foreign bytes, for some seconds each: ``python tests/fuzz [--seconds N] [NAME …]``.

Each parser runs in a process of its own with bounded memory, and gets real samples that were spoiled at random
(``mutator.py``). It returns a value or raises its own error; whatever else happens is a finding: its input is written
to ``.fuzz/`` and the command exits with 1. ``--seed`` repeats a run.
"""

import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS), str(_TESTS.parent / "engine")]

from fuzz.campaign import main  # noqa: E402 - the path comes first

sys.exit(main())
