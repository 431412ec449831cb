"""An index of names: settings, error codes, fields and the like, each found by search and listed on one page.

A table whose first column is such names, as its heading says, brings them.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

#: What a column of names is called.
_HEADINGS = frozenset(
    {"check", "clause", "code", "field", "fields", "key", "name", "member", "metric", "rule", "slot", "word"}
)


class Names(SphinxTransform):
    """Gives each row of a table of names an anchor, and the index an entry."""

    default_priority = 500

    def apply(self) -> None:
        """Do so for each table of the document."""
        for table in self.document.findall(nodes.table):
            head = next(table.findall(nodes.thead), None)
            heading = next(head.findall(nodes.entry)).astext() if head is not None else ""
            if heading not in _HEADINGS:
                continue
            for row in next(table.findall(nodes.tbody)).children:
                first = next(row.findall(nodes.entry))
                if any(first.findall(addnodes.pending_xref)):  # it has a page of its own
                    continue
                for literal in first.findall(nodes.literal):
                    self._enter(first, literal.astext())

    def _enter(self, cell: nodes.entry, name: str) -> None:
        target = f"name-{nodes.make_id(name) or 'sign'}"
        if target in self.document.ids:
            return
        anchor = nodes.target("", "", ids=[target])
        self.document.note_explicit_target(anchor)
        entry = addnodes.index(entries=[("single", name, target, "main", None)])
        next(cell.findall(nodes.paragraph)).insert(0, [entry, anchor])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_transform(Names)
    return {"parallel_read_safe": True}
