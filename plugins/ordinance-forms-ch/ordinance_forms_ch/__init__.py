"""How German is written in Switzerland: ss for ß, and 1'000.5 for 1.000,5.

Each form changes what can be read in one way alone, and leaves the rest. The engine shows it passages without code,
links and quotations, and its witness decides whether a passage still says the same.
"""

from __future__ import annotations

from ordinance.plugin import Asked, Form, hookimpl
from ordinance_forms_ch.figures import swiss_numbers
from ordinance_forms_ch.spelling import swiss_spelling

#: A passage has at most this many characters, and a stream waits for as many. A shorter one cuts more numbers from
#: their units, which then stay as they are.
WIDTH = 120

_FORMS = {"ch.spelling": swiss_spelling, "ch.numbers": swiss_numbers}


@hookimpl
def form(asked: Asked) -> Form | None:
    """Return how passages are rewritten, None for a name that is not this plugin's."""
    rewrite = _FORMS.get(asked.name)
    if rewrite is None:
        return None
    if asked.arguments:
        raise ValueError(f"{asked.name} takes nothing in parentheses")
    return Form(rewrite, WIDTH)
