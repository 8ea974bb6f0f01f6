"""What a commitment binds to, clause by clause, and what was found about each (R62; S0「承诺履约记录」, S4「信用承诺问效机制」).

An obligation is one pledged clause of a signed text; liability clauses are none. What it says stays in the commitment's
content, which is frozen. A finding is added and never changed (trigger); the obligation holds what the last one says.
That all was kept is put down by one and confirmed by another.
"""

from django.db import models
from django.db.models import F, Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import Department, User

from .breach_models import BreachCase
from .recheck_models import Recheck

WHOLE = 0  # the clause number of the one obligation of a text without pledged clauses


class Obligation(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "履行中"
        KEPT = "kept", "已履行"
        KEPT_LATE = "kept_late", "逾期后履行"
        NOT_KEPT = "not_kept", "未履行"
        ENDED = "ended", "不再核查"

    class Kind(models.TextChoices):
        """How a clause is kept, and so from when it can be said that it was (`obligations/rules.kind_of`)."""

        TO_DO = "to_do", "按期完成"
        KEPT_UP = "kept_up", "持续做到"
        DECLARED = "declared", "如实声明"
        LATE = "late", "补交容缺材料"

    # Its unique constraint begins with the commitment, its index of what is due with the department.
    commitment = models.ForeignKey(
        "commitments.Commitment",
        models.PROTECT,
        related_name="obligations",
        verbose_name="承诺",
        db_index=False,
    )
    clause_no = models.PositiveSmallIntegerField("条", help_text="0：整份承诺")
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="负责部门", related_name="+", db_index=False
    )
    kind = models.CharField(
        "怎样履行", max_length=10, choices=Kind.choices, default=Kind.TO_DO, db_default=Kind.TO_DO
    )
    due_on = models.DateField("应当履行之日", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    partly = models.BooleanField("部分履行", default=False)
    found_on = models.DateField("核实日期", null=True, blank=True)

    class Meta:
        verbose_name = "承诺义务"
        verbose_name_plural = "承诺义务"
        ordering = ["commitment", "clause_no"]
        constraints = [
            models.UniqueConstraint(fields=["commitment", "clause_no"], name="obligation_once"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "ended"], found_on__isnull=True)
                | (Q(state__in=["kept", "kept_late", "not_kept"]) & Q(found_on__isnull=False)),
                name="obligation_found_is_dated",
                violation_error_message="核实过的义务须有核实日期，没有核实的不得有。",
            ),
            models.CheckConstraint(
                condition=Q(partly=False) | Q(state="not_kept"),
                name="obligation_partly_of_not_kept",
                violation_error_message="部分履行只用于未履行的义务。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["department", "due_on", "id"],
                name="obligation_due",
                condition=Q(state="open", due_on__isnull=False),
            ),
            models.Index(
                fields=["due_on", "id"],
                name="obligation_due_anywhere",
                condition=Q(state="open", due_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.clause

    @property
    def clause(self) -> str:
        return f"第 {self.clause_no} 条" if self.clause_no != WHOLE else "整份承诺"

    @property
    def what(self) -> str:
        """Its words, as signed. Ask for `select_related("commitment")`."""
        if self.clause_no == WHOLE:
            return self.commitment.title
        return next((one["text"] for one in self.commitment.content if one["no"] == self.clause_no), "")

    @property
    def shown_state(self) -> str:
        """The state in words; a determination may say that a clause was kept in part."""
        return "部分履行" if self.partly else str(self.get_state_display())


class ObligationFinding(models.Model):
    """One finding about an obligation: what it became, found when and by whom, on what evidence, in which matter."""

    obligation = models.ForeignKey(
        Obligation, models.PROTECT, related_name="findings", verbose_name="承诺义务"
    )
    state = models.CharField("状态", max_length=10, choices=Obligation.State.choices)
    partly = models.BooleanField("部分履行", default=False)
    found_on = models.DateField("核实日期")
    done_on = models.DateField("实际履行日期", null=True, blank=True)
    # A finding that was a mistake is taken back by another person's finding, which says why.
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的核实", related_name="corrected_by"
    )
    at = models.DateTimeField("登记时间")
    finder = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="核实人",
        related_name="+",
        db_index=False,
    )
    partner = models.ForeignKey(
        PartnerSystem,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="报告的系统",
        related_name="+",
        db_index=False,
    )
    case = models.ForeignKey(
        BreachCase,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="违诺认定",
        related_name="findings",
    )
    recheck = models.ForeignKey(
        Recheck,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="复核",
        related_name="findings",
        db_index=False,
    )
    note = models.CharField("说明", max_length=300, blank=True)
    evidence = models.ManyToManyField(EvidenceFile, verbose_name="证据", blank=True, related_name="+")

    class Meta:
        verbose_name = "履行核实"
        verbose_name_plural = "履行核实"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.found_on} {self.get_state_display()}"


class FulfilmentReview(models.Model):
    """All clauses of a commitment were found kept: another person confirms it before the commitment counts as fulfilled.
    A clause that is taken back meanwhile, or a determination, makes it void. Decided, it stays as it is (trigger)."""

    class State(models.TextChoices):
        WAITING = "waiting", "待另一人确认"
        CONFIRMED = "confirmed", "已确认"
        VOID = "void", "不再需要确认"

    commitment = models.ForeignKey(
        "commitments.Commitment",
        models.PROTECT,
        related_name="fulfilment_reviews",
        verbose_name="承诺",
        db_index=False,
    )
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="负责部门", related_name="+", db_index=False
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField("登记时间")
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="登记人", related_name="+", db_index=False
    )
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, verbose_name="报告的系统", related_name="+", db_index=False
    )
    decided_at = models.DateTimeField("决定时间", null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="确认人", related_name="+", db_index=False
    )
    note = models.CharField("说明", max_length=300, blank=True)
    # What is to be kept up runs on, but whoever confirms says that the matter is done with.
    early = models.BooleanField("有效期未满，事已办结", default=False)

    class Meta:
        verbose_name = "全部履行的确认"
        verbose_name_plural = "全部履行的确认"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True)
                | Q(state="void", decided_at__isnull=False)
                | Q(state="confirmed", decided_at__isnull=False, decided_by__isnull=False),
                name="fulfilment_review_decided",
                violation_error_message="确认须有确认人和时间。",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(asked_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="fulfilment_review_by_two",
                violation_error_message="全部履行由登记人以外的另一人确认。",
            ),
            models.UniqueConstraint(
                fields=["commitment"],
                condition=Q(state="waiting"),
                name="fulfilment_review_one_waits",
                violation_error_message="这份承诺已在等待确认。",
            ),
        ]
        indexes = [
            models.Index(fields=["commitment", "id"], name="fulfilment_review_by_one"),
            models.Index(
                fields=["department", "id"], name="fulfilment_review_waits", condition=Q(state="waiting")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commitment} {self.get_state_display()}"
