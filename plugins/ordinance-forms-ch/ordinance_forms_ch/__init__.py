"""How German is written in Switzerland: ss for ß, 1’000.5 for 1.000,5, and «…» for „…“.

Each form changes what can be read in one way alone, and leaves the rest. What it must not touch (code, links,
quotations, names) it leaves where it can see them; the engine's witness decides whether the text still says the same.
"""

from __future__ import annotations

from ordinance.plugin import Asked, Form, hookimpl
from ordinance_forms_ch.figures import swiss_numbers
from ordinance_forms_ch.kept import REACH
from ordinance_forms_ch.quotation_marks import guillemets
from ordinance_forms_ch.spelling import swiss_spelling

_FORMS = {
    "ch.spelling": Form(swiss_spelling, REACH),
    "ch.numbers": Form(swiss_numbers, REACH),
    "ch.quotation_marks": Form(guillemets, REACH),
}


@hookimpl
def form(asked: Asked) -> Form | None:
    """Return how text is rewritten, None for a name that is not this plugin's."""
    found = _FORMS.get(asked.name)
    if found and asked.arguments:
        raise ValueError("it takes nothing in parentheses")
    return found
