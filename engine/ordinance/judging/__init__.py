"""Judges: models that say whether a text breaks a rule by its meaning. They are asked, watched and bounded here."""
