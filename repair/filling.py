"""Filling in an application, the same at the window, at the desk and on the subject's own pages: methods and what was
brought for each, the explanation, the repair commitment. Everything entered is kept as a draft before anything is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest

from commitments import pledging, way_back
from commitments.concluding import SigningError, Upload
from commitments.forms import ACCEPTED_SCANS, BlanksForm, SignerForm, uploaded
from commitments.models import Blank, Commitment, SignerCapacity
from credit_portal.audit.clock import local_date
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence, store_evidence
from credit_portal.documents.signatures import signature_png_from_data_url
from credit_portal.registry.models import CreditSubject, ResponsiblePerson, User

from . import applying, rules
from .models import RepairApplication, RepairMaterial
from .rules import NotEligible, RepairError

State = RepairApplication.State
PAPER = Commitment.SignedBy.PAPER
Errors = dict[str, list[str]]
ERROR_MANY = f"一次最多提交 {applying.MOST_FILES} 个文件。"
# Evidence is refused under the name of its kind; the page knows it by the name of its field.
FIELD_OF_KIND = {
    EvidenceFile.Kind.SIGNATURE.label: "signature",
    EvidenceFile.Kind.PAPER_SCAN.label: "paper_scan",
    EvidenceFile.Kind.AUTHORISATION.label: "authorisation",
}


@dataclass
class Taken:
    """What became of what was sent. `handed_in`: the application as it was handed in, now or a moment before."""

    errors: Errors = field(default_factory=dict)
    handed_in: RepairApplication | None = None

    def add(self, name: str, text: str) -> None:
        self.errors.setdefault(name, []).append(text)

    def note(self, name: str, text: str) -> None:
        """The same, where `text` may be empty: then nothing is wrong."""
        if text:
            self.add(name, text)


def save(request: HttpRequest, draft: RepairApplication, *, actor: User | None, now: datetime) -> Taken:
    """Keep what the page of a draft has sent, part by part: a file that is refused takes nothing else with it. With
    `deed` apply it is handed in; all that is lacking comes back at once."""
    taken = Taken()
    remove = request.POST.get("remove", "")
    methods = set(request.POST.getlist("methods"))
    try:
        applying.save_draft(
            application_id=draft.pk,
            methods=methods,
            explanation=request.POST.get("explanation", ""),
            now=now,
            actor=actor,
        )
    except RepairError as error:
        return _too_late(taken, draft, error)
    if remove.isascii() and remove.isdigit():
        applying.remove_material(application_id=draft.pk, material_id=int(remove[:18]), now=now, actor=actor)
    add_files(request, draft, taken, actor=actor, now=now)
    if request.POST.get("deed") == "apply" and not taken.errors:
        hand_in(draft, taken, actor=actor, now=now)
    return taken


def add_files(
    request: HttpRequest, application: RepairApplication, taken: Taken, *, actor: User | None, now: datetime
) -> int:
    """Keep the files of each method; gives how many. What is wrong stands in `taken` by field."""
    kept = 0
    for code in way_back.METHOD_LABELS:
        name = f"file-{code}"
        files: list[UploadedFile] = request.FILES.getlist(name)
        if len(files) > applying.MOST_FILES:
            taken.add(name, ERROR_MANY)
            continue
        for one in files:
            content = uploaded(one)
            if content is None:
                continue
            try:
                applying.add_material(
                    application_id=application.pk,
                    method=code,
                    upload=Upload(*content),
                    note_text=request.POST.get(f"note-{code}", "").replace("\0", ""),
                    now=now,
                    actor=actor,
                )
            except EvidenceRefused as refused:
                taken.add(name, f"“{one.name}”没有收下：{refused.reason}")
            except RepairError as error:
                taken.add(name, str(error))
            else:
                kept += 1
    return kept


def hand_in(draft: RepairApplication, taken: Taken, *, actor: User | None, now: datetime) -> None:
    """Hand the draft in; all that it lacks stands in `taken`."""
    draft = RepairApplication.objects.select_related("pledge").get(pk=draft.pk)
    if draft.state == State.DRAFT:
        position = applying.position_of(draft.entry_id, on=local_date(now))
        for lack in applying.lacking(draft, position):
            taken.add(lack.field, str(lack))
        if taken.errors:
            return
    try:
        taken.handed_in = applying.apply(application_id=draft.pk, now=now, actor=actor)
    except NotEligible as refused:
        for missing in refused.eligibility.missing:
            taken.add("", f"{missing.text}。草稿保留，可以申请以后再提交。")
    except RepairError as error:
        taken.add(error.field, str(error))


def _too_late(taken: Taken, draft: RepairApplication, error: RepairError) -> Taken:
    """Sent a second time because the answer was lost: the application that is there is the answer."""
    known = RepairApplication.objects.get(pk=draft.pk)
    if known.state in rules.OPEN:
        taken.handed_in = known
    else:
        taken.add(error.field, str(error))
    return taken


# ---- what the page shows -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class MethodRow:
    """A way of repair on the page of a draft: whether it was chosen, what was brought, what is wrong with it."""

    method: way_back.Method
    chosen: bool
    files: tuple[RepairMaterial, ...]
    errors: tuple[str, ...]

    @property
    def is_pledge(self) -> bool:
        return self.method.code == way_back.COMMITMENT


def materials_of(application: RepairApplication) -> list[RepairMaterial]:
    return list(application.materials.filter(removed_at=None).select_related("file").order_by("id"))


def page_of(draft: RepairApplication, taken: Taken | None, *, now: datetime) -> dict[str, Any]:
    """What a draft's page shows of it. The draft is read anew: what was sent has been kept."""
    errors = taken.errors if taken else {}
    position = applying.position_of(draft.entry_id, on=local_date(now))
    files = materials_of(draft)
    rows = [
        MethodRow(
            method,
            method.code in draft.methods,
            tuple(one for one in files if one.method == method.code),
            tuple(errors.get(f"file-{method.code}", ())),
        )
        for method in position.way.methods
    ]
    pledged = draft.pledge is not None and draft.pledge.voided_at is None
    return {
        "application": draft,
        "position": position,
        "way": position.way,
        "rows": rows,
        "pledged": pledged,
        "errors": errors,
        "all_errors": [(name, text) for name, texts in errors.items() for text in texts],
        "term_until": applying.term_until(draft.department, local_date(now)),
        "accept": ACCEPTED_SCANS,
    }


