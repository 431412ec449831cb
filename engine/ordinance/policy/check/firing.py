"""Rules and their examples: each fires once and is quiet once, and none goes further than its kind may."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.ir import Policy
from ordinance.policy.link.names import Report


def check_rules(policy: Policy, report: Report) -> None:
    """Check every rule of the policy."""
    for unit in policy.units:
        for rule in unit.pack.rules:
            _check_examples(rule, report)
            if isinstance(rule, ast.Withhold | ast.Mask | ast.Limit):
                _check_omission(rule, report)


def _check_omission(rule: ast.Withhold | ast.Mask | ast.Limit, report: Report) -> None:
    if rule.when.prompt and not isinstance(rule, ast.Mask):
        report(diagnose("prompt-withheld", rule.when.span, f"`{rule.name}` would withhold from the prompt"))
    if not isinstance(rule, ast.Limit) and all(use.kind == "topic" for use in rule.when.uses):
        report(diagnose("topic-alone", rule.when.span, f"`{rule.name}` withholds because of a topic alone"))


def _check_examples(rule: ast.Rule, report: Report) -> None:
    guarantee = isinstance(rule, ast.Guarantee)
    for expects in _wanted(rule):
        if not any(example.expects == expects for example in rule.examples):
            what = "guarantee" if guarantee else "rule"
            verb = {"fires": "fires", "quiet": "stays quiet", "passes": "passes"}[expects]
            message = f"the {what} `{rule.name}` has no example that {verb}"
            report(diagnose(f"example-{expects}", rule.name.span, message))
    for example in rule.examples:
        if example.expects == "passes" and not guarantee:
            report(diagnose("example-kind", example.span, "only examples of guarantees can say `passes`"))
        elif example.expects == "passes" and example.answer is None:
            advice = "Write `example passes answer …`."
            report(diagnose("example-kind", example.span, "this example has no answer that could pass", advice))
        elif example.expects != "passes" and isinstance(rule, ast.Guarantee) and rule.provide is None:
            report(diagnose("example-kind", example.span, f"`{rule.name}` provides nothing that could fire"))
        elif isinstance(rule, ast.Decline) and example.prompt is None:
            message = f"`{rule.name}` acts on what is asked"
            report(diagnose("example-kind", example.span, message, 'Write `prompt "…"`.'))
        elif isinstance(rule, ast.Withhold | ast.Limit | ast.Say | ast.Mark) and example.answer is None:
            report(diagnose("example-kind", example.span, f"`{rule.name}` acts on answers", 'Write `answer "…"`.'))


def _wanted(rule: ast.Rule) -> Iterator[str]:
    if isinstance(rule, ast.Guarantee):
        yield "passes"
        if rule.provide is None:
            return
    yield from ("fires", "quiet")
