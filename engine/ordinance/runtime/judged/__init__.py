"""Texts that wait for a judge."""
