"""The region of somebody and those below it, as a condition on rows: written once, for it decides what is seen."""

from django.db.models import Q


def within(path: str, field: str = "region") -> Q:
    """Rows whose region is that of `path` or lies below it. `field`: how the row names its region; empty for regions
    themselves."""
    at = f"{field}__path" if field else "path"
    return Q(**{at: path}) | Q(**{f"{at}__startswith": f"{path}/"})
