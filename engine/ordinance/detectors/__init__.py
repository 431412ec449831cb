"""What rules look for: the detectors that ship, and how those of plugins become the engine's values."""
