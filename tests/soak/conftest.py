"""A soak takes a minute and a half, and `make soak` as long as one likes: not a part of `make test`."""

import os

collect_ignore = [] if "TEST_SOAK" in os.environ else ["test_short_soak.py"]
