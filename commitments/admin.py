"""Commitments in the back office: the whole file of one, read only. Evidence opens with a purpose, which is logged."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, Step, Tool, event_steps, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.documents.templatetags.paper import chinese_number
from credit_portal.registry.admin_reading import LoggedList, purpose_of
from credit_portal.registry.codes import mask_person_name
from credit_portal.registry.finding import subjects_matching
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.visibility import limit_to_visible
from verification.models import Check

from .admin_associations import CampaignAdmin as CampaignAdmin
from .admin_associations import RegistrationAdmin as RegistrationAdmin
from .admin_associations import RegistrationVerifierAdmin as RegistrationVerifierAdmin
from .admin_associations import RosterEntryAdmin as RosterEntryAdmin
from .admin_bulk import BulkJobAdmin as BulkJobAdmin
from .admin_capture import CaptureBatchAdmin as CaptureBatchAdmin
from .admin_capture import CaptureSheetAdmin as CaptureSheetAdmin
from .admin_cases import BreachCaseAdmin
from .admin_consequences import RecipientAdmin as RecipientAdmin
from .admin_forms import OpenEvidenceForm
from .admin_handover import HandoverMappingAdmin as HandoverMappingAdmin
from .admin_handover import HandoverProtocolAdmin as HandoverProtocolAdmin
from .admin_handover import handed_sections
from .admin_texts import ReadingMaterialAdmin, TextVersionAdmin
from .admin_warnings import ClauseWarningAdmin as ClauseWarningAdmin
from .admin_warnings import WarningRuleAdmin as WarningRuleAdmin
from .models import Clause, Commitment, CommitmentEvent, DraftPhoto, Presentation

__all__ = ["BreachCaseAdmin", "CommitmentAdmin", "ReadingMaterialAdmin", "TextVersionAdmin"]

FULFILMENT_STATES = {
    "running": "running",
    "fulfilled": "kept",
    "partial": "broken",
    "unfulfilled": "broken",
}
# What rooms above have to say or to offer on the page of a commitment.
more_sections: list[Callable[[HttpRequest, Commitment], Iterable[Section]]] = []
more_tools: list[Callable[[HttpRequest, Commitment], Iterable[Tool]]] = []


def _paper_lines(obj: Commitment) -> Iterator[str]:
    """The clauses numbered as on the paper, the liability under its heading."""
    before: str = Clause.Kind.PLEDGE
    for clause in obj.content:
        if clause["kind"] != before:
            before = clause["kind"]
            yield f"【{Clause.Kind(before).label}】"
        yield f"{chinese_number(clause['no'])}、{clause['text']}"


def publicity_of(row: Commitment) -> Cell:
    """Whether the public sees it now, in words."""
    if row.voided_at is not None:
        return Cell("已作废，不公示", state="broken")
    if row.withdrawn_at is not None:
        return Cell(f"已停止公示（{row.withdrawn_at.astimezone(clock.SHANGHAI):%Y-%m-%d}）", state="waiting")
    if row.public_from is not None:
        return Cell(f"公示中（{row.public_from.astimezone(clock.SHANGHAI):%Y-%m-%d} 起）", state="kept")
    return Cell(row.get_publicity_class_display(), state="running")


@admin.register(Commitment)
class CommitmentAdmin(LoggedList, EvidenceAdmin):
    list_display = [
        "code",
        "shown_subject",
        "item_name",
        "department_name",
        "clerk",
        "signed_at",
        "fulfilment",
        "publicity",
    ]
    list_filter = [
        ("signed_at", DayRangeFilter),
        "commitment_type",
        "fulfilment",
        "publicity_class",
        "subject_kind",
        ("voided_at", admin.EmptyFieldListFilter),
        "late_materials",
    ]
    list_select_related = ["clerk"]
    search_fields = ["=code"]
    search_help_text = "承诺编码，或者承诺人的名称、统一社会信用代码、完整的身份证号码"
    ordering = ["-pk"]
    audit_target = "commitment"

    def visible(self, request: HttpRequest, rows: QuerySet[Commitment]) -> QuerySet[Commitment]:
        return limit_to_visible(rows, request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Commitment], search_term: str
    ) -> tuple[QuerySet[Commitment], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdigit() and len(term) == 20:
            return queryset.filter(code=term), False
        found = subjects_matching(term, today=clock.today())
        return queryset.filter(subject__in=list(found.values_list("pk", flat=True))), False

    @admin.display(description="承诺人")
    def shown_subject(self, row: Commitment) -> str:
        """A person's name stands in full on the record page only, where the reading is logged."""
        is_person = row.subject_kind == CreditSubject.Kind.PERSON
        return mask_person_name(row.subject_name) if is_person else row.subject_name

    @admin.display(description="公示")
    def publicity(self, row: Commitment) -> str:
        return str(publicity_of(row).text).partition("（")[0]

    def record_title(self, obj: Commitment) -> str:
        return f"承诺 {obj.code}"

    # ---- the page ----

    def tools(self, request: HttpRequest, obj: Commitment) -> Iterable[Tool]:
        for offer in more_tools:
            yield from offer(request, obj)
        if obj.public_from is not None and obj.withdrawn_at is None:
            yield Tool("公示页面", f"/commitments/{obj.code}/")

    def sections(self, request: HttpRequest, obj: Commitment) -> Iterable[Section]:
        subject_page = admin.site._registry[CreditSubject]
        corrected_by = Commitment.objects.filter(corrects=obj).first()
        yield Section(
            "承诺",
            rows=[
                ("承诺编码", Cell(obj.code, mono=True)),
                (
                    "承诺人",
                    Cell(
                        obj.subject_name,
                        url=subject_page.url("change", obj.subject)
                        if subject_page.get_queryset(request).filter(pk=obj.subject_id).exists()
                        and subject_page.has_view_permission(request)
                        else "",
                    ),
                ),
                ("类别", obj.get_subject_kind_display()),
                ("代码", Cell(obj.subject_code or obj.subject.shown_code, mono=True)),
                (
                    "承诺类型",
                    obj.get_commitment_type_display() + ("，容缺受理" if obj.late_materials else ""),
                ),
                ("承诺事由", obj.item_name),
                (
                    "受理单位",
                    f"{obj.department_name}（{obj.department_uscc}）",
                ),
                ("办件编号", Cell(obj.case_ref, mono=True) if obj.case_ref else "无"),
                ("签署时间", moment(obj.signed_at)),
                ("有效期至", obj.valid_until or "未写明"),
                (
                    "履行状态",
                    Cell(obj.get_fulfilment_display(), state=FULFILMENT_STATES[obj.fulfilment]),
                ),
                ("公示", publicity_of(obj)),
                *self._corrections(obj, corrected_by),
            ],
        )
        yield Section("核查", rows=self._check_rows(request, obj.check_made))
        yield Section(
            "签署",
            rows=[
                ("签署人", obj.signer_name or "—"),
                ("签署身份", obj.get_signer_capacity_display() or "—"),
                ("查验的证件", obj.get_identity_document_display() or "—"),
                ("签名方式", obj.get_signed_by_display() or "—"),
                ("渠道", obj.get_channel_display()),
                ("经办人", str(obj.clerk or obj.partner or "系统")),
                ("文本", str(obj.text_version) if obj.text_version else "—"),
                ("文本校验值", Cell(obj.text_sha256, mono=True)),
                ("PDF 校验值", Cell(obj.pdf_sha256 or "—", mono=True)),
            ],
        )
        yield from self._evidence_sections(request, obj)
        yield Section(
            "签署时的条款",
            paper_title=obj.title,
            paper=list(_paper_lines(obj)),
            note="签署时冻结，与 PDF 相同；以后文本改版不影响这里。",
        )
        yield Section(
            "逐条履行情况",
            head=["条", "承诺的内容", "应当履行之日", "状态", "核实日期"],
            table=[
                [row.clause, row.what, row.due_on or "—", row.shown_state, row.found_on or "—"]
                for row in obj.obligations.select_related("commitment")
            ],
            note="在工作台的“履行”中登记；未履行的只由违诺认定写明。",
            empty="没有承诺条款。",
        )
        shown = (
            Presentation.objects.filter(draft=obj.draft_id) if obj.draft_id else Presentation.objects.none()
        )
        yield Section(
            "展示记录",
            head=["内容", "展示开始", "秒数", "校验值"],
            table=[
                [row.get_part_display(), moment(row.shown_at), row.seconds, Cell(row.sha256[:16], mono=True)]
                for row in shown
            ],
            empty="没有展示记录。",
        )
        yield from handed_sections(obj)
        for offer in more_sections:
            yield from offer(request, obj)
        yield Section(
            "经过", course=[self._step(row) for row in obj.events.select_related("actor", "partner")]
        )
        yield Section("操作日志", course=event_steps(self.events_of(obj)), empty="没有操作日志。")

    def events_of(self, obj: Commitment) -> list[AuditEvent]:
        """Of the commitment itself, of its check and of the draft it came from, in the order they happened."""
        rows = super().events_of(obj)
        for target, key in (("check", obj.check_made_id), ("draft", obj.draft_id)):
            if key:
                rows += AuditEvent.objects.filter(target_type=target, target_id=str(key)).order_by("id")[:100]
        return sorted(rows, key=lambda row: row.pk)

    def _corrections(self, obj: Commitment, corrected_by: Commitment | None) -> list[tuple[str, Any]]:
        rows: list[tuple[str, Any]] = []
        if obj.corrects_id:
            rows.append(
                ("更正的承诺", Cell(obj.corrects.code, url=self.url("change", obj.corrects), mono=True))
            )
        if corrected_by is not None:
            rows.append(
                ("已由新承诺更正", Cell(corrected_by.code, url=self.url("change", corrected_by), mono=True))
            )
        return rows

    def _check_rows(self, request: HttpRequest, check: Check | None) -> list[tuple[str, Any]]:
        if check is None:
            return [("核查", "没有关联的核查")]
        page = admin.site._registry[Check]
        url = page.url("change", check) if page.has_view_permission(request) else ""
        return [
            ("核查编号", Cell(check.number, url=url, mono=True)),
            ("结论", check.one_line),
            ("办理方式", check.get_route_display()),
            ("审查方式", check.get_scrutiny_display()),
            ("核查时间", moment(check.checked_at)),
        ]

    def _step(self, row: CommitmentEvent) -> Step:
        note = "；".join(part for part in (row.reason, row.note) if part)
        return Step(row.at, row.get_kind_display(), str(row.actor or row.partner or "系统"), note)

    # ---- evidence ----

    def evidence_of(self, obj: Commitment) -> list[tuple[str, EvidenceFile]]:
        parts = [("签名或扫描件", obj.signature), ("授权委托书", obj.authorisation), ("已签 PDF", obj.pdf)]
        photos = DraftPhoto.objects.filter(draft=obj.draft_id, draft__isnull=False, removed_at=None)
        # The photograph of the signed paper stands there as the signature already.
        sent = photos.exclude(file=obj.signature_id).select_related("file").order_by("pk")
        return [
            *((label, file) for label, file in parts if file is not None),
            *((str(photo), photo.file) for photo in sent),
        ]

    def _evidence_sections(self, request: HttpRequest, obj: Commitment) -> Iterable[Section]:
        files = self.evidence_of(obj)
        if not files:
            yield Section("证据", empty="没有证据文件。")
            return
        yield Section(
            "证据",
            head=["文件", "类别", "存入时间", "校验值"],
            table=[
                [label, file.get_kind_display(), moment(file.created_at), Cell(file.sha256[:16], mono=True)]
                for label, file in files
            ],
        )
        for label, file in files:
            yield Section(
                f"打开{label}",
                form=OpenEvidenceForm(
                    initial={"purpose": purpose_of(request.user)}, auto_id=f"{file.uuid}_%s"
                ),
                form_url=reverse("admin:commitments_commitment_evidence", args=[obj.pk, file.uuid]),
                form_submit=f"打开{label}",
                form_target="_blank",
                note="含个人信息。打开即记录：谁、何时、为何。",
            )

    def get_urls(self) -> list[Any]:
        return [
            path(
                "<path:object_id>/evidence/<uuid:uuid>/",
                self.admin_site.admin_view(never_cache(self.evidence_view)),
                name="commitments_commitment_evidence",
            ),
            *super().get_urls(),
        ]

    def evidence_view(self, request: HttpRequest, object_id: str, uuid: Any) -> HttpResponse:
        """The content of one evidence file of this commitment, to whoever says why. The reading is logged first."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.record_or_404(request, object_id)
        file = next((file for _label, file in self.evidence_of(obj) if file.uuid == uuid), None)
        form = OpenEvidenceForm(request.POST)
        if file is None:
            raise Http404("这份承诺没有这个证据文件。")
        if not form.is_valid():
            raise PermissionDenied("请先选择查看证据的目的。")
        log_read(
            now=clock.now(),
            actor_id=request.user.pk,
            what=file.get_kind_display(),
            target_type="evidence",
            target_id=file.pk,
            subject_id=obj.subject_id,
            purpose=form.cleaned_data["purpose"],
        )
        try:
            content = read_evidence(file)
        except EvidenceDamaged as damage:
            raise Http404(f"证据文件无法打开：{damage}") from damage
        ending = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}.get(
            file.content_type, "bin"
        )
        return answers.shown(content, f"{obj.code}-{file.kind}.{ending}", file.content_type)
