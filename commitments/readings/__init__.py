"""Reading material: written by departments, put in use by another, offered, and counted (R15–R17)."""
