"""Where the data sets of others are read from. They lie beside the checkout and are no part of it; where they are
absent, the tests that need them say so and skip."""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(os.environ.get("TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
