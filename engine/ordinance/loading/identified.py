"""Each language that a rule tests is one that the words of an answer can show (semantics, rule 38)."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.language.ast import Say
from ordinance.language.diagnostics import Diagnostic, diagnose, did_you_mean
from ordinance.policy.ir import Policy
from ordinance.runtime.manners import told_languages


def unidentified(policy: Policy) -> Iterator[Diagnostic]:
    """Report each language that no answer can be known to be in."""
    known = told_languages()
    for rule in policy.rules:
        test = rule.node.test if isinstance(rule.node, Say) else None
        for use in () if test is None else test.uses:
            if use.kind == "language" and use.name.text not in known:
                help = did_you_mean(use.name.text, known) or f"Known are: {', '.join(known)}."
                message = f"nothing tells whether an answer is in `{use.name}`"
                yield diagnose("language-unknown", use.name.span, message, help)
