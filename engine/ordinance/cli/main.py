"""The program ``ordinance``: runs the command that was asked for, and reports every error in one line."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from types import ModuleType
from typing import NoReturn

from ordinance import __version__
from ordinance.cli.colour import heading, tell
from ordinance.cli.streams import discard_output, prepare_streams
from ordinance.errors import OrdinanceError, UnwritableError, UsageError

#: Every command and what it does. Each is a module of this package with ``add(subparsers)`` and ``run(args) -> int``,
#: imported only when it is asked for: ``check`` needs no server.
COMMANDS = (
    ("check", "report every problem in packs"),
    ("test", "run the examples in packs"),
    ("calibrate", "measure a judge on labelled texts"),
    ("lesson", "explain a finding and show what to write instead"),
    ("fmt", "format packs"),
    ("explain", "show what each rule does to a text, and why"),
    ("diff", "compare two policies: stricter, looser, different"),
    ("print", "write the public register of rules"),
    ("translate", "list texts that lack a language; export and import translations"),
    ("new", "create a starter pack or plugin"),
    ("apply", "govern answers from JSON lines, without a model"),
    ("bundle", "build, sign and verify a signed policy"),
    ("verify", "verify the signature of an answer"),
    ("witness", "tell whether two texts have the same substance"),
    ("objection", "count objections to what rules did"),
    ("replay", "show what another policy would have made of saved traffic"),
    ("serve", "run the gateway in front of an inference server"),
    ("ext-proc", "govern what an Envoy shows of its requests (ext_proc)"),
    ("audit", "verify the record, count answers in it, or delete from it"),
    ("evidence", "make a folder that shows a third party what a server did"),
    ("conversations", "count what is remembered of conversations, or delete it by API key"),
    ("settings", "check the settings, or print their schema for editors"),
    ("doctor", "test a running server from outside"),
    ("plugins", "show the plugins that the settings allow, and whether they work"),
    ("plugin", "install or check a plugin"),
    ("completion", "print what completes the commands in a shell"),
)

#: The JSON, besides the diagnostics, of a command that could not begin.
_EMPTY: dict[str, dict[str, object]] = {
    "check": {},
    "test": {"examples": 0, "failed": 0, "rules": {}},
    "fmt": {"changed": [], "packs": 0},
    "explain": {"rules": []},
    "diff": {"changes": [], "citations": []},
    "replay": {},
    "doctor": {"findings": []},
    "plugins": {"plugins": []},
    "plugin": {},
    "bundle": {},
    "bundle verify": {"ok": False, "problems": []},
    "audit": {},
    "audit verify": {"ok": False, "problems": []},
    "evidence": {"ok": False, "problems": []},
    "plugin check": {"faults": []},
    "verify": {"ok": False, "problems": []},
    "objection": {"objections": []},
    "witness": {"same": False, "state": "cannot_tell", "differences": []},
}

#: The output has no room left: a disk, a quota, the size of a file.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_EPILOG = """\
examples:
  ordinance check rules/jurisdictions/DE         report every problem in a pack
  ordinance test rules/jurisdictions/DE          run its examples
  ordinance serve --embedded --jurisdiction DE   try the gateway with a small built-in model

`ordinance COMMAND --help` explains each command.
exit codes: 0 success, 1 problems found, 2 unreadable input or wrong usage, 3 a bug in ordinance, 130 interrupted.
"""


#: What `ordinance` alone says.
_FIRST_STEPS = """\
Ordinance applies local law to the answers of a language model that you host.

Try it with a small built-in model, then open http://127.0.0.1:8080/chat:
  ordinance serve --embedded --jurisdiction DE

Run it in front of your inference server:
  ordinance serve --upstream http://127.0.0.1:8000/v1 --jurisdiction DE
  ordinance doctor http://127.0.0.1:8080/v1       is anything still open?

Write the rules of a place, then read what people are told of them:
  ordinance new jurisdiction JP                   a starter pack that passes its checks
  ordinance check JP                              every problem in it, and what to write instead
  ordinance print --language en JP >JP.html       the public register

All commands: ordinance --help\
"""


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage in the form of every other error."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}.", help=f"See `{self.prog} --help`.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1, 2, 3 for a bug, 130 for Ctrl-C, 141 for a closed pipe."""
    words = sys.argv[1:] if argv is None else list(argv)
    if argv is None:  # at its end the interpreter would look for garbage twice, among all that a load has left
        atexit.register(gc.freeze)
    prepare_streams()
    try:
        try:
            code = _run(words)
        except OrdinanceError as error:
            _tell(words, error)
            code = error.exit_code
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read us has gone
        discard_output()
        return 141
    except OSError as error:
        if error.errno not in _FULL:
            return _defect(words, error)
        discard_output()
        _tell(words, UnwritableError(f"the output cannot be written: {error.strerror}.", help="Free some space."))
        return UnwritableError.exit_code
    except Exception as error:  # the last resort: a person gets one line, never a text of theirs
        return _defect(words, error)


