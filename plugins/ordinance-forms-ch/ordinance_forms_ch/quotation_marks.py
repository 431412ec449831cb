"""«…» for „…“, »…« and "…", where it is certain which mark opens and which closes."""

from __future__ import annotations

from ordinance_forms_ch.kept import QUOTATIONS, kept_spans


def guillemets(text: str) -> str:
    """Return ``text`` with guillemets around each quotation that lies in no other one and in no code. What was said
    stays as it is, with the marks in it."""
    kept = kept_spans(text)
    pieces, at = [], 0
    for match in sorted(
        (match for each in QUOTATIONS for match in each.finditer(text)), key=lambda match: match.start()
    ):
        start, end = match.span()
        is_free = all(last <= start or end <= first or (start <= first and last <= end) for first, last in kept)
        if is_free and not set("«»") & set(match["said"]):
            pieces += [text[at:start], "«", match["said"], "»"]
            at = end
    return "".join([*pieces, text[at:]])
