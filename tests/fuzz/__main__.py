"""Fuzz every parser of foreign bytes, for some seconds each: ``python tests/fuzz [--seconds N] [NAME …]``.

Each parser runs in a process of its own with bounded memory, and gets real samples that were spoiled at random
(``mutator.py``). It returns a value or raises its own error; whatever else happens is a finding: its input is written
to ``.fuzz/`` and the command exits with 1. ``--seed`` repeats a run.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engine"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins" / "ordinance-verify"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.campaign import main

sys.exit(main())
