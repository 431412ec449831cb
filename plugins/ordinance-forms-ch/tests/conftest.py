"""The plugin's own modules, which are not installed where the engine is."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
