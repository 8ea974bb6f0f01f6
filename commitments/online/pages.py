"""What each step of signing online shows, and what is common to its addresses."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from commitments import papers, presenting
from commitments.forms import BlanksForm
from commitments.models import Commitment, Draft, Presentation
from commitments.particulars import blank_errors
from commitments.registrations import receipt
from commitments.subject_access import capacity_of
from commitments.supplements import asking, promising
from commitments.views_access import wants_json
from commitments.views_reading import parts_of
from credit_portal.audit import clock
from credit_portal.documents.qr import qr_data_uri
from credit_portal.registry.acting import Acting, for_subjects
from credit_portal.registry.models import CreditSubject

from . import beginning, photos
from .forms import CheckForm, SignForm

Part = Presentation.Part
STEPS = ("核查", "阅读", "签署", "回执")
NOT_HERE = "没有这份草稿，或者它不是本主体的。"
FILL = "fill"
View = Callable[..., HttpResponse]


def acting_of(request: HttpRequest) -> Acting:
    found: Acting = request.acting  # type: ignore[attr-defined]
    return found


def own_draft(request: HttpRequest, uuid: UUID) -> Draft:
    """The subject's own draft with all that its page shows, in one query. Raises Http404 for anybody else's."""
    draft = (
        Draft.objects.select_related(
            "subject",
            "department__region",
            "item_version__item",
            "item_version__occupation",
            "check_made",
            "text_version__text",
            "commitment",
        )
        .filter(pk=uuid, clerk=None, subject=acting_of(request).subject)
        .first()
    )
    if draft is None:
        raise Http404(NOT_HERE)
    return draft


def on_draft(view: View) -> View:
    """For an address below a draft that takes POST only: after entering again in between, its GET leads to the draft."""

    @for_subjects(act=True)
    @wraps(view)
    def guarded(request: HttpRequest, uuid: UUID, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect("me_sign:draft", uuid)
        return view(request, own_draft(request, uuid), **kwargs)

    return guarded


def go(request: HttpRequest, one: Draft, *, mark: str = "") -> HttpResponse:
    """On to the draft's page, which shows the step where it now stands; a script is told where it is."""
    target = reverse("me_sign:draft", args=[one.pk]) + mark
    return JsonResponse({"next": target}) if wants_json(request) else redirect(target)


def show(
    request: HttpRequest, name: str, draft: Draft, step: int, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "draft": draft,
        "steps": [
            {"label": label, "state": "done" if at < step else "current" if at == step else ""}
            for at, label in enumerate(STEPS, 1)
        ],
        "is_person": draft.subject.kind == CreditSubject.Kind.PERSON,
        **more,
    }
    return render(request, f"me/sign/{name}.html", context, status=status)


def check_page(
    request: HttpRequest, one: Draft, form: CheckForm | None = None, status: int = 200
) -> HttpResponse:
    """Which of the item's types. An item that allows late materials asks for them here, too."""
    kinds = beginning.types_of(one.item_version)
    begun = {
        "commitment_type": one.commitment_type,
        "case_ref": one.case_ref,
        "late_materials": one.late_materials,
    }
    late = one.item_version.allows_late_materials
    return show(
        request, "check", one, 1, status, form=form or CheckForm(kinds=kinds, late=late, initial=begun)
    )


def read_page(request: HttpRequest, one: Draft) -> HttpResponse:
    """The next thing to read or to fill in: notice, personal information, the blanks, the text; then education is offered."""
    now = clock.now()
    parts = {str(part["part"]): part for part in parts_of(one, now)}
    seen = set(one.presentations.values_list("part", "sha256"))
    paper = presenting.paper_for(one)
    wanted = request.GET.get("part", "")

    def was_shown(part: str) -> bool:
        return (part, presenting.hash_of_part(one, part, paper, None)) in seen

    today = clock.local_date(now)
    errors = blank_errors(one, today) | promising.errors_of(one, on=today)
    order = [Part.NOTICE, Part.PRIVACY, FILL, Part.TEXT]
    left = [part for part in order if (errors if part == FILL else not was_shown(part))]
    if wanted == FILL and has_blanks(one):
        return fill_page(request, one)
    if wanted in parts:
        return _part_page(request, one, parts[wanted])
    if not left:
        return show(
            request, "ready", one, 2, education=parts.get(str(Part.EDUCATION)), has_blanks=has_blanks(one),
            choose=_choose_words(one),
        )  # fmt: skip
    return fill_page(request, one) if left[0] == FILL else _part_page(request, one, parts[str(left[0])])


