"""Reading material in the making, and where it was offered (S1, S4「诚信教育读本」; R15–R17). Whether somebody has read it decides
nothing: nobody asks these rows but the figures."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import CreditSubject, Department, Domain, OccupationGroup, Region, User


class ReadingMaterial(models.Model):
    """R15: reading material of a sector, kept by its department, in versions; one of a sector and region is in use. Offered,
    free, and never a condition (R17)."""

    domain = models.CharField("领域", max_length=30, choices=Domain.choices)
    occupation = models.ForeignKey(
        OccupationGroup,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="面向的职业人群",
        related_name="+",
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="编制部门")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    version = models.PositiveSmallIntegerField("第几版", default=1)
    title = models.CharField("标题", max_length=100)
    body = models.TextField("正文", help_text="每段一行")
    published_on = models.DateField("发布日期")
    is_current = models.BooleanField("现行", default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "诚信教育读本"
        verbose_name_plural = "诚信教育读本"
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "region"],
                condition=Q(is_current=True, occupation__isnull=True),
                name="reading_one_current_per_region",
                violation_error_message="本地区该领域已有现行读本。",
            ),
            models.UniqueConstraint(
                fields=["occupation", "region"],
                condition=Q(is_current=True, occupation__isnull=False),
                name="reading_one_current_per_group",
                violation_error_message="本地区该职业人群已有现行读本。",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ReadingDraft(models.Model):
    """A version that a department's officer writes; another person of the department puts it in use."""

    class State(models.TextChoices):
        OPEN = "open", "草稿"
        PUBLISHED = "published", "已发布"
        DISCARDED = "discarded", "已放弃"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    domain = models.CharField("领域", max_length=30, choices=Domain.choices)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="编制部门", related_name="+")
    title = models.CharField("标题", max_length=100)
    body = models.TextField("正文", help_text="每段一行")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    written_by = models.ForeignKey(User, models.PROTECT, verbose_name="撰写人", related_name="+")
    written_at = models.DateTimeField("撰写时间")
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="发布人", related_name="+"
    )
    reading = models.OneToOneField(
        ReadingMaterial,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="读本",
        related_name="draft",
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "读本草稿"
        verbose_name_plural = "读本草稿"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "domain"],
                condition=Q(state="open"),
                name="reading_one_draft",
                violation_error_message="本部门在这个领域已有一份草稿。",
            ),
            models.CheckConstraint(
                condition=~Q(state="published")
                | (Q(reading__isnull=False, closed_by__isnull=False) & ~Q(closed_by=F("written_by"))),
                name="reading_published_by_another",
                violation_error_message="读本由撰写人以外的另一人发布。",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ReadingOffer(models.Model):
    """A reading was offered once: where, to whom, and whether it was read. Counted, and used for nothing else."""

    class Place(models.TextChoices):
        WINDOW = "window", "窗口办理申请、备案"
        ONLINE = "online", "网上承诺"
        REGISTRATION = "registration", "登记和网上开通"
        OWN = "own", "主体自己的网页"

    key = models.CharField("编号", max_length=60, unique=True, help_text="每次提供只记一次")
    reading = models.ForeignKey(ReadingMaterial, models.PROTECT, verbose_name="读本", related_name="offers")
    place = models.CharField("提供的环节", max_length=12, choices=Place.choices)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, null=True, verbose_name="主体", related_name="+"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="提供的单位", related_name="+"
    )
    offered_at = models.DateTimeField("提供时间")
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "读本提供记录"
        verbose_name_plural = "读本提供记录"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.key
