"""What an operator or an author gives as files: packs, lexicons, patterns, settings, texts, translations."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from fuzz.target import Target, as_file, files, written
from ordinance.authoring.labelled import read_texts
from ordinance.authoring.register.wording import words_from, words_in
from ordinance.authoring.translation import exchange_files
from ordinance.cli.apply import LineGovernor
from ordinance.cli.lines import parse as parse_line
from ordinance.cli.lines import read as read_line
from ordinance.doctor.envoy_config import examined
from ordinance.instructions.catalogue_file import CatalogueError, read_catalogue
from ordinance.judging.calibration import Calibration, Rule, read_calibration
from ordinance.judging.measuring import Text, measure
from ordinance.language.format import format_source
from ordinance.language.parser import Role, first_word, parse
from ordinance.language.source import Source
from ordinance.loading.bounds import LEXICON_LIMIT, PACK_LIMIT
from ordinance.loading.files import read_source
from ordinance.policy.ir import Unit
from ordinance.runtime.match.patterns import parse_pattern
from ordinance.settings.other_files import read_config
from ordinance.settings.sources import load as load_settings
from support.checkout import ROOT
from support.packs import CHARTER, JURISDICTION, LANGUAGE
from support.small_plan import FORBIDDEN, small_plan
from support.worlds import charter, language, make

_ERRORS = ROOT / "docs" / "errors"
_ENVOY = ROOT / "deploy" / "envoy" / "envoy.yaml"


def _source(name: str, data: bytes, limit: int) -> Source | None:
    return read_source(as_file(name, data), limit, lambda _: None)


def _pack(data: bytes) -> object:
    source = _source("pack.ord", data, PACK_LIMIT)
    if source is None:
        return None
    role: Role = "charter" if first_word(source.text) == "charter" else "pack"
    read = parse(source, role)
    for each in read.diagnostics:
        each.as_dict()
    return read.pack and format_source(source, role)


def _linked(data: bytes) -> object:
    source = _source("pack.ord", data, PACK_LIMIT)
    pack = None if source is None else parse(source, "pack").pack
    if pack is None or pack.kind == "charter":
        return None
    lexicons = {"lexicons/words.txt": Source(Path("words.txt"), "words.txt", "secret words\n")}
    around = [charter()] if pack.name.text == "en" else [charter(), language("en")]
    return make([*around, Unit(pack, lexicons)])


def _lexicon(name: str, data: bytes) -> object:
    source = _source(name, data, LEXICON_LIMIT)
    return None if source is None else list(source.phrases())


def _texts(data: bytes) -> object:
    source = _source("texts.txt", data, PACK_LIMIT)
    return None if source is None else read_texts(source, small_plan())


@cache
def _governor() -> LineGovernor:
    return LineGovernor(small_plan(), "DE", None, date(2026, 11, 23))


def _line(data: bytes) -> object:
    return _governor().govern(read_line(parse_line(data)))


def _envoy(data: bytes) -> object:
    return list(examined(read_config(as_file("envoy.yaml", data)), "ordinance"))


def _text_of(name: str, data: bytes) -> str:
    source = _source(name, data, PACK_LIMIT)
    return "" if source is None else source.text


_TINY = [text.replace("charter baseline 1", "charter tiny 1") for text in (JURISDICTION, LANGUAGE)]
_SETTINGS = (
    "jurisdiction: DE\npacks: [rules]\nupstream:\n  url: http://127.0.0.1:8000/v1\n  key_file: key\nlimits:\n"
    "  detector_seconds: 0.5\n  answer_bytes: 1000000\naudit: {path: audit.jsonl, required: true}\n",
    "keys:\n  - {name: school, sha256: " + "0" * 64 + ", jurisdiction: EE, situation: {purpose: education}}\n"
    "cors: {origins: ['https://chat.example']}\nmetrics: {address: '127.0.0.1:9090'}\nworkers: 2\n",
    "plugins:\n  - {name: acme, version: 1.0.0, path: plugins/acme, sha256: " + "1" * 64 + "}\n"
    "judges:\n  - {name: near, by: near.lines, seconds: 5}\njudge: {shown: true}\n"
    "trust: {root: root.json, required: true}\n",
    "adapters:\n  et: {lora: et-instruct}\nconversation: {store: sqlite, path: told.db}\nparts: [image_url]\n",
)
_ALIASES = "a: &a {at: 2026-01-01, x: 1}\nb: &b [*a, *a]\nc: {<<: *a, d: [*b, *b, 1.5, 0x1, yes]}\n"
_PATTERNS = (r"\d{3}-\d{2}", "[a-z]{2,8}(?:s|es)?", r"(?:a|b){0,3}[^x\]]", r"\p{L}{1,5}\b", r"x{,4}", "a+", "(a|b)*")
_CSV = 'phrase,endings,source,note\n"a phrase","s, es",,\nother;x\n'
_LABELLED = (
    "fires DE/flags\n  They waved it.\n\nquiet DE/flags given purpose education on 2026-12-24\n"
    "  The lesson.\n\npasses\n  Hi.\n",
    '{"rule": "DE/flags", "expects": "fires", "answer": "x", "given": {"purpose": "education"}}\n'
    '{"rule": "small/red", "expects": "quiet", "prompt": "y", "turns": [{"said": "a", "answer": "b"}]}\n',
)
_LINES = (
    json.dumps({"id": 7, "answer": f"A {FORBIDDEN} here.", "prompt": "p", "situation": {"purpose": "education"}}),
    json.dumps({"answer": "x", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function":
                {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "c", "content": "r"}],
                "conversation": "c", "now": "2026-11-26T09:00:00+01:00", "locale": "de-AT"}),
)  # fmt: skip
_XLIFF = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" '
    'srcLang="en" trgLang="et"><file id="a-et"><unit id="u1" name="DE/flags"><segment state="initial"><source>One'
    "</source><target>Üks</target></segment></unit></file></xliff>\n"
)


def _calibration() -> str:
    scores = [Text(0.9, None, each % 2 == 1, True) for each in range(100)]
    scores += [Text(0.1, "prose", each % 2 == 1, True) for each in range(300)]
    rule = Rule(question=f"sha256:{'1' * 64}", languages={"en": measure(scores, 0.8)})
    judge: dict[str, Any] = {"model": "m", "window": 8000}
    return Calibration(judge=judge, texts=f"sha256:{'0' * 64}", unseen=False, rules={"house/weapons": rule}).text()


def targets() -> tuple[Target, ...]:
    """Return the parsers of these files."""
    samples = files((_ERRORS / "sample").glob("*.ord"))
    instructions = files((ROOT / "engine" / "ordinance" / "instructions" / "languages").glob("*.toml"), 64 * 1024)
    return (
        Target("pack", _pack, written(CHARTER[:12_000], JURISDICTION, LANGUAGE, *samples)),
        Target("pack-linked", _linked, written(*_TINY)),
        Target("lexicon", lambda data: _lexicon("words.txt", data), written("# a lexicon\na phrase{,s,es}\n  two \n")),
        Target("lexicon-csv", lambda data: _lexicon("words.csv", data), written(_CSV)),
        Target("pattern", lambda data: parse_pattern(data.decode("utf-8", "replace")), written(*_PATTERNS),
               longest=400),
        Target("settings", lambda data: load_settings(file=as_file("ordinance.yaml", data)), written(*_SETTINGS)),
        Target("envoy-settings", _envoy, written(_ENVOY.read_bytes(), _ALIASES)),
        Target("labelled-texts", _texts, written(*_LABELLED)),
        Target("lines", _line, written(*_LINES)),
        Target("translation-csv", lambda data: exchange_files.read("a.csv", _text_of("a.csv", data)),
               written("id,to,source,translation\nDE/flags,et,One,Üks\nDE/machine,de-AT,\"Two\nlines\",\"Zwei\n\"\n")),
        Target("translation-xliff", lambda data: exchange_files.read("a.xliff", _text_of("a.xliff", data)),
               written(_XLIFF)),
        Target("register-words", lambda data: words_from(_text_of("w.json", data), "w.json", "fr"),
               written(json.dumps(dict(words_in("en")), ensure_ascii=False))),
        Target("instructions", read_catalogue, instructions, (CatalogueError,), longest=32 * 1024),
        Target("calibration", lambda data: read_calibration(as_file("c.json", data)), written(_calibration())),
    )  # fmt: skip
