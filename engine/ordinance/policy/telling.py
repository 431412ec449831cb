"""Notices and labels: looked up in the own pack, then the language packs, then the charter; text by text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.ir import Unit
from ordinance.policy.names import Names, Report
from ordinance.policy.plan import NoticeTemplate
from ordinance.policy.vocabulary import MARKER

#: The variables of notices. What was matched is not among them and never will be (semantics, rule 16).
VARIABLES = frozenset({"type", "law", "jurisdiction", "contacts"})

#: The language of notices where no language pack is loaded.
DEFAULT_LANGUAGE = "en"

_SIGNS = frozenset(MARKER) - {"…"}

_BRACED = re.compile(r"\{([^{}]*)\}?|\}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The notices and labels of one policy, by the pack that holds them.

    ``languages`` are those in which every text must exist: the loaded language packs', else English.
    """

    notices: Mapping[str, Names[ast.NoticeDecl]]
    labels: Mapping[str, Names[ast.LabelDecl]]
    charter: str
    tags: tuple[str, ...]
    report: Report

    @property
    def languages(self) -> tuple[str, ...]:
        return self.tags or (DEFAULT_LANGUAGE,)

    def notice(self, word: ast.Word, pack: str, *needs: str) -> NoticeTemplate | None:
        """The notice that a rule of ``pack`` tells; None, with a finding, where there is none.

        ``needs`` are the variables that every text of it must hold, so that it says why (TR-2).
        """
        template = self.template(word.text, pack)
        if template is None:
            near = did_you_mean(word.text, {name for names in self.notices.values() for name in names.items()})
            self.report(diagnose("name-undefined", word.span, f"no notice is called `{word}`", near))
            return None
        if missing := [tag for tag in self.languages if tag not in template.texts]:
            self._missing("notice-text", "notice", word, missing)
        for text in self._texts(word.text, pack).values():
            silent = [f"{{{name}}}" for name in needs if f"{{{name}}}" not in text.text.text]
            if silent and text.text.text.strip():
                message = f"the notice `{word}` leaves out {' and '.join(silent)} in {text.tag}"
                self.report(diagnose("notice-silent", text.text.span, message))
        return template

    def label(self, word: ast.Word, pack: str) -> Mapping[str, str]:
        """The texts of a label; empty, with a finding, where there is no such label."""
        texts = self.label_texts(word.text, pack)
        if not texts:
            near = did_you_mean(word.text, {name for names in self.labels.values() for name in names.items()})
            self.report(diagnose("name-undefined", word.span, f"no label is called `{word}`", near))
        elif missing := [tag for tag in self.languages if tag not in texts]:
            self._missing("label-text", "label", word, missing)
        return texts

    def label_texts(self, name: str, pack: str) -> Mapping[str, str]:
        """The texts of the label ``name`` as ``pack`` sees it; empty where no pack holds it."""
        texts: dict[str, str] = {}
        for owner in (self.charter, *self.tags, pack):
            if item := self.labels[owner].find(name):
                texts.update({text.tag.text: text.text.text for text in item.texts})
        return texts

    def template(self, name: str, pack: str) -> NoticeTemplate | None:
        """The notice ``name`` as ``pack`` sees it; None where no pack holds it."""
        found = self._texts(name, pack).items()
        texts = {tag: text.text.text for (tag, is_informal), text in found if not is_informal}
        informal = {tag: text.text.text for (tag, is_informal), text in found if is_informal}
        for tag, text_informal in informal.items():
            texts.setdefault(tag, text_informal)
        return NoticeTemplate(name, texts, informal) if texts else None

    def _texts(self, name: str, pack: str) -> dict[tuple[str, bool], ast.TextIn]:
        """The texts of the notice ``name`` as ``pack`` sees it, by language and whether they are informal."""
        texts: dict[tuple[str, bool], ast.TextIn] = {}
        for owner in (self.charter, *self.tags, pack):
            item = self.notices[owner].find(name)
            texts.update({(text.tag.text, text.address == "informal"): text for text in item.texts} if item else {})
        return texts

    def _missing(self, code: str, what: str, word: ast.Word, tags: list[str]) -> None:
        texts = ", ".join(f'{tag} "…"' for tag in tags)
        advice = f"Write {texts} in the {what}, here or in a language pack."
        self.report(diagnose(code, word.span, f"the {what} `{word}` has no text in {', '.join(tags)}", advice))


def check_texts(unit: Unit, report: Report) -> None:
    """Findings on the texts of a pack's notices and labels: closed variables, no language twice or out of place."""
    items: tuple[ast.NoticeDecl | ast.LabelDecl, ...] = unit.pack.each(ast.NoticeDecl)
    for item in items + unit.pack.each(ast.LabelDecl):
        what = "notice" if isinstance(item, ast.NoticeDecl) else "label"
        if not item.texts:
            report(diagnose(f"{what}-text", item.name.span, f"the {what} `{item.name}` has no text at all"))
        seen: set[tuple[str, str | None]] = set()
        for text in item.texts:
            place = (text.tag.text, text.address)
            if place in seen or (text.address and (text.tag.text, None) in seen):
                report(diagnose("name-twice", text.tag.span, f"the {what} `{item.name}` has two texts in {text.tag}"))
            seen.add(place)
            if unit.pack.kind == "language" and text.tag.text != unit.name:
                message = f"the language pack {unit.name} holds a text in {text.tag}"
                report(diagnose("text-language", text.tag.span, message))
            _check_variables(what, text, report)
            check_signs(text.text, report)


def check_signs(text: ast.Word, report: Report) -> None:
    """A finding where a text that people will read holds the marker's signs: nobody could tell it from an omission."""
    if not _SIGNS.isdisjoint(text.text):
        report(diagnose("marker-sign", text.span, "the sign of an omission stands in this text"))


def _check_variables(what: str, text: ast.TextIn, report: Report) -> None:
    if not text.text.text.strip():
        report(diagnose(f"{what}-text", text.text.span, f"the text in {text.tag} is empty"))
    for found in _BRACED.finditer(text.text.text):
        if what == "label" or found[0] != f"{{{found[1]}}}" or found[1] not in VARIABLES:
            near = did_you_mean(found[1] or "", VARIABLES) if what == "notice" else "Labels are plain words."
            report(diagnose("notice-variable", text.text.span, f"`{found[0]}` is not a variable of a {what}", near))
