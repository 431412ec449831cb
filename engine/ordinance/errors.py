"""Every error that a person can meet: a stable code, what happened, what to do instead, an exit code.

Findings in a pack are not exceptions but diagnostics (``language/diagnostics.py``); these are for what
stops a command: an unreadable file, a port in use, settings that do not hold.
"""

from __future__ import annotations


class OrdinanceError(Exception):
    """An error that the command line prints as one line with a way out.

    Subclasses set ``code`` (stable, kebab-case) and ``exit_code`` (1: read but wrong, 2: unreadable or usage).
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"{self.message}  {self.help}" if self.help else self.message


class UsageError(OrdinanceError):
    """The words of a command, or a value in them, do not fit."""

    code = "usage"
    exit_code = 2


class UnreadableError(OrdinanceError):
    """A file is missing, too large, or not text."""

    code = "unreadable"
    exit_code = 2


class UnwritableError(OrdinanceError):
    """The output cannot be written: a disk is full."""

    code = "unwritable"
    exit_code = 2


class PolicyError(OrdinanceError):
    """The packs were read but do not make a policy; ``ordinance check`` shows all of it."""

    code = "policy"
    exit_code = 1


class SettingsError(OrdinanceError):
    """The operator's settings are wrong; the message names the key."""

    code = "settings"
    exit_code = 2


class PluginError(OrdinanceError):
    """An installed plugin does not keep the contract of ``hookspecs.py``."""

    code = "plugin"
    exit_code = 1


class SituationError(OrdinanceError):
    """A situation names a dimension or a value that the policy does not know."""

    code = "situation"
    exit_code = 1


class PatternError(OrdinanceError):
    """A pattern lies outside the dialect, has no bound, or changes its meaning when folded.

    ``offset`` is the place in the pattern's source, counted in characters from 0.
    """

    code = "pattern"
    exit_code = 1

    def __init__(self, message: str, *, help: str = "", offset: int = 0) -> None:
        super().__init__(message, help=help)
        self.offset = offset


class ServeError(OrdinanceError):
    """The server cannot start: a port in use, no upstream, no model."""

    code = "serve"
    exit_code = 1


class RestartDueError(OrdinanceError):
    """The package was replaced under a running server: nothing of the new one is mixed into the old."""

    code = "restart-due"
    exit_code = 1


class BatchError(OrdinanceError):
    """A batch holds what cannot be governed: a prompt that nobody can look at, an argument that is not known."""

    code = "batch"
    exit_code = 1


class ClosedMethodError(OrdinanceError, AttributeError):
    """A method of the model that is not governed. It is an ``AttributeError`` too, so that ``hasattr`` says no."""

    code = "closed-method"


class UnreachableError(OrdinanceError):
    """Nobody answers at an address that a command was given."""

    code = "unreachable"
    exit_code = 2
