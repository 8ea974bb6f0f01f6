"""What the platform refused, or what is not in its format, put right by its department and sent again as a new version."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from commitments import collection_format as form
from credit_portal.audit import events
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role, limit_to_visible
from disclosure.models import ExchangeRecord

from .batches import ExchangeError
from .formats import format_of

State = ExchangeRecord.State
ROLES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)


def to_correct(user: User) -> QuerySet[ExchangeRecord]:
    """Refused or malformed records of the user's reach that nothing newer has replaced, the oldest first."""
    newer = ExchangeRecord.objects.filter(
        platform=OuterRef("platform"), number=OuterRef("number"), version__gt=OuterRef("version")
    )
    rows = limit_to_visible(ExchangeRecord.objects.all(), user)
    return rows.filter(~Exists(newer), state__in=[State.REJECTED, State.INVALID]).order_by("id")


@transaction.atomic
def correct(
    *, record_id: int, values: Mapping[str, str], reason: str, actor: User, now: datetime
) -> ExchangeRecord:
    """Write other words into a refused record and send it again as the next version.

    `values` by field number; the same words again ask the platform to look once more. Raises ExchangeError with the
    field (`field_6`), nothing stored.
    """
    if not has_role(actor, *ROLES) or not to_correct(actor).filter(pk=record_id).exists():
        raise ExchangeError("这条记录不在您的待更正之列，可能已由他人更正。")
    last = ExchangeRecord.objects.select_for_update(of=("self",)).get(pk=record_id)
    if not reason.strip():
        raise ExchangeError("请写明更正的理由。", field="reason")
    if len(reason.strip()) > 300:
        raise ExchangeError(f"理由最多 300 个字，现为 {len(reason.strip())} 个字。", field="reason")
    format = format_of(last)
    overrides = dict(last.overrides)
    written = dict(last.fields)
    for number, text in values.items():
        if number not in format.may_correct:
            raise ExchangeError(f"第 {number} 项不能在这里更正。", field=f"field_{number}")
        text = text.strip().replace("\r\n", "\n")
        if text == written.get(number, ""):
            continue
        given = overrides.get(number, [written.get(number, "")])[0]
        written[number] = text
        overrides[number] = [given, text]
    if wrong := format.problems(written, running=last.running):
        first, message = wrong[0]
        raise ExchangeError(message, field=f"field_{first}")
    try:
        with transaction.atomic():
            fresh = ExchangeRecord.objects.create(
                platform_id=last.platform_id,
                commitment_id=last.commitment_id,
                case_id=last.case_id,
                dataset=last.dataset,
                interview_id=last.interview_id,
                measure_id=last.measure_id,
                department_id=last.department_id,
                region_id=last.region_id,
                number=last.number,
                version=last.version + 1,
                operation=last.operation,
                running=last.running,
                fields=written,
                overrides=overrides,
                override_reason=reason.strip(),
                overridden_by=actor,
                sha256=form.fingerprint(written),
                created_at=now,
                is_demo=last.is_demo,
            )
    except IntegrityError as error:
        raise ExchangeError("这条记录刚刚已由他人更正。") from error
    if last.state == State.INVALID:
        last.state = State.REPLACED
        last.save(update_fields=["state"])
    events.exchange_corrected(
        now=now,
        actor_id=actor.pk,
        department_id=last.department_id,
        record_id=fresh.pk,
        before_id=last.pk,
        fields=sorted(int(number) for number in overrides),
        sha256=fresh.sha256,
    )
    return fresh
