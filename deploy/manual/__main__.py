"""Write the manual as a site: ``python deploy/manual OUT``."""

from __future__ import annotations

import sys

from manual_site import main

sys.exit(main(sys.argv[1:]))
