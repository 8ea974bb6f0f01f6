"""What this room has of a subject for the timeline: checks, entries of the record and what became of them, lists, applied
measures, tax credit."""

from datetime import date
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Greatest, TruncDate
from django.urls import reverse

from credit_portal.registry import groups, timeline
from credit_portal.registry.timeline import OWN, PUBLIC, UNIT, Arm, Look, lines

from . import listing, services
from . import vocabulary as words
from .checking import own_record
from .consent import timeline as consents
from .grades import timeline as grades
from .measures import lifting
from .models import AppliedMeasure, Check, CreditEntry, ListingStep, TaxCreditEntry
from .own_listings import showing
from .tax_credit import keeping

_LISTED = frozenset({groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR})
_CHECKS = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE})
# What of the procedure of a list the subject has been told by the time that it is written down.
_TOLD = ("送达告知书", "收到陈述申辩", "送达，列入生效", "移出名单", "撤销列入决定", "不予列入")
# From the decision on a step has its number and term; its subject is told of both by the service.
_DECIDED = ("批准列入", "送达，列入生效", "移出名单", "撤销列入决定")
_TONES = {"effective": "running", "repaired": "fulfilled"}


def entries_of(look: Look) -> QuerySet[CreditEntry]:
    """The rows of the record that the reader may see."""
    if look.user is None:
        return own_record.entries_told(look.subject)
    return services.entries_visible_to(look.user).filter(subject=look.subject)


def public_on(today: date) -> Case:
    """Whether an entry can be seen by everybody on a day, by its own dates."""
    shown = Q(public_from__lte=today) & (Q(public_until=None) | Q(public_until__gte=today))
    return Case(
        When(shown & Q(state="effective"), then=Value(PUBLIC)), default=Value(OWN), output_field=CharField()
    )


def _checks(look: Look) -> QuerySet[Any]:
    rows = Check.objects.all() if look.user is None else services.checks_visible_to(look.user)
    return lines(
        rows.filter(subject=look.subject),
        day="on_day", at="checked_at", what=F("purpose"), title=F("one_line"), by=F("department__name"),
        document=F("number"), state=F("route"), seen=OWN, ref=F("uuid"),
    )  # fmt: skip


def _entered(look: Look) -> QuerySet[Any]:
    # Since when it is known that the entry should not have been.
    void = CreditEntry.history.model.objects.filter(id=OuterRef("pk"), state="revoked").order_by()
    return lines(
        entries_of(look),
        day="from_on", at="entered_at", what=F("kind"), title=F("title"), by=F("source"),
        document=F("document_no"), first="from_on", last="until_on", state="effective",
        seen=public_on(look.today), ref=F("uuid"), note=F("basis"),
        gone_at=Subquery(void.values("id").annotate(first=Min("history_date")).values("first")),
        following=F("corrected_by__uuid"),
    )  # fmt: skip


def _moved(look: Look) -> QuerySet[Any]:
    """Repaired, ended, revoked: the first row of the history that says so, with the day that it gives."""
    rows = timeline.states_of(entries_of(look)).filter(state__in=["repaired", "ended", "revoked"])
    return lines(
        rows, pk="history_id",
        day=Case(
            When(state="repaired", then=F("repaired_on")),
            When(state="ended", ended_on__isnull=False, then=F("ended_on")),
            default=TruncDate("history_date"),
        ),
        at="history_date", what=F("state"),
        title=Concat(timeline.in_words("kind", words.KIND_LABELS.items()), Value("："), F("title"), output_field=TextField()),
        by=F("source"), document=F("document_no"), first="from_on", last="until_on", state=F("state"),
        seen=OWN, ref=F("uuid"), note=F("end_reason"),
    )  # fmt: skip


