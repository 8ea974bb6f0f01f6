"""Commitments that an agency has collected, brought in as a file (R35)."""
