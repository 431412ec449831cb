"""Two houses that could not be loaded together, and keys that name them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

HOUSE = """\
house {name} 1.0.0 under charter baseline 1
title "{name}"
zone  "UTC"

bylaw order {{ title "House rules of {name}" adopted by "The board" on 2026-09-01 }}

notice greeting {{
  en "This is the desk of {name}. Rules: {{law}}."
  de "Hier ist {name}. Regeln: {{law}}."
  et "Siin on {name}. Reeglid: {{law}}."
}}

speak {{ address {address} }}

section 1 "At the desk" {{
  say 1.1 greeting {{
    at      first answer of conversation
    under   order
    telling greeting
    example fires answer "Hello." given turn 1
    example quiet answer "Hello." given turn 2
  }}
}}
"""
DESKS = {"school": "This is the desk of school. Rules: House rules of school.",
         "ministry": "This is the desk of ministry. Rules: House rules of ministry."}  # fmt: skip


def key(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), **more}


def two_desks(folder: Path, **keys: Any) -> dict[str, Any]:
    """Settings with two houses that could not be loaded together, and these keys with what each says."""
    packs = []
    for name, address in (("school", "informal"), ("ministry", "formal")):
        packs.append(folder / f"{name}.ord")
        packs[-1].write_text(HOUSE.format(name=name, address=address), "utf-8")
    return {"packs": packs, "jurisdiction": None, "keys": [key(name, **more) for name, more in keys.items()]}
