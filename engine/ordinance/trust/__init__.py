"""Signed policy: who may decide what a machine applies, and how that is verified."""
