"""Typical cases (R88, R130): written without names, answered, reported upward, published by two, withdrawn."""
