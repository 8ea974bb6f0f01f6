"""What versions of items and of texts have in common beside their own content."""

from datetime import date

from django.db import models


class Withdrawable(models.Model):
    """A version that was published ahead of its day can be withdrawn before it, with a reason; the row stays (R20)."""

    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        "registry.User",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="撤回人",
    )
    withdrawn_reason = models.CharField("撤回理由", max_length=300, blank=True, editable=False)

    class Meta:
        abstract = True


def stage_of(version: Withdrawable, today: date) -> tuple[str, str]:
    """Where a version stands on a day, in words, and the colour of it: one published ahead is not in force yet, one that it
    will replace still is."""
    status, first, last = version.status, version.valid_from, version.valid_to  # type: ignore[attr-defined]
    if status == "draft":
        return "草稿", "waiting"
    if status == "withdrawn":
        return "已撤回", "broken"
    if first > today:
        return f"自 {first} 起", "waiting"
    if last is not None and last < today:
        return "历史", "running"
    return ("现行", "kept") if last is None else (f"现行，至 {last}", "kept")
