"""The desk: commitments of key occupational groups, counted and listed (R9, R19)."""
