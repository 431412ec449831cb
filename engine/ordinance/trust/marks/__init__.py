"""Marks: what an answer of a model carries so that a machine can tell it from another text (docs/marks.md)."""
