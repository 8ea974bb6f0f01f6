"""Paper capture: scans become commitments after two persons have keyed the same code and date."""
