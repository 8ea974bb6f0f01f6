"""Paper commitments in the back office, to be read: what was scanned, who keyed it when, what became of it; never what was keyed."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.visibility import limit_to_visible

from .models import CaptureBatch, CaptureSheet

TONES = {
    CaptureSheet.State.WAITING: "waiting",
    CaptureSheet.State.SECOND: "waiting",
    CaptureSheet.State.DIFFERS: "waiting",
    CaptureSheet.State.DONE: "kept",
}


@admin.register(CaptureBatch)
class CaptureBatchAdmin(EvidenceAdmin):
    list_display = ["name", "department", "owner", "created_at"]
    list_filter = [("created_at", DayRangeFilter)]
    list_select_related = ["department", "owner"]
    search_fields = ["name"]
    search_help_text = "批次名称"
    ordering = ["-pk"]
    audit_target = "capture_batch"

    def visible(self, request: HttpRequest, rows: QuerySet[CaptureBatch]) -> QuerySet[CaptureBatch]:
        return limit_to_visible(rows, request.user)

    def record_title(self, obj: CaptureBatch) -> str:
        return obj.name

    def sections(self, request: HttpRequest, obj: CaptureBatch) -> Iterable[Section]:
        sheets = list(obj.sheets.select_related("scan", "commitment"))
        counts = [
            (label, sum(one.state == code for one in sheets)) for code, label in CaptureSheet.State.choices
        ]
        yield Section(
            "纸质承诺批次",
            rows=[
                ("批次名称", obj.name),
                ("录入单位", str(obj.department)),
                ("上传", f"{obj.owner}，{moment(obj.created_at)}"),
                ("份数", str(len(sheets))),
                *((label, str(count)) for label, count in counts),
            ],
            note="办理在工作台“纸质承诺”。",
        )
        # As many as one upload may bring, and no more.
        yield Section(
            "各份",
            head=["份", "扫描件", "状态", "承诺编码或者原因"],
            table=[
                [
                    Cell(str(one), url=reverse("admin:commitments_capturesheet_change", args=[one.pk])),
                    one.scan.original_name or "没有名称",
                    Cell(one.get_state_display(), state=TONES.get(CaptureSheet.State(one.state), "")),
                    Cell(one.commitment.code, mono=True)
                    if one.commitment
                    else one.get_refusal_display() or "—",
                ]
                for one in sheets
            ],
        )


@admin.register(CaptureSheet)
class CaptureSheetAdmin(LoggedList, EvidenceAdmin):
    list_display = ["__str__", "batch", "department", "state", "first_by", "ended_by", "ended_at"]
    list_filter = ["state", "refusal", ("ended_at", DayRangeFilter)]
    list_select_related = ["batch", "department", "first_by", "ended_by", "commitment"]
    search_fields = ["=sha256", "=commitment__code"]
    search_help_text = "完整的扫描件校验值或者承诺编码"
    ordering = ["-pk"]
    audit_target = "capture_sheet"

    def subject_id_of(self, row: Any) -> int | None:
        return row.commitment.subject_id if row.commitment else None

    def visible(self, request: HttpRequest, rows: QuerySet[CaptureSheet]) -> QuerySet[CaptureSheet]:
        return limit_to_visible(rows, request.user)

    def record_title(self, obj: CaptureSheet) -> str:
        return str(obj)

    def sections(self, request: HttpRequest, obj: CaptureSheet) -> Iterable[Section]:
        batch = reverse("admin:commitments_capturebatch_change", args=[obj.batch_id])
        made = obj.commitment
        yield Section(
            "纸质承诺",
            rows=[
                ("批次", Cell(obj.batch.name, url=batch)),
                ("录入单位", str(obj.department)),
                ("扫描件", obj.scan.original_name or "没有名称"),
                ("扫描件校验值（SHA-256）", Cell(obj.sha256, mono=True)),
                ("状态", Cell(obj.get_state_display(), state=TONES.get(CaptureSheet.State(obj.state), ""))),
                ("第几轮", str(obj.round)),
                ("承诺", Cell(made.code, mono=True, url=reverse("admin:commitments_commitment_change", args=[made.pk]))
                 if made else "还没有登记"),
                ("不予录入的原因", obj.get_refusal_display() or "无"),
                ("办结", f"{obj.ended_by}，{moment(obj.ended_at)}" if obj.ended_at else "没有办结"),
            ],
            note="录入的内容加密保存，不在这里显示；两遍是否相同由系统比较。",
        )  # fmt: skip
        yield Section(
            "录入",
            head=["轮", "遍", "录入人", "时间"],
            table=[
                [str(one.round), one.get_turn_display(), str(one.by), moment(one.at)]
                for one in obj.keyings.select_related("by")
            ],
            empty="还没有人录入。",
        )
        yield Section(
            "看过两遍对照的人",
            table=[[str(one)] for one in obj.compared_by.order_by("pk")],
            head=["姓名"],
            empty="没有人看过。",
            note="看过的人不再做这一份以后各轮的第二遍。",
        )
