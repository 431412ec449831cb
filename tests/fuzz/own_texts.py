"""What ``ordinance witness`` reads: two texts of a person's own."""

from __future__ import annotations

import contextlib
import io

from fuzz.target import Target, as_file, written
from ordinance.cli import witness
from ordinance.cli.main import parser_of


def _compared(data: bytes) -> object:
    """Compare the two halves of the bytes, in a language that they choose."""
    tag = ("de", "en", "ja", "ko", "ar", "hi", "fr", "")[sum(data[:16]) % 8]
    first, _, second = data.partition(b"\x1e")
    parser, _ = parser_of({"witness": witness})
    words = ["witness", str(as_file("witness/a", first)), str(as_file("witness/b", second or first))]
    with contextlib.redirect_stdout(io.StringIO()):
        return witness.run(parser.parse_args([*words, *(["--language", tag] if tag else []), "--format", "json"]))


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    samples = written(
        "Am 3. Mai zahlt Anna 1.234,50 € nicht.\x1eAm 03.05. zahlt Anna 1234,50 EUR nicht.",
        "```\nx = 1\n```\nSee § 86a [3], a@example.org, https://example.org, +372 600 1234, “so”.",
        "田中さんは三万円を払いません。\x1e田中さんは3万円を払わない。",
        "민수는 3만 원을 내지 않았습니다. आप १,२३,४५६ रुपये न दें। لا تدفع ٣٫٥ دولار",
    )
    return (Target("witness", _compared, samples),)
