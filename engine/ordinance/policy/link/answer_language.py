"""Rules that speak because of the language of an answer (semantics, rule 38).

It is known when the answer has ended, of what people have read by then. So nothing can be removed for it, and only a
``say`` may test it.
"""

from __future__ import annotations

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.link.names import Report


def spoken_test(node: ast.Rule, when: ast.TextTest, report: Report) -> tuple[str, ...]:
    """Return the languages, any of which is enough; none where a rule tests none, or may not."""
    uses = [use for use in when.uses if use.kind == "language"]
    for use in uses:
        if not isinstance(node, ast.Say):
            message = "the language of an answer is known only when it has left, so nothing is done to it"
            help = "Write `script is Cyrl`, which is decided by the sentence, or a `lexicon` of words of that language."
            report(diagnose("language-test", use.name.span, message, help))
        elif when.near:
            message = "a language is that of a whole answer, and stands near nothing"
            report(diagnose("language-test", use.name.span, message, "Write `has any of`."))
        elif set(when.parts) - {"content"}:
            message = "the language of an answer is that of what people read"
            report(diagnose("language-test", use.name.span, message, f"Write `when answer language is {use.name}`."))
        elif "-" in use.name.text:
            message = f"words do not tell `{use.name}` from other forms of the language"
            help = f"Write `language is {use.name.text.partition('-')[0]}`."
            report(diagnose("language-test", use.name.span, message, help))
    return tuple(dict.fromkeys(use.name.text for use in uses))
