"""Rules that ask a judge: ``judged at least N`` becomes a question in the pack's own words."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.detection import Question
from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.ir import JudgedTest
from ordinance.policy.link.names import Report

#: A judge is shown as many examples that fire, and as many that stay quiet.
ENOUGH = 6

#: Texts that only a lexicon of tests knows say nothing about a meaning.
_CANARY = "ordinance-canary"


def judged_test(rule: str, node: ast.Rule, when: ast.TextTest, report: Report) -> JudgedTest | None:
    """Return what the rule of this id asks a judge; None if it asks nothing. Of several tests the lowest number
    counts, for any of them is enough."""
    uses = [use for use in when.uses if use.kind == "judged"]
    if not uses:
        return None
    for use in uses:
        if not _is_share(use.name.text):
            message = f"`judged at least {use.name}` is never true, or always"
            report(diagnose("bound-invalid", use.name.span, message, "Write from 0.01 to 1."))
            return None
    question = _question(rule, node)
    _check(node, when, question, report)
    return JudgedTest(question, min(float(use.name.text) for use in uses), uses[0].name.span)


def judged_alone(when: ast.TextTest) -> bool:
    """Return whether nothing but a judge could make this test."""
    return all(use.kind == "judged" for use in when.uses)


def uses_of(node: ast.Rule) -> tuple[ast.Use, ...]:
    """Return what a rule looks for."""
    test = ast.text_test_of(node)
    return test.uses if test else ()


def _question(rule: str, node: ast.Rule) -> Question:
    fires, quiet = tuple(_texts(node, "fires")), tuple(_texts(node, "quiet"))
    means, excludes = (each.text if each else "" for each in (node.means, node.excludes))
    return Question(rule, means, excludes, fires, quiet)


def _texts(node: ast.Rule, expects: str) -> Iterator[str]:
    """Yield what examples say that do not follow earlier turns; a prompt and an answer together."""
    for example in node.examples:
        said = [each.text for each in (example.prompt, example.answer) if each]
        if example.expects == expects and not example.earlier and not any(_CANARY in each for each in said):
            yield "\n".join(said)


def _check(node: ast.Rule, when: ast.TextTest, question: Question, report: Report) -> None:
    name = node.name
    if judged_alone(when) and isinstance(node, ast.RedLine | ast.Guarantee):
        message = f"`{name}` is judged and has no other test"
        report(diagnose("judged-alone", when.span, message))
    if node.means is None:
        report(diagnose("judged-without-means", name.span, f"`{name}` is judged and does not say what it means"))
    elif node.excludes is None:
        report(diagnose("judged-without-not", name.span, f"`{name}` is judged and does not say what is to pass"))
    few = [
        f"{len(texts)} that {verb}"
        for verb, texts in (("fire", question.fires), ("stay quiet", question.quiet))
        if len(texts) < ENOUGH
    ]
    if few:
        message = f"`{name}` is judged and has few examples without canaries: {' and '.join(few)}"
        report(diagnose("judged-examples", name.span, message))


def _is_share(text: str) -> bool:
    """Return whether ``text`` writes a number above 0 and up to 1."""
    return text.count(".") <= 1 and 0 < float(text) <= 1
