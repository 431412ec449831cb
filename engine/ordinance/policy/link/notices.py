"""Notices and labels: looked up in the own pack, then the language packs, then the charter; text by text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.ir import Unit
from ordinance.policy.link.names import Names, Report, check_tag, scripts_of
from ordinance.policy.link.plurals import categories, category
from ordinance.policy.plan import UNTOLD, Law, NoticeTemplate
from ordinance.policy.slots import USUAL_ADDRESS, addresses_in, nearest_addresses
from ordinance.policy.vocabulary import MARKER

#: The variables of notices. What was matched is not among them and never will be (semantics, rule 16).
VARIABLES = frozenset({"type", "law", "jurisdiction", "authority", "appeal", "contacts", "hours", "terms"})

#: The language of notices where no language pack is loaded.
DEFAULT_LANGUAGE = "en"

_SIGNS = frozenset(MARKER) - {"…"}

_VARIABLES = f"Use {', '.join(f'{{{name}}}' for name in sorted(VARIABLES))}."

#: What gives a variable of a notice its value, where nothing does.
_RESOLVED_BY = {
    "authority": 'Write `authority "…"` in the law.',
    "appeal": "Write `appeal CONTACT` in the law.",
    "terms": 'Write `terms "https://…"` in the bylaw; only a house has terms.',
    "hours": "Only a `say` rule with `every N hours` has {hours}.",
    "contacts": "Only the notice `contacts` has {contacts}.",
}

#: The language of a notice's text, how it addresses people, and whether it is the shorter form.
_Form = tuple[str, str, bool]

_WORDS = re.compile(r"[^\W\d_]+")

_BRACED = re.compile(r"\{([^{}]*)\}?|\}")


def valued(laws: Sequence[Law]) -> frozenset[str]:
    """Return the variables of notices to which each of these ``laws`` gives a value; none without a law."""
    names = ("authority", "appeal", "terms") if laws else ()
    return frozenset(name for name in names if all(getattr(law, name) for law in laws))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The notices and labels of one policy, and the languages in which a pack has any, by the pack that holds them.

    ``languages`` are those of the loaded language packs, else English. What the charter or a language pack has must
    have a text in each of them, and what another pack has in each that the pack speaks: who reads none of those gets
    the whole notice in English, or in the first language that has all of it.
    """

    notices: Mapping[str, Names[ast.NoticeDecl]]
    labels: Mapping[str, Names[ast.LabelDecl]]
    charter: str
    tags: tuple[str, ...]
    spoken: Mapping[str, frozenset[str]]
    report: Report

    @property
    def languages(self) -> tuple[str, ...]:
        return self.tags or (DEFAULT_LANGUAGE,)

    def notice(
        self, word: ast.Word, pack: str, *needs: str, laws: Sequence[Law] = (), hours: int = 0
    ) -> NoticeTemplate:
        """Return the notice of a rule of ``pack``; ``UNTOLD``, with a finding, if there is none.

        ``needs`` are the variables that every text of it must contain, so that it says why (TR-2); ``laws`` and
        ``hours`` are the rule's, and a text must not contain variables that any of them gives no value.
        """
        template = self._found(word, pack, hours)
        if template is None:
            return UNTOLD
        if missing := [tag for tag in self._wanted(self.notices, word, pack) if tag not in template.texts]:
            self._missing("notice-text", "notice", word, missing)
        known = {"type", *valued(laws), *(("law", "jurisdiction") if "law" in needs else ())}
        known |= {"hours"} if hours else set()
        for text in (text for texts in self._texts(word.text, pack).values() for text in texts):
            if text.again and "type" in needs:
                self.report(diagnose("notice-again", text.text.span, f"the notice `{word}` has a shorter form"))
            needed = () if text.again else needs
            silent = [f"{{{name}}}" for name in needed if f"{{{name}}}" not in text.text.text]
            if silent and text.text.text.strip():
                message = f"the notice `{word}` lacks {' and '.join(silent)} in {text.tag}"
                self.report(diagnose("notice-silent", text.text.span, message))
            for name in sorted(VARIABLES):
                if f"{{{name}}}" in text.text.text and name not in known:
                    message = f"the notice `{word}` contains {{{name}}}, which has no value here"
                    self.report(diagnose("notice-unresolved", word.span, message, _RESOLVED_BY.get(name, "")))
        return template

    def plain_notice(self, word: ast.Word, pack: str, languages: tuple[str, ...] = ()) -> NoticeTemplate | None:
        """Return a notice that ``pack`` gives without a rule: no variable of it would have a value. ``languages`` are
        those in which it can be given, if not all that are loaded. Returns None, with a finding, if there is no such
        notice."""
        template = self._found(word, pack)
        if template is None:
            return None
        wanted = languages or self._wanted(self.notices, word, pack)
        if missing := [tag for tag in wanted if tag not in template.texts]:
            self._missing("notice-text", "notice", word, missing)
        texts = [text.text.text for texts in self._texts(word.text, pack).values() for text in texts]
        for name in sorted(name for name in VARIABLES if any(f"{{{name}}}" in text for text in texts)):
            message = f"the notice `{word}` contains {{{name}}}, which has no value here"
            self.report(diagnose("notice-unresolved", word.span, message))
        return template

    def label(self, word: ast.Word, pack: str) -> Mapping[str, str]:
        """Return the texts of a label; empty, with a finding, if there is no such label."""
        texts = self.label_texts(word.text, pack)
        if not texts:
            near = did_you_mean(word.text, {name for names in self.labels.values() for name in names.items()})
            self.report(diagnose("name-undefined", word.span, f"no label is called `{word}`", near))
        elif missing := [tag for tag in self._wanted(self.labels, word, pack) if tag not in texts]:
            self._missing("label-text", "label", word, missing)
        return texts

    def label_texts(self, name: str, pack: str) -> Mapping[str, str]:
        """Return the texts of the label ``name`` as ``pack`` sees it; empty if no pack has it."""
        texts: dict[str, str] = {}
        for owner in (self.charter, *self.tags, pack):
            if item := self.labels[owner].find(name):
                texts.update({text.tag.text: text.text.text for text in item.texts})
        return texts

    def _wanted(
        self, items: Mapping[str, Names[ast.NoticeDecl]] | Mapping[str, Names[ast.LabelDecl]], word: ast.Word, pack: str
    ) -> tuple[str, ...]:
        """Return the languages in which ``word`` of ``pack`` must have a text."""
        shared = any(items[owner].find(word.text) for owner in (self.charter, *self.tags) if owner != pack)
        spoken = self.spoken[pack]
        return self.languages if shared or not spoken else tuple(tag for tag in self.languages if tag in spoken)

    def _found(self, word: ast.Word, pack: str, hours: int = 0) -> NoticeTemplate | None:
        """Return the notice of that name; None, with a finding, if there is none."""
        template = self.template(word.text, pack, hours)
        if template is None:
            near = did_you_mean(word.text, {name for names in self.notices.values() for name in names.items()})
            self.report(diagnose("name-undefined", word.span, f"no notice is called `{word}`", near))
        return template

    def template(self, name: str, pack: str, hours: int = 0) -> NoticeTemplate | None:
        """Return the notice ``name`` as ``pack`` sees it, with ``hours`` in each language's plural form; None if no
        pack has it."""
        found = {key: _form(texts, hours) for key, texts in self._texts(name, pack).items()}
        texts: dict[str, str] = {}
        again: dict[str, str] = {}
        for tag in dict.fromkeys(tag for tag, _, _ in found):
            ways = (each for each in nearest_addresses(USUAL_ADDRESS) if (tag, each, False) in found)
            way = next(ways, USUAL_ADDRESS)
            if (tag, way, False) in found:
                texts[tag] = found[tag, way, False]
            if shorter := found.get((tag, USUAL_ADDRESS, True)) or found.get((tag, way, True)):
                again[tag] = shorter

        def addressed(is_again: bool) -> dict[str, dict[str, str]]:
            ways: dict[str, dict[str, str]] = {}
            for (tag, address, shorter), text in found.items():
                if shorter is is_again and address != USUAL_ADDRESS:
                    ways.setdefault(address, {})[tag] = text
            return ways

        return NoticeTemplate(name, texts, addressed(False), again, addressed(True)) if texts else None

    def _texts(self, name: str, pack: str) -> dict[_Form, tuple[ast.TextIn, ...]]:
        """Return the texts of the notice ``name`` as ``pack`` sees it, by their form; several if a language has plural
        forms."""
        texts: dict[_Form, tuple[ast.TextIn, ...]] = {}
        for owner in (self.charter, *self.tags, pack):
            item = self.notices[owner].find(name)
            own: dict[_Form, tuple[ast.TextIn, ...]] = {}
            for text in item.texts if item else ():
                key = (text.tag.text, text.address or USUAL_ADDRESS, text.again)
                own[key] = (*own.get(key, ()), text)
            texts.update(own)
        return texts

    def _missing(self, code: str, what: str, word: ast.Word, tags: list[str]) -> None:
        texts = ", ".join(f'{tag} "…"' for tag in tags)
        advice = f"Write {texts} in the {what}, here or in a language pack."
        self.report(diagnose(code, word.span, f"the {what} `{word}` has no text in {', '.join(tags)}", advice))


