"""What stands behind a subject's own pages in this room: the papers by which its access was opened, and what it says to a
breach of its own."""

import uuid

from django.db import models
from django.db.models import Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import SubjectAccess, User

from .breach_models import BreachCase


class AccessGrounds(models.Model):
    """What was seen at the window when an access was opened. Added, never changed (trigger)."""

    access = models.OneToOneField(SubjectAccess, models.PROTECT, related_name="grounds", verbose_name="开通")
    # The choices are those of a signature: models.IdentityDocument.
    identity_document = models.CharField("查验的证件", max_length=20)
    authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="授权委托书", related_name="+"
    )

    class Meta:
        verbose_name = "开通依据"
        verbose_name_plural = "开通依据"


class SubjectStatement(models.Model):
    """What a subject hands in to stand beside its breach (主体说明). The department that determined the breach looks at it
    for law only; a text once handed in is not altered (trigger). Its course stands with the case (CaseStep)."""

    class State(models.TextChoices):
        WAITING = "waiting", "待审查"
        ACCEPTED = "accepted", "已采用"
        REFUSED = "refused", "未采用"
        WITHDRAWN = "withdrawn", "已撤回"

    class Refusal(models.TextChoices):
        """The only reasons there are: what a subject thinks of its breach is its own to say."""

        PERSONAL_DATA = "personal_data", "含有他人的个人信息"
        INSULT = "insult", "含有侮辱、诽谤他人的内容"
        STATE_SECRET = "state_secret", "涉及国家秘密"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(BreachCase, models.PROTECT, related_name="statements", verbose_name="违诺认定")
    access = models.ForeignKey(SubjectAccess, models.PROTECT, related_name="+", verbose_name="提交人")
    text = models.TextField("说明")
    submitted_at = models.DateTimeField("提交时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    closed_at = models.DateTimeField("办结时间", null=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="审查人", related_name="+")
    refusal = models.CharField("不采用的理由", max_length=20, choices=Refusal.choices, blank=True)
    passage = models.CharField("涉及的文字", max_length=300, blank=True)

    class Meta:
        verbose_name = "主体说明"
        verbose_name_plural = "主体说明"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state="waiting"),
                name="statement_one_waiting",
                violation_error_message="这件违诺认定已有一份待审查的说明。",
            ),
            models.CheckConstraint(
                condition=(Q(state="refused") & ~Q(refusal="") & ~Q(passage=""))
                | (~Q(state="refused") & Q(refusal="", passage="")),
                name="statement_refused_for_law",
                violation_error_message="不采用须有法定理由，并指明涉及的文字。",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", closed_at__isnull=True)
                | (~Q(state="waiting") & Q(closed_at__isnull=False)),
                name="statement_closed_is_dated",
                violation_error_message="办结的说明须有办结时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case.number} {self.get_state_display()}"
