"""Results as JUnit XML, which every build server reads. It holds places and rules, and no text of any example."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from ordinance.loading.example_runs import Result

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result]) -> str:
    """Write one test suite, with a test case for each example; an example whose law is off on that day is skipped."""
    failed = sum(not result.passed for result in results)
    skipped = sum(bool(result.off) for result in results)
    head = f'tests="{len(results)}" failures="{failed}" errors="0" skipped="{skipped}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {head}>", f'<testsuite name="ordinance" {head}>']
    for result in results:
        example = result.example
        place = f"{example.span.source.name}:{example.span.line}"
        file = f"file={_attribute(example.span.source.name)} line={_attribute(str(example.span.line))}"
        case = f"<testcase classname={_attribute(example.rule or 'passes')} {file}"
        case += f" name={_attribute(f'{example.expects} at {place}')}"
        if result.off:
            lines.append(f"{case}><skipped message={_attribute(result.off)}/></testcase>")
        elif not result.passed:
            message = f"{place}: the example says {example.expects}, but {result.problem}"
            lines.append(f"{case}><failure message={_attribute(message)}/></testcase>")
        else:
            lines.append(f"{case}/>")
    return "\n".join([*lines, "</testsuite>", "</testsuites>", ""])


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", text))
