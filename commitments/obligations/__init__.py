"""Obligations of a commitment: made at signing, recorded one by one, shown as a list of what is due (docs/obligations.md)."""
