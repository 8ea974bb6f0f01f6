"""Re-checks: planned by two people, drawn so that anybody can repeat it, answered by the department (docs/rechecks.md)."""
