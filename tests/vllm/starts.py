"""Begin vLLM's own application several times, without an engine: ``.venv/vllm/bin/python tests/vllm/starts.py``.

Reads from standard input a list of conditions, each with ``variables``, ``middlewares``, further ``words`` of ``vllm
serve``, the ``tasks`` of the model and a ``path`` to look for packages on first; prints for each whether the
application came up, what it said to the server that runs it, and its routes. The imports take ten seconds and are made
once; what differs from ``vllm serve`` is that no engine stands behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from vllm.entrypoints.launchers.app import build_app
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser


@contextlib.contextmanager
def environment(variables: dict[str, str | None]) -> Iterator[None]:
    """These variables and no others of their names; None takes one away."""
    before = dict(os.environ)
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def found_first(path: list[str]) -> Iterator[None]:
    sys.path[:0] = path
    try:
        yield
    finally:
        del sys.path[: len(path)]


@contextlib.contextmanager
def standard_error() -> Iterator[Callable[[], str]]:
    """What is written to it in the block, by whomever."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        said: list[str] = []
        os.dup2(file.fileno(), 2)
        try:
            yield lambda: said[0]
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))


async def begin(app: Any) -> list[dict[str, Any]]:
    """What the application answers to a server that begins it, and ends it as soon as it is up."""
    said: list[dict[str, Any]] = []
    answered = asyncio.Event()
    asked = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

    async def receive() -> dict[str, Any]:
        message = next(asked)
        if message["type"] == "lifespan.shutdown":
            await answered.wait()
        return message

    async def send(message: dict[str, Any]) -> None:
        said.append(dict(message))
        answered.set()

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return said


def attempt(condition: dict[str, Any]) -> dict[str, Any]:
    words = ["--model", "tiny", *condition["words"]]
    for each in condition["middlewares"]:
        words += ["--middleware", each]
    with environment(condition["variables"]), found_first(condition["path"]), standard_error() as printed:
        args = make_arg_parser(FlexibleArgumentParser()).parse_args(words)
        app = build_app(args, tuple(condition["tasks"]))
        app.state.log_stats = False
        said = asyncio.run(begin(app))
    routes = [[route.path, sorted(getattr(route, "methods", None) or ())] for route in app.routes]
    return {"said": said, "printed": printed(), "routes": routes}


if __name__ == "__main__":
    outcomes = [attempt(condition) for condition in json.load(sys.stdin)]
    print("\n" + json.dumps(outcomes))  # noqa: T201
