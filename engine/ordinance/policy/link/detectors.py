"""The detectors of a policy: what packs declare, and what their rules name without declaring it."""

from __future__ import annotations

from collections.abc import Mapping

from ordinance.detection import Declaration
from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.ir import NAMED_ENDINGS, Detector, PatternCase, Unit
from ordinance.policy.link.contacts import holds_value, pattern_of
from ordinance.policy.link.names import Names, Report


class Detectors:
    """Collects the detectors of all packs, each under a key of its own, and the examples of their patterns."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.found: dict[str, Detector] = {}
        self.cases: list[PatternCase] = []
        self._endings: dict[str, Names[tuple[str, ...]]] = {}

    def declared(self, unit: Unit) -> Mapping[str, Names[str]]:
        """Return the keys of what a pack declares, by kind and name."""
        names: dict[str, Names[str]] = {kind: Names(kind, self._report) for kind in ("lexicon", "pattern", "topic")}
        for lexicon in unit.pack.each(ast.LexiconDecl):
            names["lexicon"].define(lexicon.name, self._lexicon(unit, lexicon))
        for pattern in unit.pack.each(ast.PatternDecl):
            names["pattern"].define(pattern.name, self._pattern(unit, pattern))
        for topic in unit.pack.each(ast.TopicDecl):
            by = topic.by
            key = self.foreign(by) if by.kind == "detector" else names["lexicon"].get(by.name)
            if key is not None:
                names["topic"].define(topic.name, key)
        return names

    def added(self, unit: Unit, item: ast.AddedWords) -> str:
        """Return the key of the words that a language pack brings for what the charter declares."""
        key = f"{unit.name}/words for {item.name}"
        self._phrases(key, unit, item.path)
        self._examples(key, f"list of words for `{item.name}`", item.name, item.examples)
        return key

    def endings(self, unit: Unit) -> Names[tuple[str, ...]]:
        """Return the forms of the endings that a pack declares, by their names."""
        if unit.name not in self._endings:
            names = self._endings[unit.name] = Names("endings", self._report)
            for item in unit.pack.each(ast.EndingsDecl):
                names.define(item.name, self._forms(item))
        return self._endings[unit.name]

    def _forms(self, item: ast.EndingsDecl) -> tuple[str, ...]:
        """Return the forms that a declaration of endings lists. What it must not contain is a finding."""
        found: dict[str, None] = {}
        for text in item.texts:
            for form in map(str.strip, text.text.split(",")):
                if "{" in form or "}" in form:
                    message = f"the endings `{item.name}` contain a brace"
                    self._report(diagnose("endings-invalid", text.span, message, "Write the forms with commas only."))
                elif form in found:
                    message = f"the endings `{item.name}` list {f'`{form}`' if form else 'the bare word'} twice"
                    self._report(diagnose("endings-invalid", text.span, message, "Keep one of them."))
                found[form] = None
        if len(found) < 2:
            message = f"the endings `{item.name}` contain only one ending"
            self._report(diagnose("endings-invalid", item.texts[0].span, message, 'Write several, as in ",es,er,ern".'))
        return tuple(found)

    def foreign(self, use: ast.Use) -> str:
        """Return the key of a detector that no pack declares: a plugin's (``check`` tests whether one provides it), one
        of numbers with check digits, one of a script, or one of tools by their names."""
        given = ", ".join(f'"{each.text}"' for each in use.arguments)
        key = f"{use.kind} {use.name}" + (f" ({given})" if given else "")
        if use.kind == "named":
            key = f"tool_call named {given}"
            declaration = Declaration("named", tuple(each.text for each in use.arguments))
            places = tuple(each.span for each in use.arguments)
        elif use.kind == "detector":
            declaration = Declaration(use.name.text, tuple(each.text for each in use.arguments))
            places = tuple(each.span for each in use.arguments)
        else:
            declaration, places = Declaration(use.kind, (use.name.text,)), (use.name.span,)
        self.found.setdefault(key, Detector(key, declaration, places, use.name.span))
        return key

    def contact(self, unit: Unit, item: ast.ContactDecl) -> str:
        """Return the key of the detector that finds a contact's value; an empty string if the value does not have its
        form."""
        if not holds_value(item.form, item.value.text):
            return ""
        key = f"{unit.name}/contact {item.name}"
        declaration = Declaration("pattern", (pattern_of(item.form, item.value.text),))
        self.found[key] = Detector(key, declaration, (item.value.span,), item.value.span)
        return key

    def _lexicon(self, unit: Unit, item: ast.LexiconDecl) -> str:
        key = f"{unit.name}/lexicon {item.name}"
        self._phrases(key, unit, item.path)
        return key

    def _phrases(self, key: str, unit: Unit, path: ast.Word) -> None:
        """Make a detector of the phrases in a file."""
        source = unit.lexicons.get(path.text)
        phrases = list(source.phrases()) if source else []
        lines, places = tuple(text for text, _ in phrases), tuple(span for _, span in phrases)
        named = self.endings(unit)
        wanted = {name.strip() for line in lines for name in NAMED_ENDINGS.findall(line)}
        endings = tuple(named.items().items()) if wanted else ()
        for name in wanted:
            named.find(name)
        self.found[key] = Detector(key, Declaration("lexicon", lines, endings=endings), places, path.span)

    def _pattern(self, unit: Unit, item: ast.PatternDecl) -> str:
        key = f"{unit.name}/pattern {item.name}"
        declaration = Declaration("pattern", (item.source.text,), any_case=item.any_case)
        self.found[key] = Detector(key, declaration, (item.source.span,), item.source.span)
        self._examples(key, f"pattern `{item.name}`", item.name, item.examples)
        return key

    def _examples(self, key: str, what: str, name: ast.Word, examples: tuple[ast.PatternExample, ...]) -> None:
        """Take the examples of a detector, of which there must be one that it matches and one that it skips."""
        for matches in (True, False):
            if not any(example.matches is matches for example in examples):
                word, code = ("matches", "example-fires") if matches else ("skips", "example-quiet")
                message = f"the {what} has no example that it {word}"
                self._report(diagnose(code, name.span, message, f'Write `example {word} "…"`.'))
        for example in examples:
            self.cases.append(PatternCase(key, example.matches, example.text.text, example.text.span))
