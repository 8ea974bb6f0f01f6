"""What signing on a subject's own pages adds to a draft and to a commitment: photographs, and the particulars by which
positions and years are counted (R9, R19, R32, R34)."""

from django.db import models
from django.db.models import Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import OccupationGroup, SubjectAccess


class DraftPhoto(models.Model):
    """A photograph taken on the telephone: of the signed paper, or of a material. Taken away again it is not shown any more,
    that it was there stays (trigger)."""

    class Kind(models.TextChoices):
        PAPER = "paper", "已签字的承诺书"
        MATERIAL = "material", "材料"

    draft = models.ForeignKey("commitments.Draft", models.PROTECT, related_name="photos", verbose_name="草稿")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=60, blank=True)
    file = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="文件", related_name="+")
    sha256 = models.CharField("校验值", max_length=64)
    key = models.UUIDField("上传编号", unique=True, help_text="浏览器为每张照片生成，重发只收一次")
    added_at = models.DateTimeField("上传时间")
    access = models.ForeignKey(SubjectAccess, models.PROTECT, verbose_name="上传人", related_name="+")
    removed_at = models.DateTimeField("移除时间", null=True, blank=True)

    class Meta:
        verbose_name = "网上提交的照片"
        verbose_name_plural = "网上提交的照片"
        ordering = ["id"]
        constraints = [
            # The same picture sent twice, because the answer was lost, is one.
            models.UniqueConstraint(
                fields=["draft", "kind", "sha256"],
                condition=Q(removed_at=None),
                name="draft_photo_once",
                violation_error_message="这张照片已经上传过。",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.get_kind_display()


class CommitmentParticulars(models.Model):
    """What a commitment is counted by beside its item: the occupational group with position and unit, the year that it is
    for. Copied at signing, added and never changed (trigger)."""

    commitment = models.OneToOneField(
        "commitments.Commitment", models.PROTECT, related_name="particulars", verbose_name="承诺"
    )
    occupation = models.ForeignKey(
        OccupationGroup, models.PROTECT, null=True, verbose_name="重点职业人群", related_name="+"
    )
    occupation_name = models.CharField("人群名称", max_length=60, blank=True)
    unit = models.CharField("单位", max_length=200, blank=True)
    position = models.CharField("岗位", max_length=100, blank=True)
    year = models.PositiveSmallIntegerField("年度", null=True)

    class Meta:
        verbose_name = "承诺要素"
        verbose_name_plural = "承诺要素"
        constraints = [
            models.CheckConstraint(
                condition=Q(occupation__isnull=False) | Q(year__isnull=False),
                name="particulars_of_something",
                violation_error_message="承诺要素须有职业人群或者年度。",
            ),
            models.CheckConstraint(
                condition=Q(occupation__isnull=True) | (~Q(unit="") & ~Q(position="")),
                name="particulars_with_position",
                violation_error_message="重点职业人群的承诺须写明单位和岗位。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occupation_name or self.year}"
