"""The credit report in its one format (R60)."""
