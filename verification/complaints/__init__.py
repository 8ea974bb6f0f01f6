"""Consumers' complaints: entered, uploaded or pushed, with their results; the public pages are in `disclosure`."""
