"""Whether an answer was spoken as asked: released text is looked at, and not changed (semantics, rule 33)."""
