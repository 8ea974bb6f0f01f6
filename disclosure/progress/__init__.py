"""Half-year progress of the whole work: opened with the half-year, reported by each unit, summed up and sent up by the
office; and what outside bodies find. Figures are handed in by whoever may look into every room."""
