"""What runs in a plugin's process, around the plugin. It imports pluggy and ``ordinance.plugin``."""
