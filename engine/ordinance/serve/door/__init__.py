"""A request in, a session opened, a governed answer out."""
