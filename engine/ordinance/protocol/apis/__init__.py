"""One small file per API, and what several share."""
