"""One small file per API that a door speaks."""
