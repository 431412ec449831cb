"""What several test modules share: the oracle, strategies, and small plans."""