def has_blanks(one: Draft) -> bool:
    """Whether there is anything that the subject itself fills in or chooses."""
    return one.late_materials or bool(asking.own_to_fill(one))


def _choose_words(one: Draft) -> str:
    """What can be chosen otherwise in the first step; empty where there is nothing."""
    late = "取消容缺受理" if one.late_materials else "改用容缺受理"
    kinds = "换一种承诺类型" if len(beginning.types_of(one.item_version)) > 1 else ""
    number = "修改办件编号" if one.case_ref else ""
    return "，或者".join(
        words for words in (kinds, late if one.item_version.allows_late_materials else "", number) if words
    )


def _part_page(request: HttpRequest, one: Draft, part: dict[str, Any]) -> HttpResponse:
    # What is filled in is no reading: where it is done already, or there is nothing, the numbers still follow each other.
    order = presenting.MUST_BE_SHOWN
    place = list(order).index(part["part"]) + 1 if part["part"] in order else 0
    return show(
        request, "part", one, 2, part=part, place=place, of=len(order), has_blanks=has_blanks(one),
        more_reasons="见明细" in one.check_made.one_line,
    )  # fmt: skip


def fill_page(
    request: HttpRequest,
    one: Draft,
    errors: dict[str, str] | None = None,
    status: int = 200,
    late_errors: dict[str, str] | None = None,
) -> HttpResponse:
    initial = {f"blank-{key}": value for key, value in one.blanks.items()}
    blanks = asking.own_to_fill(one)
    form = BlanksForm(blanks=blanks, initial=initial)
    if errors:
        # A form without data takes no errors: the fields are shown as bound with what was saved.
        form = BlanksForm(initial, blanks=blanks)
        for key, message in errors.items():
            form.add_error(f"blank-{key}", message)
    late = asking.form_of(one, late_errors or {}, on=clock.today())
    # Where the whole is wrong, to the first of the materials.
    problems = [("late-1", words) for words in late["problems"]] if late else []
    for row in late["choices"] if late else []:
        problems += [(f"late-{row.number}-on", row.problem)] if row.problem else []
    return show(request, "fill", one, 2, status, form=form, late=late, late_problems=problems)


def sign_page(
    request: HttpRequest,
    one: Draft,
    form: SignForm | None = None,
    duplicate: Commitment | None = None,
    status: int = 200,
) -> HttpResponse:
    acting = acting_of(request)
    paper_photo = photos.paper_of(one)
    return show(
        request,
        "sign",
        one,
        3,
        status,
        form=form or SignForm(initial={"signed_by": "paper" if paper_photo else "pad"}),
        paper=presenting.paper_for(one),
        paper_photo=paper_photo,
        signer=acting.name,
        capacity=capacity_of(acting.access).label,
        duplicate=duplicate,
        today=clock.today(),
        stale=one.check_made.on_day != clock.today(),
        has_blanks=has_blanks(one),
        **photo_context(one),
    )


def photo_context(one: Draft) -> dict[str, Any]:
    """The photographs, and a fresh number for the next of each kind."""
    rows = list(photos.shown(one))
    return {
        "photo_kinds": [
            {
                "code": code,
                "label": label,
                "rows": [row for row in rows if row.kind == code],
                "key": uuid4(),
            }
            for code, label in photos.Kind.choices
        ],
        "has_photos": bool(rows),
        "most": photos.MOST,
    }


def ordinary_page(request: HttpRequest, one: Draft, status: int = 200) -> HttpResponse:
    """Not a dead end: the reasons, the ways to put things right, where it goes on, the notice."""
    return show(request, "ordinary", one, 1, status, check=one.check_made)


def receipt_page(request: HttpRequest, one: Draft) -> HttpResponse:
    """It is signed: number, papers, what follows."""
    commitment = one.commitment
    return show(
        request,
        "receipt",
        one,
        5,
        one=commitment,
        following=papers.next_steps(commitment),
        to_bring=papers.to_bring(commitment),
        supplement=getattr(commitment, "supplement", None),
        registered=receipt.of(commitment),
        qr=qr_data_uri(papers.verify_url(commitment.verify_token)),
    )
