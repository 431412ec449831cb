"""From syntax trees to a checked policy, and from that to the plan which a server runs."""
