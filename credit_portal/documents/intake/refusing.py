"""Why a file is not read. One exception, in words."""

# What one request may bring (`uploads.py`) is the bound of a file, too.
MOST_BYTES = 30 * 1024 * 1024


class IntakeRefused(ValueError):
    """A file is not read; the message says why, in Chinese, and what to do."""


def check_size(size: int, most: int = MOST_BYTES) -> None:
    """Raises IntakeRefused for a file of more than `most` bytes."""
    if size > most:
        raise IntakeRefused(
            f"文件大小 {size / 1024 / 1024:.1f} MB，超过 {most // 1024 // 1024} MB，请分成几个文件。"
        )
