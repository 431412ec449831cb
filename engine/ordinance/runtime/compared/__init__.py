"""What two policies make of the same answer."""
