"""Whether a plugin keeps its contract: what ``ordinance plugin check`` and the testing kit try."""
