"""A subject's own pages of this room: its commitments, its breaches, what it says to them, who may open its pages."""
