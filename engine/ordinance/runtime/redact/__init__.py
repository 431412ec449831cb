"""What may leave: from matches to regions, and from regions to text that is released."""