def _listings(look: Look) -> QuerySet[Any]:
    if look.user is None:
        rows = ListingStep.objects.filter(label__in=_TOLD, listing__noticed_on__isnull=False)
    else:
        rows = ListingStep.objects.filter(listing__in=listing.listings_visible_to(look.user))
    decided = Q(label__in=_DECIDED) & ~Q(listing__document_no="")
    label: Any = F("label")
    if look.user is None:
        decided &= Q(listing__served_on__isnull=False)
        # A decision that was never served has not been told, nor is it by its revocation.
        untold = Q(label__in=_DECIDED, listing__served_on=None)
        label = Case(When(untold, then=Value(showing.OVER)), default=label, output_field=CharField())
    return lines(
        rows.filter(listing__subject=look.subject),
        day="on", at="at", what=label, title=F("listing__list_name"), by=F("listing__department__name"),
        document=Case(When(decided, then=F("listing__document_no")), default=F("listing__number")),
        last=Case(When(decided, then=F("listing__term_until")), default=None, output_field=DateField()),
        seen=Case(
            When(label__in=_TOLD, then=Value(OWN)), default=Value(UNIT), output_field=CharField()
        ),
        ref=F("listing__uuid"),
    )  # fmt: skip


def _applied(look: Look) -> QuerySet[AppliedMeasure]:
    rows = AppliedMeasure.objects.all() if look.user is None else lifting.applied_visible_to(look.user)
    return rows.filter(check_made__subject=look.subject)


def _measures(look: Look) -> QuerySet[Any]:
    return lines(
        _applied(look),
        day="applied_on", at=Greatest(F("check_made__checked_at"), Cast(F("applied_on"), DateTimeField())), what="实施", title=F("text"), by=F("department__name"),
        first="applied_on", state=F("effect"), seen=OWN, ref=F("uuid"), note=F("basis"),
    )  # fmt: skip


def _measures_ended(look: Look) -> QuerySet[Any]:
    return lines(
        _applied(look).filter(ended_on__isnull=False),
        day="ended_on", at=Cast(F("ended_on"), DateTimeField()), what="结束",
        title=F("text"), by=F("department__name"), first="applied_on", last="ended_on",
        state=F("effect"), seen=OWN, ref=F("uuid"),
        note=timeline.in_words("end_reason", AppliedMeasure.EndReason.choices),
    )  # fmt: skip


def _tax(look: Look) -> QuerySet[Any]:
    rows = keeping.told_to(look.subject) if look.user is None else keeping.visible_to(look.user)
    return lines(
        rows.filter(subject=look.subject).select_related(None),
        day="found_on", at="recorded_at", what=F("kind"), title=F("facts"), by=F("department__name"),
        document=F("document_no"), state=F("state"), seen=OWN, note=F("reason"),
    )  # fmt: skip


def register() -> None:
    states = {str(code): label for code, label in words.STATE_LABELS.items()}
    kinds = {str(code): label for code, label in words.KIND_LABELS.items()}
    effects = {str(code): label for code, label in words.EFFECT_LABELS.items()}
    desk, mine = _page("record:entry"), _page("my_record:entry")
    timeline.register(
        "check",
        "信用核查",
        Arm(
            "check.made", "check", _checks, deeds=dict(Check.Purpose.choices),
            states={str(code): label for code, label in words.ROUTE_LABELS.items()},
            tones={"commitment": "fulfilled", "ordinary": "waiting", "refused": "unfulfilled"},
            staff=_page("checks:check"), sees=_CHECKS,
        ),
    )  # fmt: skip
    timeline.register(
        "entry",
        "信用记录",
        Arm("entry.entered", "entry", _entered, deeds=kinds, states=states, tones=_TONES, staff=desk, own=mine),
        Arm(
            "entry.moved", "entry", _moved, deeds={"repaired": "修复", "ended": "终止", "revoked": "撤销"},
            states=states, tones=_TONES, staff=desk, own=mine,
        ),
    )  # fmt: skip
    timeline.register(
        "listing",
        "名单认定",
        Arm("listing.step", "listing", _listings, staff=_page("lists:listing"), sees=_LISTED),
    )
    timeline.register(
        "measure",
        "奖惩措施",
        Arm("measure.applied", "measure", _measures, states=effects, staff=_page("measures:measure")),
        Arm("measure.ended", "measure", _measures_ended, states=effects, staff=_page("measures:measure")),
    )
    timeline.register(
        "tax",
        "纳税信用",
        Arm(
            "tax.found", "tax", _tax, deeds=dict(TaxCreditEntry.Kind.choices), tones=_TONES,
            states=dict(TaxCreditEntry.State.choices),
        ),
    )  # fmt: skip
    consents.register()
    grades.register()


def _page(name: str) -> Any:
    return lambda ref: reverse(name, args=[ref])
