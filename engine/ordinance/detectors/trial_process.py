"""The other side of ``trial.py``.

Said is JSON: ``who`` comes next; a ``message`` with ``help``, or the type of what was ``raised``, where the load must
not go on; and null at the end of each of the two steps.
"""

from __future__ import annotations

import json
import pickle
import socket
from collections.abc import Callable
from contextlib import suppress

from ordinance.detectors.channel import Messages
from ordinance.detectors.child import end_with_all
from ordinance.detectors.plugins import installed
from ordinance.errors import PluginError


def main(descriptor: int) -> None:
    """Serve the connection ``descriptor``: register, and prepare what is then named."""
    messages = Messages(socket.socket(fileno=descriptor))

    def say(value: object) -> None:
        messages.send(json.dumps(value).encode())

    try:
        _try(messages, say)
    except PluginError as error:
        say({"message": error.message, "help": error.help})
    except OSError:
        pass  # nobody listens any more
    except Exception as error:
        say({"raised": type(error).__name__})
    finally:
        end_with_all()


def _try(messages: Messages, say: Callable[[object], None]) -> None:
    kinds = installed(lambda name: say({"who": f"the plugin {name}"})).kinds
    say(None)
    for use in pickle.loads(messages.receive()):  # noqa: S301 - it comes from the engine
        if use.kind in kinds:
            say({"who": f"the detector {use.kind}"})
            with suppress(BaseException):  # the engine will meet it too, and tells it where it belongs
                kinds[use.kind].prepare(use.declaration)
    say(None)
    messages.receive()
