"""Grades of subjects by published standards, and evaluations from above that are passed on (R65, R66, R124)."""
