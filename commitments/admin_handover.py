"""Hand-overs in the back office, to be read: how a register was mapped, version by version, and the lists that were signed."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.registry.visibility import limit_to_visible

from .handover.fields import NAMES
from .handover.showing import history_of, source_of
from .models import Commitment, HandoverMapping, HandoverProtocol


@admin.register(HandoverMapping)
class HandoverMappingAdmin(EvidenceAdmin):
    list_display = ["name", "version", "department", "source", "confirmed", "made_by", "made_at"]
    list_filter = ["source", "confirmed", ("made_at", DayRangeFilter)]
    list_select_related = ["department", "made_by"]
    search_fields = ["name"]
    search_help_text = "登记簿名称"
    ordering = ["-pk"]
    audit_target = "handover_mapping"

    def visible(self, request: HttpRequest, rows: QuerySet[HandoverMapping]) -> QuerySet[HandoverMapping]:
        return limit_to_visible(rows, request.user)

    def record_title(self, obj: HandoverMapping) -> str:
        return str(obj)

    def sections(self, request: HttpRequest, obj: HandoverMapping) -> Iterable[Section]:
        yield Section(
            "移交对照",
            rows=[
                ("登记簿", obj.name),
                ("版本", str(obj.version)),
                ("移交单位", str(obj.department)),
                ("来源", obj.get_source_display()),
                ("日期的写法", obj.get_day_order_display()),
                ("已由人确认", "是" if obj.confirmed else "否，只是按列名的建议"),
                ("保存", f"{obj.made_by or '系统'}，{moment(obj.made_at)}"),
            ],
            note="保存即新的一版，用过的版本不会更改。办理在工作台“登记簿移交”。",
        )
        yield Section(
            "列的对照",
            head=["原表的列", "对照"],
            table=[[label, _taken_as(obj.columns.get(label, {}))] for label in obj.head],
            empty="没有列。",
        )
        yield Section(
            "原表没有的列填入",
            head=["项", "内容"],
            table=[[NAMES.get(int(number), number), value] for number, value in obj.constants.items()],
            empty="没有。",
        )
        yield Section(
            "取值的对照",
            head=["项", "原表中的", "本系统的"],
            table=[
                [NAMES.get(int(number), number), theirs, ours]
                for number, table in obj.words.items()
                for theirs, ours in table.items()
            ],
            empty="没有。",
        )


def _taken_as(one: dict[str, object]) -> str:
    if "field" in one:
        return NAMES.get(int(str(one["field"])), "")
    return f"不接收：{one['reason']}" if "reason" in one else "没有选择"


@admin.register(HandoverProtocol)
class HandoverProtocolAdmin(EvidenceAdmin):
    list_display = ["number", "department", "giver_person", "receiver_person", "on", "made_at"]
    list_filter = [("on", DayRangeFilter)]
    list_select_related = ["department"]
    search_fields = ["=number", "=file_sha256"]
    search_help_text = "完整的编号或者原文件校验值"
    ordering = ["-pk"]
    audit_target = "handover_protocol"

    def visible(self, request: HttpRequest, rows: QuerySet[HandoverProtocol]) -> QuerySet[HandoverProtocol]:
        return limit_to_visible(rows, request.user)

    def record_title(self, obj: HandoverProtocol) -> str:
        return obj.number

    def sections(self, request: HttpRequest, obj: HandoverProtocol) -> Iterable[Section]:
        yield Section(
            "移交清单",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("移交方", f"{obj.giver}，{obj.giver_person}"),
                ("接收方", f"{obj.receiver}，{obj.receiver_person}"),
                ("移交日期", str(obj.on)),
                ("行数", str(obj.counts.get("total", ""))),
                ("接收", str(obj.counts.get("good", ""))),
                ("原已接收", str(obj.counts.get("same", ""))),
                ("内容不同，没有覆盖", str(obj.counts.get("different", ""))),
                ("没有接收", str(obj.counts.get("bad", ""))),
                ("原文件校验值（SHA-256）", Cell(obj.file_sha256, mono=True)),
                ("清单校验值（SHA-256）", Cell(obj.pdf.sha256, mono=True)),
                ("制作", f"{obj.made_by}，{moment(obj.made_at)}"),
            ],
        )


def handed_sections(obj: Commitment) -> Iterable[Section]:
    """On the page of a commitment that came by a hand-over: from where, and what was before."""
    if obj.channel != Commitment.Channel.BULK:
        return
    source = source_of(obj)
    if not source:
        return
    yield Section("移交", rows=source, note="以下历史由原登记簿载明，不是本系统的认定，不公示。")
    yield Section(
        "移交的历史",
        head=["性质", "内容"],
        table=[[title, text] for title, text in history_of(obj)],
        empty="原登记簿没有载明。",
    )
