"""Reads the configuration of other programs, in YAML or JSON, as these read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ordinance.errors import UnreadableError

#: The largest file that is read, in bytes; what a control plane has sent to an Envoy can be long.
_LARGEST = 64 * 1024 * 1024


def read_config(file: Path) -> Any:
    """Read ``file``. Raises ``UnreadableError``; a file of several documents is not read."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise UnreadableError(f"{file} is larger than {_LARGEST >> 20} MiB.", help="Is it the right file?")
        return yaml.load(raw.decode("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.", help="Name a readable file.") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{file} is not UTF-8 text.", help="Save it as UTF-8.") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f":{mark.line + 1}"
        raise UnreadableError(f"{file}{line} is not YAML or JSON.", help="Check the file at that place.") from None
