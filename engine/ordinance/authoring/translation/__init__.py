"""Texts that lack a language, and the files in which translators exchange them."""
