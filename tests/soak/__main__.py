"""Run a gateway under load while everything around it dies and comes back: ``python tests/soak [--minutes N]``.

Thousands of streams, reloads, deaths of the model server, the judge, a plugin's process and a worker, a full disk and a
memory limit. Writes a page with curves and the verdicts to ``dist/soak/``; exits with 1 if a verdict is not kept.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engine"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soak.campaign import main

sys.exit(main(sys.argv[1:]))