# ---- the repair commitment ---------------------------------------------------------------------------------


@dataclass
class Signing:
    """The page on which the repair commitment is read and signed."""

    form: SignerForm
    blanks: BlanksForm
    shown: pledging.Pledge | None
    problem: str = ""


def blanks_of(shown: pledging.Pledge | None) -> list[Blank]:
    return list(shown.draft.text_version.blanks.all()) if shown else []


def signing_page(
    draft: RepairApplication, *, now: datetime, posted: Any = None, form: SignerForm | None = None
) -> Signing:
    """The text as it will be signed, with what was filled in; `problem` where the region has none to offer."""
    values: dict[str, str] = {}
    shown, problem = None, ""
    try:
        shown = _shown(draft, {}, now)
        if posted is not None:
            values = BlanksForm.values_of(posted, blanks_of(shown))
            shown = _shown(draft, values, now)
    except SigningError as error:
        problem = str(error)
    blanks = BlanksForm(
        blanks=blanks_of(shown), initial={f"blank-{key}": value for key, value in values.items()}
    )
    if form is None:
        form = SignerForm(
            kind=draft.subject.kind,
            initial={
                "capacity": draft.capacity,
                "signer_name": draft.applicant,
                "identity_document": draft.identity_document or "id_card",
                "signed_by": "pad",
            },
        )
    return Signing(form, blanks, shown, problem)


def _shown(draft: RepairApplication, values: dict[str, str], now: datetime) -> pledging.Pledge:
    return pledging.shown_to(subject=draft.subject, department=draft.department, now=now, blanks=values)


def sign(
    request: HttpRequest, draft: RepairApplication, *, clerk: User | None, now: datetime
) -> tuple[Commitment | None, Signing]:
    """Sign as the page has sent it; what is wrong stands in the page's form, and nothing was stored."""
    posted = request.POST.copy()
    if clerk is None:
        # On its own pages it is whoever has entered: nobody signs in another's name or capacity.
        posted["capacity"], posted["signer_name"] = draft.capacity, draft.applicant
        posted["identity_document"] = draft.identity_document
    form = SignerForm(posted, request.FILES, kind=draft.subject.kind)
    page = signing_page(draft, now=now, posted=request.POST, form=form)
    if page.problem or not form.is_valid():
        if page.problem:
            form.is_valid()
            form.add_error(None, page.problem)
        return None, page
    data = form.cleaned_data
    on_paper = data["signed_by"] == PAPER
    scan = uploaded(data["paper_scan"]) if on_paper else None
    agent = data["capacity"] == SignerCapacity.AGENT
    own = own_name(draft.subject)
    if clerk is not None and not agent and own and data["signer_name"].strip() not in ("", own):
        form.add_error("signer_name", OTHER_NAME.format(name=own))
        return None, page
    try:
        return (
            applying.sign_pledge(
                application_id=draft.pk,
                seen_sha256=request.POST.get("seen", ""),
                blanks=BlanksForm.values_of(request.POST, blanks_of(page.shown)),
                signer_name=data["signer_name"],
                capacity=data["capacity"],
                identity_document=data["identity_document"]
                or (draft.identity_document if clerk is None else "id_card"),
                signature_png=None if on_paper else signature_png_from_data_url(data["signature"]),
                scan=Upload(*scan) if scan else None,
                authorisation=_authorisation(data["authorisation"], draft) if agent else None,
                clerk=clerk,
                now=now,
            ),
            page,
        )
    except EvidenceRefused as refused:
        form.add_error(FIELD_OF_KIND.get(refused.field), refused.reason)
    except SigningError as error:
        name = "paper_scan" if error.field == "signature" and on_paper else error.field
        form.add_error(name if name in form.fields else None, str(error))
    except RepairError as error:
        form.add_error(None, str(error))
    return None, page


