"""What rules look for: the kinds that ship, plugins' kinds, and the processes in which those run."""
