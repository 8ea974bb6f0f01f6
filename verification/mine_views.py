"""A subject's own record on its own pages: what the counter prints for it, row by row, and what each row means today."""

from csp.decorators import csp_exempt
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.codes import PERSON
from credit_portal.registry.paging import newest_first

from . import listing_effects
from .checking import own_record
from .checking.handling import CheckError
from .facts import as_entry, measures_told
from .meaning import meaning, way
from .models import OwnRecordRequest
from .record import MEASURED, standing
from .switches import rules_in_force
from .tax_credit import keeping
from .vocabulary import Standing

MOST_TAX = 50
# How the badge of a row is coloured; everything else is plain.
TONES = {
    Standing.REPAIRED: "fulfilled",
    Standing.GOOD: "fulfilled",
    Standing.UNREPAIRED: "unfulfilled",
    Standing.IN_PUBLICITY: "unfulfilled",
    Standing.LOCKED: "waiting",
    Standing.WATCHED: "waiting",
    Standing.EXPIRED: "waiting",
}
LABELS = {
    Standing.NO_FACTOR: "不作为依据",
    Standing.REPAIRED: "已修复",
    Standing.EXPIRED: "期限已满",
    Standing.UNREPAIRED: "没有修复",
    Standing.IN_PUBLICITY: "公示中",
    Standing.LOCKED: "限制期内",
    Standing.GOOD: "诚信记录",
    Standing.WATCHED: "重点关注",
}


@for_subjects()
@require_safe
def record(request: HttpRequest) -> HttpResponse:
    """The whole record, the newest entries first."""
    subject, today = request.acting.subject, clock.today()
    rows = own_record.entries_told(subject)
    if request.GET.get("only") == "effective":
        rows = rows.filter(Q(state="effective") | Q(state="repaired"))
    shown, following = newest_first(
        rows.select_related("credit_list", "department", "corrected_by", "corrects").prefetch_related(
            "measures"
        ),
        request,
    )
    methods = listing_effects.methods_of(shown)
    measures = measures_told(shown, lineage=subject.region.lineage, on=today)
    switches = rules_in_force(region=subject.region, on=today).switches
    lines = []
    for row in shown:
        entry = as_entry(row, measures[row.pk])
        now = standing(entry, today)
        lines.append(
            {
                "row": row,
                "tone": TONES.get(now, ""),
                "label": row.get_state_display() if row.state in ("ended", "revoked") else LABELS[now],
                "meaning": meaning(entry, on=today, switches=switches),
                "way": way(entry, on=today, switches=switches),
                "method": methods.get(row.pk),
                "measures": [listing_effects.in_words(one) for one in measures[row.pk]]
                if now in MEASURED
                else [],
            }
        )
    log_own_read(request.acting, what="信用记录", target_type="own_record", target_id=0, now=clock.now())
    return render(
        request,
        "me/record.html",
        {
            "lines": lines,
            "next": following,
            "today": today,
            "only": request.GET.get("only") == "effective",
            "paper": _paper_of(request),
            "tax": list(keeping.told_to(subject)[:MOST_TAX]) if subject.kind == PERSON else [],
        },
    )


def _paper_of(request: HttpRequest) -> OwnRecordRequest | None:
    """The paper that this access has had made today."""
    rows = OwnRecordRequest.objects.filter(access=request.acting.access, at__date=clock.today())
    return rows.order_by("-pk").first()


@for_subjects()
@require_POST
def make_paper(request: HttpRequest) -> HttpResponse:
    """The same as the counter prints, as of now."""
    try:
        own_record.give_online(access=request.acting.access, now=clock.now())
    except CheckError as wrong:
        return render(request, "me/record_paper_refused.html", {"reason": str(wrong)}, status=422)
    return redirect(f"{reverse('mine_record:record')}#paper")


@for_subjects()
@require_safe
@csp_exempt()
def paper(request: HttpRequest) -> HttpResponse:
    """The paper of today."""
    row = _paper_of(request)
    if row is None:
        raise Http404("今天还没有制作查询结果，请先制作。")
    try:
        content = read_evidence(row.document)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请重新制作。") from error
    log_own_read(
        request.acting, what=own_record.TITLE, target_type="own_record", target_id=row.pk, now=clock.now()
    )
    return answers.shown(content, f"{own_record.TITLE} {row.number}.pdf")
