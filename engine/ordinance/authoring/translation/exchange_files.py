"""Translations as files that translators' tools read and write: CSV for a spreadsheet, XLIFF 2.0."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from ordinance.authoring.translation.wanted_texts import Wanted
from ordinance.errors import UsageError
from ordinance.language.source import spreadsheet
from ordinance.policy.slots import is_tag

_COLUMNS = ("id", "language", "text", "to", "translation")
_NAMESPACE = "urn:oasis:names:tc:xliff:document:2.0"
#: ISO 639-2's code for several languages; then each file says its own.
_SEVERAL = "mul"

#: The id of a text and the language of a translation.
Key = tuple[str, str]


def write(name: str, texts: Iterable[Wanted]) -> str:
    """Write ``texts`` as the file ``name`` has it by its ending. Raises ``UsageError`` for another ending."""
    return _xliff(texts) if _ending(name) == "xliff" else _csv(texts)


def read(name: str, text: str) -> dict[Key, str]:
    """Read the translations of a file by its ending; those that are empty are left out. Raises ``UsageError``."""
    found = _from_xliff(name, text) if _ending(name) == "xliff" else _from_csv(name, text)
    return {(text_id, _tag(name, to)): said for (text_id, to), said in found if said}


def languages(name: str, text: str) -> dict[str, str]:
    """Read the language in which each text of a file was exported, by its id. Raises ``UsageError``."""
    if _ending(name) == "xliff":
        root = _root(name, text)
        files = ((file, _source(name, file, root.get("trgLang", ""))) for file in root.iter(f"{{{_NAMESPACE}}}file"))
        return {unit.get("name", ""): tag for file, tag in files for unit in file.iter(f"{{{_NAMESPACE}}}unit")}
    said = ((row["id"] or "", row.get("language") or "") for row in _rows(name, text))
    return {text_id: _tag(name, tag) for text_id, tag in said if tag}


def _source(name: str, file: ElementTree.Element, to: str) -> str:
    """Return the language of the texts of ``file``, whose id is that of ``_xliff``: the root has one for all."""
    tag, dash, rest = file.get("id", "").rpartition(f"-{to}")
    if not dash or rest:
        raise UsageError(
            f"the file '{file.get('id', '')}' in {name} does not say from which language it is translated.",
            help="Export it anew, and let the tool keep the ids of files.",
        )
    return _tag(name, tag)


def _tag(name: str, tag: str) -> str:
    """Check a language tag of the file ``name``, which is written into packs, and return it."""
    if not is_tag(tag):
        raise UsageError(f"'{tag}' in {name} is not a language tag in its usual form.", help="Write it as ja or fr-CA.")
    return tag


def _ending(name: str) -> str:
    ending = Path(name).suffix.removeprefix(".").lower()
    if ending not in ("csv", "xliff", "xlf"):
        raise UsageError(f"'{name}' is neither CSV nor XLIFF.", help="End its name in .csv or .xliff.")
    return "csv" if ending == "csv" else "xliff"


def _csv(texts: Iterable[Wanted]) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(_COLUMNS)
    lines.writerows((each.id, each.tag, each.source, each.to, each.target) for each in texts)
    return "\ufeff" + out.getvalue()  # so that a spreadsheet reads it as UTF-8


def _from_csv(name: str, text: str) -> Iterator[tuple[Key, str]]:
    for row in _rows(name, text):
        yield (row["id"] or "", row["to"] or ""), (row["translation"] or "").strip()


def _rows(name: str, text: str) -> csv.DictReader[str]:
    text = text.removeprefix("\ufeff")
    rows = spreadsheet(text, io.StringIO(text))
    if lacking := [column for column in ("id", "to", "translation") if column not in (rows.fieldnames or ())]:
        raise UsageError(f"{name} has no column '{lacking[0]}'.", help=f"Its columns are {', '.join(_COLUMNS)}.")
    return rows


def _xliff(texts: Iterable[Wanted]) -> str:
    ElementTree.register_namespace("", _NAMESPACE)
    root = ElementTree.Element(f"{{{_NAMESPACE}}}xliff", {"version": "2.0", "srcLang": "en"})
    by_pair: dict[Key, list[Wanted]] = {}
    for each in texts:
        by_pair.setdefault((each.tag, each.to), []).append(each)
    if len({to for _, to in by_pair}) > 1:
        raise UsageError("an XLIFF file has one language to translate into.", help="Name it with --to TAG.")
    if tags := {tag for tag, _ in by_pair}:
        root.set("srcLang", tags.pop() if len(tags) == 1 else _SEVERAL)
    for (tag, to), own in by_pair.items():
        root.set("trgLang", to)
        file = ElementTree.SubElement(root, f"{{{_NAMESPACE}}}file", {"id": f"{tag}-{to}"})
        for number, each in enumerate(own, 1):
            unit = ElementTree.SubElement(file, f"{{{_NAMESPACE}}}unit", {"id": f"u{number}", "name": each.id})
            state = "translated" if each.target else "initial"
            segment = ElementTree.SubElement(unit, f"{{{_NAMESPACE}}}segment", {"state": state})
            ElementTree.SubElement(segment, f"{{{_NAMESPACE}}}source").text = each.source
            ElementTree.SubElement(segment, f"{{{_NAMESPACE}}}target").text = each.target
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _from_xliff(name: str, text: str) -> Iterator[tuple[Key, str]]:
    root = _root(name, text)
    to = root.get("trgLang", "")
    for unit in root.iter(f"{{{_NAMESPACE}}}unit"):
        target = unit.find(f".//{{{_NAMESPACE}}}target")
        yield (unit.get("name", ""), to), "".join(target.itertext()).strip() if target is not None else ""


def _root(name: str, text: str) -> ElementTree.Element:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UsageError(f"{name} declares entities, which no XLIFF file needs.", help="Export it anew.")
    try:
        root = ElementTree.fromstring(text.removeprefix("\ufeff").encode())  # noqa: S314 - no entities, see above
    except (ElementTree.ParseError, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        raise UsageError(
            f"{name} is not XML.", help="Export it anew, and translate it with a tool for XLIFF."
        ) from None
    if root.tag != f"{{{_NAMESPACE}}}xliff" or not root.get("trgLang"):
        raise UsageError(f"{name} is not XLIFF 2.0 with a trgLang.", help="Export it anew.")
    return root