def _form(texts: tuple[ast.TextIn, ...], hours: int) -> str:
    """Choose the one of ``texts``, all of one language, that fits a number of hours."""
    wanted = category(texts[0].tag.text, hours)
    fitting = next((text for text in texts if text.plural in (None, wanted)), texts[-1])
    return fitting.text.text.replace("{hours}", str(hours)) if hours else fitting.text.text


def check_texts(unit: Unit, report: Report) -> None:
    """Check the texts of a pack's notices and labels: closed variables, no language twice or out of place."""
    items: tuple[ast.NoticeDecl | ast.LabelDecl, ...] = unit.pack.each(ast.NoticeDecl)
    for item in items + unit.pack.each(ast.LabelDecl):
        what = "notice" if isinstance(item, ast.NoticeDecl) else "label"
        if not item.texts:
            report(diagnose(f"{what}-text", item.name.span, f"the {what} `{item.name}` has no text at all"))
        seen: set[tuple[str, str | None, str | None, bool]] = set()
        _check_plurals(what, item.texts, report)
        for text in item.texts:
            place = (text.tag.text, text.address, text.plural, text.again)
            if place in seen or (text.address and (text.tag.text, None, text.plural, text.again) in seen):
                report(diagnose("name-twice", text.tag.span, f"the {what} `{item.name}` has two texts in {text.tag}"))
            seen.add(place)
            if unit.pack.kind != "language":
                check_tag(text.tag, report)
            if text.address and text.address not in (ways := addresses_in(text.tag.text)):
                message = f"{text.tag} has no way of address `{text.address}`"
                report(diagnose("slot-value", text.tag.span, message, f"It has {', '.join(sorted(ways))}."))
            if unit.pack.kind == "language" and text.tag.text != unit.name:
                message = f"the language pack {unit.name} contains a text in {text.tag}"
                report(diagnose("text-language", text.tag.span, message))
            _check_variables(what, text, report)
            check_signs(text.text, report)


