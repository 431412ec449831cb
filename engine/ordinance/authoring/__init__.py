"""What rule authors work with, offline: why a text got its answer, what examples cover, what a change does, what the
public may read. Nothing here is imported by a server: it shows matches, which no answer may."""
