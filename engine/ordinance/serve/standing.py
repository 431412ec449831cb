"""The policy in force: requests that begin get its plan, and those that run keep the one they began with."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

from ordinance.errors import OrdinanceError
from ordinance.policy.plan import Plan
from ordinance.serve.stderr import described, tell

#: What ``stale`` says where loading failed in a way that nobody foresaw.
_DEFECT = "defect"


class Standing:
    """Holds the plan in force. ``make`` loads a new one and looks whether it can serve; None if there is nothing to
    load. ``stale`` is the code of the error for which the last good plan was kept; empty while the plan is current."""

    def __init__(self, plan: Plan, make: Callable[[], Plan] | None = None) -> None:
        self.plan = plan
        self.stale = ""
        self._make = make
        self._renewing = asyncio.Lock()

    @property
    def replaceable(self) -> bool:
        return self._make is not None

    async def renew(self) -> None:
        """Load the policy anew and put it in force, in one step; if it does not load, keep the last good one and say
        why on standard error."""
        if self._make is None:
            return
        async with self._renewing:
            try:
                plan = await asyncio.to_thread(self._make)
            except OrdinanceError as error:
                self._keep(error.code, f"error[{error.code}]: {error}")
            except Exception as error:  # the running policy must outlive whatever a new one brings
                self._keep(_DEFECT, described(error))
            else:
                self._replace(plan)

    def _keep(self, code: str, why: str) -> None:
        self.stale = code
        tell(f"the policy was not replaced, the last good one ({self.plan.digest[:16]}) stays in force: {why}")

    def _replace(self, plan: Plan) -> None:
        self.stale = ""
        if plan.digest == self.plan.digest:
            tell(f"the policy has not changed ({plan.digest[:16]})")
            return
        # The first plan's tables are hidden from the collector (`settle`) and must not stay for ever. The new ones are
        # not hidden: with them would be every request that runs now.
        gc.unfreeze()
        tell(f"policy replaced: {self.plan.digest[:16]} by {plan.digest[:16]}; running answers end under the old one")
        self.plan = plan


def settle() -> None:
    """Spare the collector the large tables that will stay. Before the first request."""
    gc.collect()
    gc.freeze()
