"""Making the paper fonts takes half a minute of a processor: a folder of data that a test has for itself takes them over."""

import shutil
from pathlib import Path

from django.conf import settings

from credit_portal.documents import fonts


def take_over(data: Path) -> None:
    """Put the fonts of the tests' own folder into another one, made now if nobody has needed them yet."""
    fonts.prepare()
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    shutil.copytree(Path(settings.DATA_DIR) / "fonts", data / "fonts")
