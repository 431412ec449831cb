"""Plugins of third parties: which are allowed, what their files are, and the processes in which they run."""
