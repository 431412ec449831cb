"""Plugins whose form does what a passage says, and a house that has answers rewritten by it."""

from __future__ import annotations

from pathlib import Path

from ordinance.plugins.allowed import Plugin
from support.allowing import allowed, write_plugin

HOUSE = """\
house desk 1.0.0 under charter baseline 1
title "A desk"

bylaw words {{ title "Rules of words" adopted by "The board" on 2026-01-26 }}
label secrets {{ de "Geheimes" en "secrets" et "saladused" }}

speak {{
  language de
  {slot}
  rewrite {rewrite}
}}

section 1 "Words" {{
  limit 1.1 words {{
    means   "Secrets are for the staff."
    when    answer has pattern secret
    scope   span
    reason  "It is tried."
    under   words
    telling omitted about secrets
    example fires answer "Das ist ein kanarienvogel."
    example quiet answer "Das ist nichts."
  }}
}}

pattern secret "\\bkanarienvogel\\b" {{
  example matches "kanarienvogel"
  example skips "kanarienvogell"
}}
"""

#: Forms of Swiss spelling: one that works, and others that do not.
CODE = """\
from ordinance.plugin import Form, Unconfigured, hookimpl

def swiss(text):
    return text.replace("ß", "ss")

@hookimpl
def form(asked):
    if asked.name == "acme.model":
        return Unconfigured("set `model`")
    if asked.name == "acme.wide":
        return Form(swiss, 501)
    if asked.name == "acme.swiss":
        if "??" in asked.arguments:
            raise ValueError("there is no country `??`")
        return Form(swiss, 120)
"""
MANIFEST = 'api = 1\nvendor = "acme"\nprovides = ["form acme.swiss", "form acme.wide", "form acme.model"]\n'


def forming(folder: Path, code: str = CODE, manifest: str = MANIFEST) -> Plugin:
    """Write a plugin with forms into a folder, and allow it."""
    return allowed(write_plugin(folder, code, manifest))


def write_house(folder: Path, rewrite: str, slot: str = "spelling de-CH") -> Path:
    """A house that speaks German and has answers rewritten."""
    folder.mkdir(parents=True, exist_ok=True)
    pack = folder / "desk.ord"
    pack.write_text(HOUSE.format(rewrite=rewrite, slot=slot), "utf-8")
    return pack
