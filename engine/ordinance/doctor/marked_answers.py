"""How answers are marked that a law wants marked: signed or not, and whether the server has a watermark of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ordinance.doctor.findings import Finding, untried, well
from ordinance.doctor.target import Target, value_at
from ordinance.doctor.wire import NoReplyError

MARKS = "marks"
_DOCS = "See docs/marks.md."
#: vLLM's own count of what it left without a watermark. It is there only where vLLM has one.
_SKIPPED = re.compile(
    r'^vllm:watermark_requests(?:_total)?\{[^}\n]*status="skipped"[^}\n]*\} ([0-9]+(?:\.[0-9]+)?(?:e\+?[0-9]+)?)(?!\S)',
    re.MULTILINE,
)


def marks(target: Target) -> Iterator[Finding]:
    """Tell what ``/ready`` says of marks; nothing where no rule asks for one."""
    said = value_at(target.server, "/ready").get("marks")
    if not isinstance(said, dict):
        return
    if said.get("key"):
        yield well(MARKS, "signatures", f"answers are signed by the key {said['key']}")
    else:
        yield untried(MARKS, "signatures", "answers are marked in their metadata and not signed, so that nobody can "
                      "verify a mark", f"Set `mark` in the settings. {_DOCS}")  # fmt: skip
    yield _watermark(str(said.get("watermark")), _skipped(target))


def _watermark(said: str, skipped: float | None) -> Finding:
    if skipped is None and said == "off":
        return untried(MARKS, "watermark", "the server has none", f"vLLM 0.32 has `--watermark-config`. {_DOCS}")
    if skipped is None and said != "on":
        return untried(MARKS, "watermark", "nobody says whether the server has one",
                       f"If it has, set `mark.watermark`. {_DOCS}")  # fmt: skip
    if skipped:
        return untried(MARKS, "watermark", f"the server left it out of {skipped:,.0f} answers",
                       f"It leaves it out at temperature 0 and in a beam search. {_DOCS}")  # fmt: skip
    return well(MARKS, "watermark", "the server has one" + ("" if skipped is None else " and has left it out nowhere"))


def _skipped(target: Target) -> float | None:
    """Return how many answers vLLM says that it left without its watermark; None where it says nothing."""
    try:
        reply = target.server.ask("GET", "/metrics")
    except NoReplyError:
        return None
    found = _SKIPPED.findall(reply.body.decode(errors="replace")) if reply.status == 200 else []
    return sum(map(float, found)) if found else None
