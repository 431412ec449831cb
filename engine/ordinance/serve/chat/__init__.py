"""A page on which a person can chat with the governed model, served beside the APIs."""
