"""Numbers that name a person, telephone numbers and e-mail addresses, each as candidates: the engine finds the shape,
exactly and on a stream; what is here decides whether its check digits hold and what the words before it say.

A pack writes ``detector id.national ("EE", "PL")``: countries by their ISO 3166 codes, or none for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.plugin import Asked, Candidates, hookimpl
from ordinance_identifiers import mail, numbers, phones


@hookimpl
def detector(asked: Asked) -> Candidates | None:
    """Return how ``asked`` is found. Raises ``ValueError`` for an argument that is not one of the countries."""
    kind = asked.name.removeprefix("id.")
    match kind:
        case "national" | "tax" | "health":
            known = numbers.countries(kind)
            return numbers.detector(kind, _among(asked, known) or known)
        case "phone":
            return phones.detector(_among(asked, phones.countries()))
        case "email":
            _among(asked, ())
            return mail.detector()
    return None


def _among(asked: Asked, known: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments of ``asked``, each of which must be ``known``."""
    for given in asked.arguments:
        if given not in known:
            those = f"Known: {', '.join(known)}." if known else "It takes no arguments."
            raise ValueError(f'`{asked.name}` does not know "{given}". {those}')
    return asked.arguments
