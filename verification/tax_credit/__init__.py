"""Tax credit of natural persons: collected by tax authorities, private always, in a check for reference at most (R122)."""
