"""Reads the configuration of other programs, in YAML or JSON, as these read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ordinance.errors import UnreadableError

#: The largest file that is read, in bytes; what a control plane has sent to an Envoy can be long.
_LARGEST = 64 * 1024 * 1024
#: The most values of a file, each alias written out, and how deep they lie in one another.
_MOST_VALUES, _DEEPEST = 2_000_000, 200


def read_config(file: Path) -> Any:
    """Read ``file``. Raises ``UnreadableError``; a file of several documents is not read."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise UnreadableError(f"{file} is larger than {_LARGEST >> 20} MiB.", help="Is it the right file?")
        config = yaml.load(raw.decode("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.", help="Name a readable file.") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{file} is not UTF-8 text.", help="Save it as UTF-8.") from None
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        # The last four come from PyYAML's own types where a value is not of them, as in `!!bool maybe`.
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f":{mark.line + 1}"
        raise UnreadableError(f"{file}{line} is not YAML or JSON.", help="Check the file at that place.") from None
    if not _is_bounded(config):
        raise UnreadableError(
            f"{file} is nested too deeply, or its aliases repeat too much.", help="Write it without aliases."
        )
    return config


def _is_bounded(config: Any) -> bool:
    """Return whether ``config`` can be walked: an alias may contain itself, or double what is in it at each level."""
    waiting, seen = [(config, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        seen += len(below)
        if seen > _MOST_VALUES or depth > _DEEPEST:
            return False
        waiting += [(each, depth + 1) for each in below if isinstance(each, dict | list)]
    return True
