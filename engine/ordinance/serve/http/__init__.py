"""One HTTP exchange, and who asks."""
