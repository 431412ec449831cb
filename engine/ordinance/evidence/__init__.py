"""Evidence of a time: a folder that a third party verifies without this package (docs/evidence.md)."""
