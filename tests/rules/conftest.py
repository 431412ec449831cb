"""All packs that ship, loaded once."""

from __future__ import annotations

import pytest

from ordinance.loading.load import Loaded, load
from ordinance.policy.plan import Plan
from support.packs import TODAY


@pytest.fixture(scope="session")
def everything() -> Loaded:
    return load(on=TODAY)


@pytest.fixture(scope="session")
def plan(everything: Loaded) -> Plan:
    return everything.plan
