"""The next policy: it judges the same traffic in a process of its own, and changes nothing."""
