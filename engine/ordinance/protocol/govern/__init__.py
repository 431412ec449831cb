"""An answer on its way through a session."""
