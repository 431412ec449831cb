"""All packs that ship, loaded once."""

from __future__ import annotations

import pytest

from ordinance.loading.load import Loaded
from ordinance.policy.plan import Plan
from support.packs import all_that_ships


@pytest.fixture(scope="session")
def everything() -> Loaded:
    return all_that_ships()


@pytest.fixture(scope="session")
def plan(everything: Loaded) -> Plan:
    return everything.plan
