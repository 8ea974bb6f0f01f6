"""Bundled inspections: one visit, several matters (R71; S4 16)."""
