"""What everybody may read of repair: how it is done here (R127), and what was announced (S4 13)."""
