"""``ordinance completion``: print the script that lets a shell complete commands, flags and paths."""

from __future__ import annotations

import argparse
from pathlib import Path

#: The script of each shell. `deploy/completions.py` makes them from the commands' own parsers.
FILES = {shell: Path(__file__).with_name("completions") / f"ordinance.{shell}" for shell in ("bash", "zsh", "fish")}

_EPILOG = """\
examples:
  ordinance completion bash >/etc/bash_completion.d/ordinance
  ordinance completion zsh >"${fpath[1]}/_ordinance"
  ordinance completion fish >~/.config/fish/completions/ordinance.fish

Start a new shell afterwards. In a bash that is open: source <(ordinance completion bash)
exit codes: 0 success, 2 wrong usage.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "completion",
        help="print what completes the commands in a shell",
        description="Print the script that lets a shell complete commands, flags and paths.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", metavar="SHELL", choices=sorted(FILES), help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Print the script and return 0."""
    print(FILES[args.shell].read_text("utf-8"), end="")
    return 0
