"""Names to what they stand for: packs become one policy."""
