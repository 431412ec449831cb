"""Verifies evidence made by ``ordinance evidence``, with cryptography and the standard library alone."""

__version__ = "0.1.0"
