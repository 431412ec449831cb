"""The process of the shadow policy: loads both policies, then judges one answer after another until nobody asks."""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from ordinance.errors import OrdinanceError
from ordinance.serve.door.current_policy import settle
from ordinance.serve.http.stderr import described
from ordinance.serve.shadow.inside.drafted import both_of
from ordinance.serve.shadow.inside.twofold import OtherPolicyError, Twofold
from ordinance.serve.shadow.overheard import Overheard


def main(descriptor: int) -> None:
    """Serve whoever has the other end of the socket ``descriptor``, until it is closed."""
    _stand_back()
    with Connection(descriptor) as connection, suppress(EOFError, OSError):
        settings, on = pickle.loads(connection.recv_bytes())  # noqa: S301 - of the process that started this one
        try:
            twofold = Twofold(settings, on, *both_of(settings, on))
        except OrdinanceError as error:
            _say(connection, {"code": error.code, "message": error.message})
            return
        except Exception as error:
            _say(connection, {"code": "defect", "message": described(error)})
            return
        settle()
        plans = (*twofold.old.plans, *twofold.new.plans)
        struck = sorted({each.rule for plan in plans for each in plan.struck})
        _say(connection, {"digests": twofold.new.digests, "struck": struck})
        while True:
            _say(connection, _judged(twofold, pickle.loads(connection.recv_bytes())))  # noqa: S301 - the same


def _judged(twofold: Twofold, heard: Overheard) -> dict[str, Any]:
    try:
        found, plan = twofold.compare(heard)
    except OtherPolicyError:
        return {"failed": "the packs in force are not those on disk"}
    except OrdinanceError as error:
        return {"failed": error.code}
    except Exception as error:
        return {"failed": described(error)}
    return {"difference": None if found is None else {"digest": plan.digest, **found.as_json()}}


def _stand_back() -> None:
    """Leave processor and memory to who serves: where either is short, this process goes without."""
    with suppress(OSError):
        os.nice(19)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _say(connection: Connection, what: Any) -> None:
    connection.send_bytes(msgspec.json.encode(what))


if __name__ == "__main__":
    main(int(sys.argv[1]))
