"""The form of the record, and what is done with it offline: chains, checkpoints, verification, counts, deletion."""
