"""Signing on a subject's own pages (R34, R35): chosen, checked, read, signed; the same rules and the same freezing as at the
counter."""
