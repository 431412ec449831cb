"""Numbers as Prometheus reads them: its text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.serve.metrics.families import FAMILIES, Family
from ordinance.serve.metrics.tally import COUNT, SUM, Key, Numbers

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def exposition(numbers: Numbers) -> str:
    """Write ``numbers``, each family with its help and type."""
    by_family: dict[str, dict[Key, float]] = {}
    for key in sorted(numbers):
        by_family.setdefault(key[0], {})[key[1:]] = numbers[key]
    return "".join(
        line + "\n"
        for family in FAMILIES
        if family.name in by_family
        for line in _lines(family, by_family[family.name])
    )


def _lines(family: Family, numbers: Numbers) -> Iterator[str]:
    """``numbers`` are the family's, by part and values of labels."""
    yield f"# HELP {family.name} {family.means.translate(_HELP)}"
    yield f"# TYPE {family.name} {family.kind}"
    if family.kind == "histogram":
        for labels in dict.fromkeys(key[1:] for key in numbers):
            yield from _histogram(family, numbers, labels)
    else:
        for (part, *values), number in numbers.items():
            yield _line(family.name + (f"_{part}" if part else ""), _pairs(family, tuple(values)), number)


def _histogram(family: Family, numbers: Numbers, labels: Key) -> Iterator[str]:
    pairs, count = _pairs(family, labels), 0.0
    for place, bound in enumerate((*family.bounds, float("inf"))):
        count += numbers.get((str(place), *labels), 0)
        yield _line(f"{family.name}_bucket", [*pairs, ("le", _number(bound))], count)
    yield _line(f"{family.name}_{SUM}", pairs, numbers.get((SUM, *labels), 0))
    yield _line(f"{family.name}_{COUNT}", pairs, count)


def _pairs(family: Family, values: Key) -> list[tuple[str, str]]:
    return list(zip(family.labels, values, strict=True))


def _line(name: str, pairs: list[tuple[str, str]], number: float) -> str:
    shown = ",".join(f'{label}="{value.translate(_LABEL)}"' for label, value in pairs)
    return f"{name}{{{shown}}} {_number(number)}" if shown else f"{name} {_number(number)}"


def _number(number: float) -> str:
    if number == float("inf"):
        return "+Inf"
    return str(int(number)) if number == int(number) else repr(float(number))
