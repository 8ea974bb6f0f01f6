"""Unusual reading of records, put before the security administrator (S4 17, R114)."""
