"""A subject on its own pages sees the procedure of a list that runs against it, as far as it has been told, and speaks (R78, R80)."""
