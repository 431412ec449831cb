"""Forms: released text in another form, never with another substance."""
