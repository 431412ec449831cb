"""What happens to text: folding, matching, holding, releasing, telling."""