def _check_plurals(what: str, texts: tuple[ast.TextIn, ...], report: Report) -> None:
    """Report plural forms that are missing, or that the language does not have."""
    groups: dict[tuple[str, str | None, bool], list[ast.TextIn]] = {}
    for text in texts:
        groups.setdefault((text.tag.text, text.address, text.again), []).append(text)
    for (tag, _, again), group in groups.items():
        if again and what == "label":
            message = "a label has one text in each language"
            report(diagnose("text-form", group[0].tag.span, message, f'Write {tag} "…".'))
        forms = {text.plural for text in group}
        if forms == {None}:
            continue
        first, known = group[0], categories(tag)
        if what == "label" or None in forms or known is None:
            why = (
                "a label has one text in each language"
                if what == "label"
                else f"Ordinance does not know the plural forms of {tag}"
            )
            why = f"some texts in {tag} have a plural form and some have none" if known and what == "notice" else why
            report(diagnose("plural-form", first.tag.span, why, "Write one text without a plural form."))
            continue
        wanted = ", ".join(sorted(known))
        for form in sorted(form for form in forms if form and form not in known):
            message = f"{tag} has no plural form `{form}` of whole numbers"
            report(diagnose("plural-form", first.tag.span, message, f"Its forms are: {wanted}."))
        for form in sorted(known - forms):
            message = f"the plural form `{form}` of {tag} is missing"
            report(diagnose("plural-form", first.tag.span, message, f"Its forms are: {wanted}."))


def check_signs(text: ast.Word, report: Report) -> None:
    """Report a text for people that is not what it seems: the marker's signs, which nobody could tell from an omission,
    and words of two scripts."""
    if not _SIGNS.isdisjoint(text.text):
        report(diagnose("marker-sign", text.span, "this text contains a sign that marks omissions"))
    if len(scripts_of(text.text)) < 2:  # nearly every text
        return
    for found in _WORDS.finditer(text.text):
        if len(scripts := scripts_of(found[0])) > 1:
            message = f"the word `{found[0]}` mixes {' and '.join(scripts)} letters"
            report(diagnose("mixed-scripts", text.span, message))


def _check_variables(what: str, text: ast.TextIn, report: Report) -> None:
    if not text.text.text.strip():
        report(diagnose(f"{what}-text", text.text.span, f"the text in {text.tag} is empty"))
    for found in _BRACED.finditer(text.text.text):
        if what == "label" or found[0] != f"{{{found[1]}}}" or found[1] not in VARIABLES:
            near = (
                did_you_mean(found[1] or "", VARIABLES) or _VARIABLES
                if what == "notice"
                else "A label has no variables; write plain words."
            )
            report(diagnose("notice-variable", text.text.span, f"`{found[0]}` is not a variable of a {what}", near))
