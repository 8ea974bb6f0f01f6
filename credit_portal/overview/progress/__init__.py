"""Half-year progress across all rooms: the figures, the cases behind each of them, and the desk's pages."""