def _tell(words: Sequence[str], error: OrdinanceError) -> None:
    """Report ``error`` on standard error, and as JSON on standard output if ``words`` ask for JSON."""
    lines = [f"ordinance: error[{error.code}]: {error.message}", *([f"  help: {error.help}"] if error.help else [])]
    tell("\n".join(lines), sys.stderr)
    if _wants_json(words):
        found = {"code": error.code, "severity": "error", "message": error.message, "file": "", "line": 1, "column": 1}
        found |= {"end_line": 1, "end_column": 1, "help": error.help}
        empty = _EMPTY.get(" ".join(words[:2]), _EMPTY[words[0]])
        print(json.dumps({**empty, "diagnostics": [found]}, ensure_ascii=False))


def _defect(words: Sequence[str], error: Exception) -> int:
    told = OrdinanceError(
        f"{type(error).__name__} in {_place(error)}",
        help="This is a bug in ordinance. Please report this line and the command.",
    )
    told.code = "defect"
    _tell(words, told)
    return 3


def _wants_json(words: Sequence[str]) -> bool:
    """Return whether ``words`` ask for JSON, even if they are not a valid command line."""
    if not words or words[0] not in _EMPTY:
        return False
    given = [part for word in words[1:] for part in word.split("=", 1)]
    return any("--format".startswith(name) and len(name) > 2 and value == "json" for name, value in pairwise(given))


def _run(words: Sequence[str]) -> int:
    names = [name for name, _ in COMMANDS]
    if words and not words[0].startswith("-") and words[0] not in names:
        close = get_close_matches(words[0], names, 1)
        meant = f"Did you mean `{close[0]}`?" if close else f"Commands: {', '.join(names)}."
        raise UsageError(f"there is no command '{words[0]}'.", help=f"{meant} See `ordinance --help`.")
    chosen = words[0] if words and words[0] in names else ""
    command = importlib.import_module(f"ordinance.cli.{chosen.replace('-', '_')}") if chosen else None
    parser, options = _parser(chosen, command)
    args, unknown = parser.parse_known_args(words)
    if unknown:
        raise _unknown(unknown[0], chosen, options)
    if command is None:
        for line in _FIRST_STEPS.splitlines():
            print(heading(line, sys.stdout) if line.endswith(":") else line)
        return 0
    return int(command.run(args))


def _unknown(word: str, command: str, options: Sequence[str]) -> UsageError:
    """Return the error for ``word``: an unknown flag of ``command``, or an argument too many."""
    program = f"ordinance {command}".strip()
    see = f"See `{program} --help`."
    if not word.startswith("-"):
        return UsageError(f"unexpected argument '{word}' for `{program}`.", help=see)
    close = get_close_matches(word.partition("=")[0], options, 1)
    meant = f"Did you mean `{close[0]}`? " if close else ""
    return UsageError(f"`{program}` has no flag '{word}'.", help=meant + see)


def _parser(chosen: str, command: ModuleType | None) -> tuple[argparse.ArgumentParser, list[str]]:
    """Return the parser, and the flags of the command ``chosen``."""
    parser, subparsers = parser_of({chosen: command} if command is not None else {}, only=chosen)
    return parser, list(_flags(subparsers[chosen] if chosen else parser))


def parser_of(
    modules: Mapping[str, ModuleType], *, only: str = ""
) -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """Return the parser of all commands, or ``only`` of one, and each command's own by its name; those in ``modules``
    know their flags."""
    parser = _Parser(
        prog="ordinance",
        description="Local law for language models: an offline rule engine beside a self-hosted inference server.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ordinance {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command")
    for name, summary in COMMANDS:
        if name in modules:
            modules[name].add(subparsers)
        elif not only:
            subparsers.add_parser(name, help=summary)
    return parser, subparsers.choices


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the flags of ``parser`` and of its actions, such as ``plugin install``."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for below in dict.fromkeys(action.choices.values()):
                yield from _flags(below)


def _place(error: BaseException) -> str:
    """Return the innermost place in our own code, as file and line."""
    place = "an unknown place"
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if f"{os.sep}ordinance{os.sep}" in file:
            place = f"{file.rpartition(f'{os.sep}ordinance{os.sep}')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


if __name__ == "__main__":
    sys.exit(main())
