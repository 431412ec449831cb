"""What rules look for, as one automaton that reads streams."""
