"""Every error that a command reports: a stable code, what happened, what to do instead, an exit code.

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
    """A command, an option or a value on the command line is wrong."""

    code = "usage"
    exit_code = 2


class UnreadableError(OrdinanceError):
    """A file is missing, too large or not text."""

    code = "unreadable"
    exit_code = 2


class UnwritableError(OrdinanceError):
    """The output cannot be written, for example because the disk is full."""

    code = "unwritable"
    exit_code = 2


class PolicyError(OrdinanceError):
    """The packs were read but contain errors; ``ordinance check`` lists all of them."""

    code = "policy"
    exit_code = 1


class SettingsError(OrdinanceError):
    """The operator's settings are wrong; the message names the key."""

    code = "settings"
    exit_code = 2


class PluginError(OrdinanceError):
    """A plugin is not what the settings say, or breaks its contract when it starts.

    ``cause`` is a stable code where its process failed (docs/plugins.md), such as ``late``; ``hook`` is what it was
    doing then: ``import``, or the hook. ``use`` is the number of the use whose arguments it raised about; -1 if it did
    not.
    """

    code = "plugin"
    exit_code = 1

    def __init__(self, message: str, *, help: str = "", cause: str = "", hook: str = "", use: int = -1) -> None:
        super().__init__(message, help=help)
        self.cause = cause
        self.hook = hook
        self.use = use


class TrustError(OrdinanceError):
    """A policy is not signed as the settings require; the code says what is wrong, as the list of bundles below
    does."""

    code = "trust"
    exit_code = 1


class SituationError(OrdinanceError):
    """A situation names a dimension or a value that the policy does not know."""

    code = "situation"
    exit_code = 1


class PatternError(OrdinanceError):
    """A pattern uses something outside the dialect, has no upper bound, or changes its meaning when folded.

    ``offset`` is the place in the pattern's source, counted in characters from 0.
    """

    code = "pattern"
    exit_code = 1

    def __init__(self, message: str, *, help: str = "", offset: int = 0) -> None:
        super().__init__(message, help=help)
        self.offset = offset


class ServeError(OrdinanceError):
    """The server cannot start: the port is in use, or there is no upstream or no model."""

    code = "serve"
    exit_code = 1


class RestartDueError(OrdinanceError):
    """The package was replaced while the server was running; restart it, so that two versions are not mixed."""

    code = "restart-due"
    exit_code = 1


class BatchError(OrdinanceError):
    """A batch contains something that cannot be governed: a prompt that cannot be checked, an unknown argument."""

    code = "batch"
    exit_code = 1


class ClosedMethodError(OrdinanceError, AttributeError):
    """A method of the model is closed, as it is not governed. Also an ``AttributeError``: ``hasattr`` is false."""

    code = "closed-method"


class UnreachableError(OrdinanceError):
    """No server answers at the address that a command was given."""

    code = "unreachable"
    exit_code = 2
