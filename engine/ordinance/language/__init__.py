"""From pack text to a frozen syntax tree with spans, and back to messages a lawyer can act on."""
