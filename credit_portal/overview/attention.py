"""What the first page of the back office says: what wants doing, and the day in figures, by role and region."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from commitments.models import Commitment, TextVersion
from commitments.warnings import keeping as warning_rules
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import proposals as rule_proposals
from credit_portal.deadlines.holiday_notices import year_missing
from credit_portal.deadlines.switching import orders as switch_orders
from credit_portal.registry import groups
from credit_portal.registry.below import within
from credit_portal.registry.models import Department, PublicityClass, ServiceItemVersion, User
from credit_portal.registry.visibility import departments_visible_to, has_role, limit_to_visible
from disclosure.models import PublicityProposal
from repair import waiting
from verification.measures import keeping
from verification.models import UnusualReading
from verification.services import checks_visible_to
from verification.vocabulary import Route


@dataclass(frozen=True)
class Line:
    """A number, what it counts, and the list that shows it."""

    number: int
    text: str
    url: str


def _list(label: str, **filters: str) -> str:
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def to_do(user: User | AbstractBaseUser, *, now: datetime) -> list[Line]:
    """What waits for this user, the empty ones left out."""
    lines: list[Line] = []
    if has_role(user, groups.CREDIT_OFFICE):
        lines.append(
            Line(
                proposals_waiting_for(user).count(),
                "件公开自然人承诺的提议等您作为第二人决定",
                _list("disclosure.publicityproposal"),
            )
        )
        lines.append(
            Line(
                rule_proposals.waiting_for(user).count(),
                "条规则变更提议等您核准",
                _list("deadlines.ruleproposal", state__exact="open"),
            )
        )
        lines.append(
            Line(
                switch_orders.waiting_for(user).count(),
                "项未结事项调整令等您核准",
                _list("deadlines.switchorder", state__exact="open"),
            )
        )
        lines.append(
            Line(
                keeping.waiting_for(user).count(),
                "项奖惩措施等您批准",
                _list("verification.listedmeasure", state="draft"),
            )
        )
        lines.append(
            Line(
                warning_rules.waiting_for(user).count(),
                "条预警规则等您批准",
                _list("commitments.warningrule", state="draft"),
            )
        )
        lines.append(
            Line(waiting.waiting_for(user).count(), "件信用修复等您确认形式", reverse("repair:list"))
        )
        if year := year_missing(local_date(now)):
            lines.append(
                Line(
                    1,
                    f"个年份（{year} 年）的放假安排未录入，跨年的到期日只能暂定",
                    _list("deadlines.calendarnotice"),
                )
            )
        lines.append(
            Line(
                rule_proposals.unconfirmed_for(user, on=local_date(now)).count(),
                "条规则未经确认，只能提醒，不能据以作出不利处理",
                _list("deadlines.policyrule", mine="unconfirmed"),
            )
        )
    if has_role(user, groups.CREDIT_OFFICE, groups.APPROVAL_BUREAU):
        lines += [
            Line(
                _of_region(ServiceItemVersion.objects.filter(status="draft"), user, "item__region").count(),
                "个事项草稿未发布",
                _list("registry.serviceitemversion", status__exact="draft"),
            ),
            Line(
                _of_region(TextVersion.objects.filter(status="draft"), user, "text__region").count(),
                "份承诺书文本草稿未发布",
                _list("commitments.textversion", status__exact="draft"),
            ),
        ]
    if has_role(user, groups.SECURITY_ADMIN):
        active = User.objects.filter(is_active=True)
        lines += [
            Line(
                UnusualReading.objects.filter(state=UnusualReading.State.OPEN).count(),
                "件异常查阅待核实",
                _list("verification.unusualreading", state__exact="open"),
            ),
            Line(
                active.filter(last_login__isnull=True).count(),
                "个账号还没有登录过",
                _list("registry.user", state="unused"),
            ),
            Line(
                active.filter(department__is_active=False).count(),
                "个在用账号的部门已停用",
                _list("registry.user", state="orphan"),
            ),
            Line(
                AccessAttempt.objects.filter(
                    failures_since_start__gte=settings.AXES_FAILURE_LIMIT,
                    attempt_time__gte=now - timedelta(hours=settings.AXES_COOLOFF_TIME),
                ).count(),
                "次登录因多次输错密码被暂时锁定",
                _list("registry.user"),
            ),
        ]
    if has_role(user, groups.SYSTEM_ADMIN):
        lines += [
            Line(
                Department.objects.filter(is_active=True, head__isnull=True).count(),
                "个在用部门没有登记负责人",
                _list("registry.department", is_active__exact="1"),
            )
        ]
    return [line for line in lines if line.number]


def figures(user: User | AbstractBaseUser, *, now: datetime) -> list[Line]:
    """The day so far."""
    since = _midnight(now)
    day = local_date(now).isoformat()
    lines: list[Line] = []
    if user.has_perm("commitments.view_commitment"):
        signed = limit_to_visible(Commitment.objects.filter(signed_at__gte=since), user).aggregate(
            all=Count("pk"),
            public=Count("pk", filter=Q(public_from__isnull=False, withdrawn_at__isnull=True)),
            persons=Count("pk", filter=~Q(publicity_class=PublicityClass.PUBLIC)),
            voided=Count("pk", filter=Q(voided_at__isnull=False)),
        )
        commitments = _list("commitments.commitment", signed_at_from=day, signed_at_to=day)
        lines += [
            Line(signed["all"], "份承诺今日签署", commitments),
            Line(signed["public"], "份已公示", commitments),
            Line(signed["persons"], "份不向社会公开", commitments),
            Line(signed["voided"], "份已作废", commitments),
        ]
    if user.has_perm("verification.view_check"):
        made = (
            checks_visible_to(user)
            .filter(checked_at__gte=since)
            .aggregate(
                all=Count("pk"),
                ordinary=Count("pk", filter=Q(route=Route.ORDINARY)),
                refused=Count("pk", filter=Q(route=Route.REFUSED)),
            )
        )
        checks = _list("verification.check", checked_at_from=day, checked_at_to=day)
        lines += [
            Line(made["all"], "次信用核查", checks),
            Line(made["ordinary"], "次转按一般程序办理", checks),
            Line(made["refused"], "次依规定应当拒绝", checks),
        ]
    if has_role(user, groups.SECURITY_ADMIN, groups.AUDITOR):
        accounts = User.objects.filter(is_active=True)
        if not has_role(user, groups.SECURITY_ADMIN):
            accounts = accounts.filter(department__in=departments_visible_to(user))
        second = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
        lines += [
            Line(accounts.count(), "个在用账号", _list("registry.user")),
            Line(accounts.filter(Exists(second)).count(), "个账号启用了两步验证", _list("registry.user")),
        ]
    if has_role(user, groups.SYSTEM_ADMIN):
        lines.append(
            Line(
                Department.objects.filter(is_active=True).count(), "个在用部门", _list("registry.department")
            )
        )
    return lines


def proposals_waiting_for(user: User | AbstractBaseUser) -> QuerySet[PublicityProposal]:
    """Proposals that this member of the credit office may confirm or reject: open, and another's."""
    return limit_to_visible(
        PublicityProposal.objects.filter(state=PublicityProposal.State.OPEN).exclude(proposed_by=user),
        user,
        department_field="commitment__department",
    )


def _of_region(rows: QuerySet, user: User | AbstractBaseUser, field: str) -> QuerySet:
    if user.department is None:
        return rows.none()
    path = user.department.region.path
    return rows.filter(within(path, field))
