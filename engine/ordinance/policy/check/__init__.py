"""Proofs: what must be so of a policy before a server runs it."""
