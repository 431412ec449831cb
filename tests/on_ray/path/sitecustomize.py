"""On the path of Ray's processes: what vLLM's environment has, behind what their own has."""

import os
import sys

sys.path.extend(filter(None, [os.environ.get("PACKAGES_BEHIND")]))
