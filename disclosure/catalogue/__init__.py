"""The catalogue at work: exported, imported, compared, filed with the province; items' own rules (R20–R25, R33, R135)."""
