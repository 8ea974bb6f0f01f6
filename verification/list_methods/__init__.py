"""Methods of lists: drafted, put before the public, answered, adopted by two, replaced by the next version (S4 8)."""
