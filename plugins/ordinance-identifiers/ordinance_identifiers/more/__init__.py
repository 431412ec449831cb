"""Numbers that python-stdnum does not have, with the one function that its modules have too: ``is_valid``."""
