"""The witness: whether two texts say the same where only their form may differ (semantics, rule 39)."""
