"""Pilots: begun, noted, summed up, shown (S1 二十, S4 20; R112)."""
