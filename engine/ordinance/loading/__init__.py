"""From files to a plan that may run: packs are found, read, linked, checked, compiled and tried on their examples."""
