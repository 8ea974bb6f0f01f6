"""Why a file is not read. One exception, in words."""

# What one request may bring (`uploads.py`) is the bound of a file, too.
MOST_BYTES = 30 * 1024 * 1024


class IntakeRefused(ValueError):
    """A file is not read; the message says why, in Chinese, and what to do."""
