"""The one record of a subject across all rooms, by day, on both axes of time."""
