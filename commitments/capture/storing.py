"""From two equal keyings to a commitment, in the caller's transaction: what signing freezes, of a paper signed elsewhere."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.db import connection

from commitments import hooks
from commitments.bulk import writing
from commitments.models import CaptureSheet, Commitment, CommitmentEvent
from commitments.obligations import making
from commitments.paper_text import PaperText
from commitments.text_rules import fill_for_display
from commitments.texts import text_for
from credit_portal.audit import events
from credit_portal.audit.clock import SHANGHAI
from credit_portal.registry import catalogue, numbering
from credit_portal.registry.in_sets import Named, find_subjects, register_subjects
from credit_portal.registry.models import CreditSubject, Department, ServiceItemVersion, User

from .rules import CaptureError

Values = Mapping[str, str]


def item_of(values: Values, department: Department) -> ServiceItemVersion | None:
    """The version of the chosen item on the day of signing. Raises CaptureError (`item`)."""
    if not values.get("item"):
        return None
    found = (
        catalogue.current_items(lineage=department.region.lineage, on=date.fromisoformat(values["made_on"]))
        .filter(item_id=int(values["item"]), item__department=department)
        .select_related("item__region", "item__department")
        .first()
    )
    if found is None:
        raise CaptureError("签署那天没有这个事项的现行版本，请改为填写承诺事由和内容。", field="item")
    if refusal := catalogue.refusal_of(found, values["kind"]):
        raise CaptureError(refusal, field="item")
    return found


def paper_of(
    values: Values, department: Department
) -> tuple[PaperText, ServiceItemVersion | None, int | None]:
    """The text as it binds: typed from the paper, or the item's text that was in force on the day of signing (R20–R25).
    Raises CaptureError by field."""
    item = item_of(values, department)
    common = {
        "department_name": department.name,
        "subject_name": values["subject_name"],
        "item_name": item.name if item else values["item_name"],
        "commitment_type": values["commitment_type"],
    }
    if values["pledge"]:
        content: list[dict[str, Any]] = [
            {"no": number, "kind": kind, "clause": None, "text": values[kind]}
            for number, kind in enumerate(("pledge", "liability"), 1)
        ]
        return (
            PaperText(title=writing.TITLE, version_label="", version_sha256="", content=content, **common),
            item,
            None,
        )
    if item is None:
        raise CaptureError("没有选事项的，须照纸质件填写承诺内容和违诺责任。", field="pledge")
    version = text_for(
        item_version=item, commitment_type=values["commitment_type"], late_materials=False,
        region=department.region, on=date.fromisoformat(values["made_on"]),
    )  # fmt: skip
    if version is None:
        raise CaptureError("签署那天这个事项没有这一类型的现行文本，请照纸质件填写承诺内容。", field="pledge")
    if version.blanks.all():
        raise CaptureError("这个事项的文本有须填写的内容，请照纸质件填写承诺内容。", field="pledge")
    clauses = fill_for_display(list(version.clauses.all()), [], {})
    content = [{**clause, "no": number} for number, clause in enumerate(clauses, 1)]
    paper = PaperText(
        title=version.title, version_label=f"{version.text.code} 第 {version.number} 版",
        version_sha256=version.sha256, content=content, **common,
    )  # fmt: skip
    return paper, item, version.pk


def check_name(values: Values) -> CreditSubject | None:
    """The subject of the code, where it is known. Raises CaptureError (`subject_name`) where it never bore the name."""
    named = Named(values["kind"], values["subject_code"], values["subject_name"])
    known = find_subjects([named])
    if problem := known.name_problem(named):
        raise CaptureError(problem, field="subject_name")
    return known.by_code.get(named.code)


def store(
    sheet: CaptureSheet, values: Values, *, actor: User, confirm_duplicate: bool, now: datetime
) -> Commitment:
    """Make the commitment of a sheet that is locked. Raises CaptureError by field; the caller's transaction undoes the rest."""
    department = sheet.department
    made_on = date.fromisoformat(values["made_on"])
    subject = check_name(values)
    paper, item, version_id = paper_of(values, department)
    _check_code(values["code"])
    if subject is None:
        named = Named(values["kind"], values["subject_code"], values["subject_name"])
        subject = register_subjects(
            [named], department=department, actor=actor, now=now, is_demo=sheet.batch.is_demo
        )[named.code]
    # Locked before duplicates are sought: two sheets of one paper come one after the other.
    subject = CreditSubject.objects.select_for_update().get(pk=subject.pk)
    if not confirm_duplicate:
        _check_duplicate(subject, paper.item_name, made_on)
    publicity, reason = hooks.class_by_rule(subject.kind, values["commitment_type"])
    if values["code"]:
        with connection.cursor() as cursor:
            cursor.execute(writing.COUNTERS, [[values["code"]], writing.OWN_SERIALS])
    commitment = Commitment.objects.create(
        code=values["code"] or numbering.commitment_code(department.region_id, made_on),
        region_id=department.region_id,
        made_on=made_on,
        signed_at=datetime.combine(made_on, time.min, SHANGHAI),
        commitment_type=values["commitment_type"],
        channel=Commitment.Channel.PAPER,
        subject=subject,
        subject_kind=subject.kind,
        # As the paper has it: a subject may have borne another name then.
        subject_name=values["subject_name"],
        subject_code=subject.uscc or "",
        item=item.item if item else None,
        item_version=item,
        item_name=paper.item_name,
        department=department,
        department_name=department.name,
        department_uscc=department.uscc,
        case_ref=values["case_ref"],
        text_version_id=version_id,
        title=paper.title,
        content=paper.content,
        text_sha256=paper.sha256,
        valid_until=date.fromisoformat(values["valid_until"]) if values["valid_until"] else None,
        signer_name=values["signer_name"],
        signed_by=Commitment.SignedBy.PAPER,
        signature=sheet.scan,
        verify_token=secrets.token_urlsafe(18),
        clerk=actor,
        publicity_class=publicity,
        public_from=now if publicity == "public" else None,
        is_demo=sheet.batch.is_demo or subject.is_demo,
    )
    CommitmentEvent.objects.create(
        commitment=commitment,
        kind=CommitmentEvent.Kind.CAPTURED,
        at=now,
        actor=actor,
        note=f"批次“{sheet.batch.name}”，两人录入",
    )
    making.make([commitment.pk])
    events.commitment_captured(
        now=now,
        actor_id=actor.pk,
        department_id=department.pk,
        commitment_id=commitment.pk,
        code=commitment.code,
        subject_id=subject.pk,
        text_sha256=commitment.text_sha256,
        scan_sha256=sheet.sha256,
        publicity_class=publicity,
    )
    hooks.run_after_import(
        rows=[hooks.Imported(commitment.pk, commitment.code, subject.kind, publicity, reason)],
        actor=actor,
        now=now,
    )
    return commitment


def _check_code(code: str) -> None:
    if code and Commitment.objects.filter(code=code).exists():
        raise CaptureError(f"承诺编码 {code} 已有登记的承诺，不能再登记一份。", field="code", existing=code)


def _check_duplicate(subject: CreditSubject, item_name: str, made_on: date) -> None:
    same = Commitment.objects.filter(
        subject=subject, item_name=item_name, made_on=made_on, voided_at=None, corrected_by=None
    ).first()
    if same is not None:
        raise CaptureError(
            f"该主体同一天已就同一事由登记承诺 {same.code}。确是另一份的，请勾选确认。",
            field="confirm_duplicate",
            existing=same.code,
        )