def _authorisation(sent: UploadedFile | None, draft: RepairApplication) -> Upload | None:
    """The agent's authorisation: sent with the signature, or kept since the application was begun."""
    content = uploaded(sent)
    if content is not None:
        return Upload(*content)
    kept = draft.authorisation
    if kept is None:
        return None
    try:
        return Upload(read_evidence(kept), kept.content_type, kept.original_name)
    except EvidenceDamaged:
        return None


# ---- begun -------------------------------------------------------------------------------------------------


def begin(
    *,
    entry_id: int,
    subject: CreditSubject,
    channel: str,
    data: dict[str, Any],
    actor: User,
    now: datetime,
) -> RepairApplication:
    """Begin an application for somebody who has come, or go on with the one begun. Raises RepairError, NotEligible and
    EvidenceRefused; then nothing of it is kept."""
    content = uploaded(data.get("authorisation")) if data["capacity"] == SignerCapacity.AGENT else None
    with transaction.atomic():
        authorisation = None
        if content is not None:
            authorisation = store_evidence(
                content=content[0],
                kind=EvidenceFile.Kind.AUTHORISATION,
                content_type=content[1],
                original_name=content[2],
                actor=actor,
                department=actor.department,
                now=now,
            )
        return applying.open_draft(
            entry_id=entry_id,
            subject=subject,
            channel=channel,
            applicant=applying.Applicant(
                name=data["applicant"],
                capacity=data["capacity"],
                identity_document=data["identity_document"],
                phone=data.get("phone", ""),
                authorisation=authorisation,
            ),
            now=now,
            actor=actor,
        )


def begin_by_form(
    form: Form, *, entry_id: int, subject: CreditSubject, channel: str, actor: User, now: datetime
) -> RepairApplication | None:
    """The same by a valid form of whoever has come; None where it cannot be, and the form says why, by field."""
    try:
        return begin(
            entry_id=entry_id, subject=subject, channel=channel, data=form.cleaned_data, actor=actor, now=now
        )
    except NotEligible as error:
        form.add_error(None, str(error))
    except RepairError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    except EvidenceRefused as error:
        form.add_error("authorisation", error.reason)
    return None


OTHER_NAME = "与登记的姓名（{name}）不一致。人员已变更的，请先凭证照更正登记，或者由委托代理人办理。"


def own_name(subject: CreditSubject) -> str:
    """The name that the applicant's field begins with: a person's own, else the registered representative's."""
    if subject.kind == CreditSubject.Kind.PERSON:
        return subject.name
    return (
        subject.responsible.filter(
            capacity=ResponsiblePerson.Capacity.LEGAL_REPRESENTATIVE, until_on__isnull=True
        )
        .values_list("name", flat=True)
        .first()
        or ""
    )


@dataclass(frozen=True)
class Row:
    """An adverse entry before somebody begins: how it stands, and the application that is under way."""

    position: applying.Position
    running: RepairApplication | None


def rows_of(subject: CreditSubject, *, on: date) -> list[Row]:
    """Every adverse entry of a subject with what can be done about it, those open today first. A constant number of
    queries."""
    found = applying.positions(subject, on=on)
    known = {
        one.entry_id: one
        for one in RepairApplication.objects.filter(
            subject=subject, state__in=[*rules.OPEN, State.DRAFT]
        ).order_by("pk")
    }
    rows = [Row(position, known.get(position.entry.pk)) for position in found]
    return sorted(rows, key=lambda row: not row.position.eligibility.open)
