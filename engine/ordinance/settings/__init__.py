"""The operator's settings: what can be set, how it is read, and the page that documents it."""
