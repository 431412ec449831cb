"""What is remembered of conversations: which notice was last given when, and nothing else (semantics, rule 29)."""
