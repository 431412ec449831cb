"""Forms of plugins that packs have answers rewritten by, and what is wrong with what they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ordinance.detection import Form, Unconfigured
from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic, diagnose, did_you_mean
from ordinance.language.source import Span
from ordinance.plugin import Asked
from ordinance.plugins.allowed import Plugin
from ordinance.policy.ir import Policy


def asked_forms(policy: Policy) -> Mapping[str, Asked]:
    """Return what each form is asked, by the key that ``Plan.forms`` has for it."""
    return {
        each.form: Asked(each.by.text, tuple(argument.text for argument in each.arguments))
        for each in _rewrites(policy)
        if each.by is not None
    }


def check_forms(
    policy: Policy, plugins: Iterable[Plugin], prepared: Mapping[str, Form | Unconfigured]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the forms that packs name: those that no allowed plugin provides, and those that are not
    set up."""
    names = sorted(name for plugin in plugins for name in plugin.manifest.names("form"))
    for form, name, span in ((each.form, each.by.text, each.by.span) for each in _rewrites(policy) if each.by):
        given = prepared.get(form)
        if given is None:
            yield _missing(name, span, names)
        elif isinstance(given, Unconfigured):
            message = f"the form {name} is not set up ({given.missing}), so nothing is rewritten by it"
            yield diagnose("detector-unconfigured", span, message)


def form_places(policy: Policy) -> Iterator[tuple[Asked, Span]]:
    """Yield where packs ask each form."""
    asked = asked_forms(policy)
    yield from ((asked[each.form], each.by.span) for each in _rewrites(policy) if each.by)


def _missing(name: str, span: Span, names: Sequence[str]) -> Diagnostic:
    message = f"no allowed plugin provides the form {name}"
    return diagnose("detector-missing", span, message, did_you_mean(name, names))


def _rewrites(policy: Policy) -> Iterator[ast.Rewrite]:
    for unit in policy.units:
        for speak in unit.pack.each(ast.SpeakDecl)[:1]:
            yield from speak.rewrites
