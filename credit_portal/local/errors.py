"""What `python -m credit_portal.local` says when it cannot go on."""


class LocalError(Exception):
    """A reason in Chinese for the person at the terminal; the command prints it and ends with 1."""
