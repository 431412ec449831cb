"""Helm's own engine on a chart, run with the Python of .venv/chart: ``helm.py CHART VALUES.yaml…`` prints JSON.

``lint`` is what Helm's linter says, ``manifests`` each rendered template by its path; ``error`` alone where the values
break the chart's schema or a template fails.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml


def main(folder: str, *files: str) -> None:
    values: dict[str, Any] = {}
    for file in files:
        values = merged(values, yaml.safe_load(Path(file).read_text("utf-8")) or {})
    try:
        with helm.Chart.load(folder) as chart:
            chart.validate_schema(chart.merge_values(values))
            manifests = chart.render(values, name="llm", namespace="models")
        found: dict[str, Any] = {"lint": helm.lint(folder, values=values, strict=True), "manifests": manifests}
    except helm.HelmError as error:
        found = {"error": str(error)}
    sys.stdout.write(json.dumps(found, default=str))


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``, mapping by mapping, as Helm lays one file of values over another."""
    both = {
        name: merged(below[name], value)
        for name, value in above.items()
        if isinstance(below.get(name), dict) and isinstance(value, dict)
    }
    return {**below, **above, **both}


if __name__ == "__main__":
    main(*sys.argv[1:])
