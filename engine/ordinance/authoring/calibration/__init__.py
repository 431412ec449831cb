"""`ordinance calibrate`: what a judge's scores are worth, measured on labelled texts."""
