"""What belongs to a check: sources and screenshots, telling, disputing, exceptions, and the click that decides."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import close_old_connections, connection, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commitments import drafting, signing
from commitments.models import Draft
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines import loading as policies
from credit_portal.documents.services import read_evidence
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, ServiceItemVersion
from credit_portal.registry.services import set_responsible
from tests import factories as make
from tests.counter import Counter, signature_png
from tests.office import client_of
from tests.paper_reading import text_of
from tests.scenes import mine
from verification import services
from verification.checking import deciding, looking, objecting, overriding
from verification.checking.handling import CheckError, answer_of
from verification.measures import loading as measures
from verification.models import (
    AppliedMeasure,
    Check,
    CheckLook,
    CheckObjection,
    CheckOutcome,
    CheckOverride,
    CheckSource,
    CreditEntry,
    CreditList,
    ListedMeasure,
    OwnRecordRequest,
)

pytestmark = pytest.mark.django_db
NOW, TODAY = make.NOW, make.TODAY
PNG = signature_png()


class Place:
    """The county whose document names five fields, with its rules and measures as they ship, and a unit's people."""

    def __init__(self, region: str = "130129") -> None:
        for code in make.REGIONS:
            make.region(code)
        policies.store_rules(policies.read_rules(Path(policies.__file__).parent / "rules"), now=NOW)
        measures.load(measures.SHIPPED, now=NOW)
        self.unit = make.department(region=region)
        self.clerk, self.officer, self.head = (
            make.staff(role, department=self.unit) for role in (groups.CLERK, groups.OFFICER, groups.HEAD)
        )
        self.subject = make.subject(region=region)

    def item(self, domain: str, **fields: object) -> ServiceItemVersion:
        return make.item_version(department=self.unit, domain=domain, **fields)

    def listed(self, code: str, subject: CreditSubject | None = None, **fields: object):  # type: ignore[no-untyped-def]
        found = CreditList.objects.get(code=code)
        return make.credit_entry(
            subject=subject or self.subject, kind=str(found.entry_kind), credit_list=found, title=found.name,
            until_on=fields.pop("until_on", date(2028, 1, 1)), **fields,
        )  # fmt: skip

    def check(self, domain: str, *, kind: str = "approval", item=None, **more: object) -> Check:  # type: ignore[no-untyped-def]
        return services.check_subject(
            subject=self.subject, item_version=item or self.item(domain), commitment_type=kind,
            operator=self.clerk, now=NOW, **more,
        )  # fmt: skip

    def client(self, role: str) -> Client:
        return client_of({"clerk": self.clerk, "officer": self.officer, "head": self.head}[role])


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


def codes(check: Check) -> list[str]:
    return [one["code"] for one in check.reasons]


def post(client: Client, check: Check, deed: str, **data: object):  # type: ignore[no-untyped-def]
    return client.post(f"/desk/checks/{check.uuid}/{deed}/", data)


def picture(name: str = "截屏.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PNG, "image/png")


# ---- fields ------------------------------------------------------------------------------------------------


@pytest.mark.req("R53")
@pytest.mark.parametrize("code", ["judgment_defaulter", "tax_serious", "procurement_serious", "article_22"])
def test_procurement_refuses_whoever_is_on_a_named_list_and_nowhere_else(place, code) -> None:
    place.listed(code)
    refused = place.check("procurement")
    assert (refused.route, refused.scrutiny) == ("refused", "normal")
    assert (
        "政府采购法" in refused.reasons[0]["article"] and refused.reasons[0]["done"] == "拒绝参与政府采购活动"
    )
    assert "重要依据之一" in refused.reasons[-1]["text"] and "field_use" in codes(refused)
    assert place.check("awards").route == "ordinary"  # an unrepaired entry, by the rule of the approval type


@pytest.mark.req("R53")
@pytest.mark.req("R55")
@pytest.mark.req("R87")
def test_models_and_those_in_good_standing_get_points_and_conveniences_but_not_beside_a_bad_record(
    place,
) -> None:
    place.listed("exemplary")
    place.listed("good_standing")
    points = place.check("procurement")
    assert (points.route, codes(points).count("support_points")) == ("commitment", 2)
    assert "没有未修复的失信记录" in points.one_line
    convenient = place.check("approval")
    assert codes(convenient).count("support_convenience") == 2
    make.credit_entry(subject=place.subject)
    spoiled = place.check("approval")
    assert spoiled.route == "ordinary" and "support_convenience" not in codes(spoiled)


@pytest.mark.req("R54")
def test_a_tender_is_limited_at_the_step_that_the_measure_names(place) -> None:
    place.listed("bidding_limited")
    assert place.check("bidding").route == "refused"
    old = ListedMeasure.objects.get(whom__code="bidding_limited", domain="bidding")
    ListedMeasure.objects.filter(pk=old.pk).update(effective_to=TODAY - timedelta(days=1))
    ListedMeasure.objects.create(
        region=old.region, whom=old.whom, nature=old.nature, effect=old.effect, text=old.text, domain=old.domain,
        step="award", basis=old.basis, effective_from=TODAY, entered_at=NOW, approved_at=NOW,
    )  # fmt: skip
    item = place.item("bidding")
    early = place.check("bidding", item=item, kind="supervisory", step="qualification")
    assert (
        early.route == "commitment"
        and "measure_later" in codes(early)
        and "中标环节" in early.reasons[0]["text"]
    )
    assert place.check("bidding", item=item, kind="supervisory", step="award").route == "refused"
    with pytest.raises(services.NotCheckable, match="不分资格审查"):
        place.check("awards", step="award")


@pytest.mark.req("R55")
@pytest.mark.req("R57")
def test_approval_looks_strictly_at_the_seriously_dishonest_and_awards_take_it_as_one_reference(
    place,
) -> None:
    place.listed("serious")
    strict = place.check("approval", kind="supervisory")
    assert (strict.route, strict.scrutiny) == ("commitment", "key") and "从严" in strict.one_line
    award = place.check("awards", kind="supervisory")
    assert (award.route, award.scrutiny) == ("commitment", "normal")
    assert "measure_reference" in codes(award) and "参考依据之一" in award.reasons[-1]["text"]


@pytest.mark.req("R56")
@pytest.mark.parametrize(
    ("region", "until", "route"),
    [
        ("130129", date(2028, 1, 1), "refused"),
        (
            "130129",
            None,
            "ordinary",
        ),  # for good is not for this county: a reminder, and an unrepaired entry as any
        ("130111", None, "refused"),
        ("410103", None, "commitment"),
    ],
)
def test_a_ban_holds_for_its_term_and_for_good_only_where_the_city_has_it(region, until, route) -> None:
    place = Place(region)
    place.listed("market_ban", until_on=until)
    found = place.check("market_access")
    assert found.route == route, found.one_line
    assert ("unconfirmed_rule" in codes(found)) == (route != "refused")


# ---- the deciding click ------------------------------------------------------------------------------------


@pytest.mark.req("R86")
@pytest.mark.req("R52")
def test_one_click_decides_applies_and_counts_and_the_measure_ends_with_its_cause(place) -> None:
    entry = place.listed("serious")
    check = place.check("approval", kind="supervisory", case_ref="赞审〔2026〕7号")
    offered = deciding.offered(check)
    assert [(one.effect, one.ticked) for one in offered] == [("key", True)]
    page = place.client("officer").get(f"/desk/checks/{check.uuid}/").content.decode()
    assert "从严审核审批事项" in page and "赞审〔2026〕7号" in page
    done = post(
        place.client("officer"), check, "decide", result="granted", measures=[str(offered[0].key)], note=""
    )
    assert done.status_code == 302
    outcome, applied = CheckOutcome.objects.get(), AppliedMeasure.objects.get()
    assert (outcome.result, outcome.decided_by) == ("granted", place.officer)
    assert (applied.effect, applied.entry, applied.basis, applied.ended_on) == (
        "key",
        entry,
        "S3 二（三）",
        None,
    )
    assert AuditEvent.objects.filter(verb="measure.applied").count() == 1
    # Pressed again nothing is doubled; another result is refused.
    post(place.client("officer"), check, "decide", result="granted", note="")
    again = post(place.client("head"), check, "decide", result="ordinary", note="")
    assert again.status_code == 422 and "已作出决定" in again.content.decode()
    assert AppliedMeasure.objects.count() == 1
    services.end_entry(entry_id=entry.pk, operator=None, now=NOW + timedelta(days=3))
    applied.refresh_from_db()
    assert (applied.ended_on, applied.end_reason) == (TODAY + timedelta(days=3), "ended")


@pytest.mark.req("R53")
def test_nothing_but_limiting_follows_from_refused(place) -> None:
    place.listed("judgment_defaulter")
    check = place.check("procurement")
    wrong = post(place.client("officer"), check, "decide", result="granted", note="")
    assert wrong.status_code == 422 and not CheckOutcome.objects.exists()
    with pytest.raises(CheckError, match="没有例外"):
        overriding.ask(check_id=check.pk, reason="情况特殊", actor=place.clerk, now=NOW)
    assert "申请例外" not in place.client("officer").get(f"/desk/checks/{check.uuid}/").content.decode()
    assert (
        post(place.client("officer"), check, "decide", result="refused", measures=["0"], note="").status_code
        == 302
    )
    assert AppliedMeasure.objects.get().text == "拒绝参与政府采购活动"


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_are_one_and_one_told() -> None:
    place = Place()
    check = place.check("approval")

    def press(who):  # type: ignore[no-untyped-def]
        try:
            actor, result = who
            return deciding.decide(
                check_id=check.pk, result=result, measures=None, actor=actor, now=NOW
            ).result
        except CheckError as error:
            return str(error)
        finally:
            close_old_connections()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, [(place.officer, "granted"), (place.head, "ordinary")]))
    assert CheckOutcome.objects.count() == 1
    assert len([one for one in answers if "已作出决定" in one]) == 1, answers


# ---- sources and evidence ----------------------------------------------------------------------------------


@pytest.mark.req("R50")
@pytest.mark.req("R51")
@pytest.mark.req("R52")
def test_sources_are_marked_with_result_and_screenshot_which_is_hashed_and_kept(place) -> None:
    check = place.check("approval", item=place.item("approval", evidence_required=True))
    client = place.client("clerk")
    page = client.get(f"/desk/checks/{check.uuid}/").content.decode()
    names = list(looking.sources_for(place.unit.region).values_list("name", flat=True))
    assert {"信用中国", "信用中国（河北石家庄）", "各级政府采购网", "国家企业信用信息公示系统"} <= set(names)
    assert "信用二七" not in page and all(name in page for name in names)
    refused = post(client, check, "decide", result="granted", note="")
    assert refused.status_code == 422 and "截屏" in refused.content.decode()
    first, second = CheckSource.objects.filter(name__in=["信用中国", "各级政府采购网"]).order_by("pk")
    looked = post(
        client, check, "look",
        **{
            f"result-{first.pk}": "nothing", f"shot-{first.pk}": picture(),
            f"result-{second.pk}": "found", f"address-{second.pk}": "http://example.test/q?name=甲",
            f"note-{second.pk}": "一条处罚", "result-other": "unavailable", "name-other": "行业网站",
        },
    )  # fmt: skip
    assert looked.status_code == 302, looked.content.decode()
    rows = list(CheckLook.objects.order_by("pk"))
    assert [(one.source_name, one.result) for one in rows] == [
        ("信用中国", "nothing"), ("各级政府采购网", "found"), ("行业网站", "unavailable"),
    ]  # fmt: skip
    assert rows[0].address == first.address and rows[0].looked_by == place.clerk
    shot = rows[0].screenshot
    assert read_evidence(shot) == PNG and len(shot.sha256) == 64
    assert client.get(f"/desk/checks/{check.uuid}/files/{shot.uuid}/").content == PNG
    assert ReadLog.objects.filter(target_id=str(check.pk), what="核查材料").exists()
    assert post(client, check, "decide", result="granted", note="").status_code == 302


def test_a_bad_row_is_named_and_nothing_of_the_form_is_kept(place) -> None:
    check, client = place.check("approval"), place.client("clerk")
    one, two = CheckSource.objects.filter(name__in=["信用中国", "各级政府采购网"]).order_by("pk")
    for wrong, said in (
        ({f"result-{one.pk}": "nothing", f"result-{two.pk}": "guess"}, "guess"),
        ({f"result-{one.pk}": "nothing", f"note-{two.pk}": "看过"}, "请选择查询结果"),
        ({f"result-{one.pk}": "nothing", "result-other": "found"}, "请填写来源名称"),
        ({f"result-{one.pk}": "nothing", f"address-{one.pk}": "javascript:alert(1)"}, "http://"),
        ({f"result-{one.pk}": "nothing", f"shot-{one.pk}": SimpleUploadedFile("a.png", b"x", "image/png")}, "截屏：只接受"),
        ({}, "请至少登记一个来源"),
    ):  # fmt: skip
        answer = post(client, check, "look", **wrong)
        assert answer.status_code == 422 and said in answer.content.decode(), said
    assert not CheckLook.objects.exists()


@pytest.mark.req("R11")
@pytest.mark.req("R60")
def test_a_report_of_another_issuer_is_taken_with_number_and_term_and_counts_as_evidence(place) -> None:
    check = place.check("approval", item=place.item("approval", evidence_required=True))
    client = place.client("officer")
    told = {
        "number": "XY-2026-1",
        "issuer": "某信用服务有限公司",
        "issued_on": "2026-09-01",
        "summary": "良好",
    }
    over = post(client, check, "report", **told, valid_until="2026-09-13")
    assert over.status_code == 422 and "已过有效期" in over.content.decode()
    assert (
        post(client, check, "report", **told, valid_until="2026-12-31", document=picture()).status_code == 302
    )
    assert "这份报告已登记" in post(client, check, "report", **told).content.decode()
    assert check.reports.get().number == "XY-2026-1"
    assert post(client, check, "decide", result="granted", note="").status_code == 302


@pytest.mark.parametrize("model", ["checklook", "outsidereport", "checknotice", "checkoutcome"])
def test_papers_of_a_check_are_never_changed_in_the_database(place, model) -> None:
    check = place.check("approval")
    looking.look(
        check_id=check.pk,
        looked=[looking.Looked("nothing", source_name="某网站")],
        actor=place.clerk,
        now=NOW,
    )
    looking.take_report(
        check_id=check.pk, number="1", issuer="甲", issued_on=TODAY, summary="无", actor=place.clerk, now=NOW
    )
    objecting.tell(check_id=check.pk, acknowledged_by="张某", actor=place.clerk, now=NOW)
    deciding.decide(check_id=check.pk, result="granted", measures=None, actor=place.clerk, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM verification_{model}")


# ---- exceptions --------------------------------------------------------------------------------------------


@pytest.mark.req("R40")
def test_an_exception_is_asked_by_one_and_allowed_by_another_and_counted(place) -> None:
    make.credit_entry(subject=place.subject)
    check = place.check("approval")
    assert check.route == "ordinary"
    assert post(place.client("officer"), check, "ask", reason="").status_code == 422
    assert post(place.client("officer"), check, "ask", reason="群众急需，已核实整改").status_code == 302
    assert Notice.objects.filter(user=place.head, kind="check").count() == 1
    own = post(place.client("officer"), check, "allow", allow="yes", answer="同意")
    assert own.status_code == 422 and "另一人" in own.content.decode()
    assert post(place.client("clerk"), check, "allow", allow="yes", answer="同意").status_code == 422
    assert answer_of(check)[0] == "ordinary"
    assert post(place.client("head"), check, "allow", allow="yes", answer="整改材料齐全").status_code == 302
    assert answer_of(check) == ("commitment", "normal")
    row = CheckOverride.objects.get()
    assert (row.state, row.decided_by, row.history.count()) == ("allowed", place.head, 2)
    page = place.client("officer").get(f"/desk/checks/{check.uuid}/").content.decode()
    assert "例外：可适用承诺制" in page and "整改材料齐全" in page
    # What was lifted is not among what can be applied.
    assert deciding.offered(check, lifted=True) == []


def test_an_exception_lifts_no_later_answer_that_is_stricter(place) -> None:
    make.credit_entry(subject=place.subject)
    item = place.item("procurement")
    check = place.check("procurement", item=item)
    overriding.ask(check_id=check.pk, reason="急需", actor=place.clerk, now=NOW)
    overriding.decide(check_id=check.pk, allow=True, answer="同意", actor=place.head, now=NOW)
    with pytest.raises(CheckError, match="没有变化"):
        objecting.recheck(check_id=check.pk, actor=place.clerk, now=NOW)
    tomorrow = NOW + timedelta(days=1)
    again = objecting.recheck(check_id=check.pk, actor=place.clerk, now=tomorrow)
    assert answer_of(again) == ("commitment", "normal")
    with pytest.raises(CheckError, match="最新的核查"):
        deciding.decide(check_id=check.pk, result="granted", measures=None, actor=place.clerk, now=tomorrow)
    place.listed("tax_serious")
    refused = objecting.recheck(check_id=again.pk, actor=place.clerk, now=tomorrow)
    assert answer_of(refused)[0] == "refused"


@pytest.mark.req("R40")
def test_the_counter_goes_on_after_an_exception_and_signs() -> None:
    counter = Counter.open()
    make.credit_entry(subject=counter.subject, kind="penalty", until_on=TODAY + timedelta(days=9))
    head = make.staff(groups.HEAD, department=counter.clerk.department)
    draft = counter.checked()
    assert draft.step == Draft.Step.ORDINARY
    client = client_of(counter.clerk)
    page = client.get(f"/window/d/{draft.pk}/").content.decode()
    assert f"/desk/checks/{draft.check_made.uuid}/" in page and "可以重新核查" not in page
    overriding.ask(check_id=draft.check_made_id, reason="急需", actor=counter.clerk, now=NOW)
    overriding.decide(check_id=draft.check_made_id, allow=True, answer="同意", actor=head, now=NOW)
    assert "可以重新核查" in client.get(f"/window/d/{draft.pk}/").content.decode()
    # The general text declares that there is no record: an exception does not make it true (S2 三（二）).
    with pytest.raises(drafting.DraftError, match="与该主体的记录不符"):
        drafting.recheck_draft(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
    make.text_version(
        department=counter.text.text.department, item=counter.item.item,
        clauses=tuple(one for one in make.CLAUSES if "no_dishonesty" not in one[2]),
    )  # fmt: skip
    draft = drafting.check_draft(
        draft_id=draft.pk, clerk=counter.clerk, item_version_id=counter.item.pk, commitment_type="approval",
        late_materials=False, case_ref="", now=NOW,
    )  # fmt: skip
    assert draft.step == Draft.Step.READ and draft.check_made.follows is not None
    assert answer_of(draft.check_made)[0] == "commitment"


def test_signing_decides_the_check_and_waits_for_the_screenshot() -> None:
    counter = Counter.open()
    counter.item = make.item_version(department=counter.clerk.department, evidence_required=True)
    with pytest.raises(signing.SigningError, match="截屏"):
        counter.sign()
    check = Check.objects.get()
    looking.look(
        check_id=check.pk,
        looked=[looking.Looked("nothing", source_name="信用中国", screenshot=looking.File(PNG, "image/png", "a.png"))],
        actor=counter.clerk, now=NOW,
    )  # fmt: skip
    draft = Draft.objects.get()
    signed = signing.sign(
        draft_id=draft.pk, clerk=counter.clerk, signer_name="钱多多", capacity="legal_representative",
        identity_document="id_card", signature_png=PNG, now=NOW,
    )  # fmt: skip
    assert (
        signed.check_made.outcome.result == "commitment"
        and signed.check_made.outcome.decided_by == counter.clerk
    )


# ---- disputing ---------------------------------------------------------------------------------------------


def dispute(client: Client, check: Check, entry_id: int, **more: object):  # type: ignore[no-untyped-def]
    given = {
        "entry": str(entry_id), "proof": "closing", "document_no": "（2026）冀01执结5号", "issuer": "某区人民法院",
        "issued_on": "2026-09-10", "document": picture("结案证明.png"),
    }  # fmt: skip
    return post(client, check, "object", **(given | more))


@pytest.mark.req("R61")
def test_what_is_shown_before_the_decision_and_believed_by_another_counts_in_this_procedure(place) -> None:
    entry = place.listed("judgment_defaulter", department=make.department(region="130129"))
    keeper = make.staff(groups.OFFICER, department=entry.department)
    check = place.check("procurement", kind="supervisory")
    assert post(place.client("clerk"), check, "tell", acknowledged_by="李某").status_code == 302
    notice = place.client("clerk").get(f"/desk/checks/{check.uuid}/notice.pdf")
    assert notice["Content-Type"] == "application/pdf" and check.notice.acknowledged_by == "李某"
    assert dispute(place.client("officer"), check, entry.pk, proof="letter").status_code == 422
    assert "请附上材料" in dispute(place.client("officer"), check, entry.pk, document="").content.decode()
    assert dispute(place.client("officer"), check, entry.pk).status_code == 302
    row = CheckObjection.objects.get()
    assert (
        "还没有核实"
        in post(place.client("head"), check, "decide", result="refused", note="").content.decode()
    )
    answer = {"objection": row.pk, "believe": "yes", "answer": "已与法院核实"}
    assert post(place.client("officer"), check, "answer", **answer).status_code == 422  # who took it in
    assert post(place.client("head"), check, "answer", **answer).status_code == 302
    assert Notice.objects.filter(user=keeper, title__contains="结案证明").count() == 1
    again = post(place.client("head"), check, "recheck")
    second = Check.objects.exclude(pk=check.pk).get()
    assert again.url.endswith(f"/{second.uuid}/") and second.follows == check
    assert second.route == "commitment" and "disproved" in codes(second)
    # One procedure, one decision: on its newest check, where what was shown before is seen as well.
    old = post(place.client("officer"), check, "decide", result="refused", measures=["0"], note="")
    assert old.status_code == 422 and "最新的核查" in old.content.decode()
    shown = place.client("officer").get(f"/desk/checks/{second.uuid}/").content.decode()
    assert "（2026）冀01执结5号" in shown and "李某" in shown
    assert Notice.objects.filter(user=place.head, title__contains="收到异议材料").count() == 1
    assert Notice.objects.filter(user=place.officer, title__contains="已采信").count() == 1
    assert post(place.client("head"), check, "recheck").status_code == 422
    # Elsewhere, and tomorrow, the record says what it says.
    assert place.check("procurement", kind="supervisory").route == "refused"
    check.refresh_from_db()
    assert check.route == "refused"


@pytest.mark.req("R61")
def test_what_is_shown_after_the_decision_is_kept_and_does_not_count_and_the_other_ways_are_named(
    place,
) -> None:
    entry = place.listed("judgment_defaulter")
    check = place.check("procurement")
    assert (
        post(place.client("officer"), check, "decide", result="refused", measures=["0"], note="").status_code
        == 302
    )
    late = place.client("officer").post(
        f"/desk/checks/{check.uuid}/object/",
        {"entry": entry.pk, "proof": "repair", "document_no": "1", "issuer": "某局", "issued_on": "2026-09-10",
         "document": picture()},
        follow=True,
    ).content.decode()  # fmt: skip
    assert CheckObjection.objects.get().state == "late"
    assert "异议、修复、复议、诉讼不受影响" in late and "逾期提交" in late
    with pytest.raises(CheckError, match="已作出决定"):
        objecting.recheck(check_id=check.pk, actor=place.officer, now=NOW)
    with pytest.raises(CheckError, match="已作出决定"):
        objecting.tell(check_id=check.pk, acknowledged_by="李某", actor=place.officer, now=NOW)


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.req("R49")
def test_a_check_is_made_at_the_desk_once_however_often_it_is_sent(place) -> None:
    item, client = place.item("procurement"), place.client("officer")
    form = client.get("/desk/checks/new/").content.decode()
    assert item.name in form and "政府采购" in form
    sent = {
        "key": str(uuid4()), "code": place.subject.uscc, "item": item.pk, "commitment_type": "supervisory",
        "purpose": "other", "step": "bid", "case_ref": "ZC-1",
    }  # fmt: skip
    first, second = client.post("/desk/checks/new/", sent), client.post("/desk/checks/new/", sent)
    assert first.status_code == 302 and first.url == second.url
    made = Check.objects.get()
    assert (made.step, made.case_ref, made.operator) == ("bid", "ZC-1", place.officer)
    for wrong, said in (
        ({"code": place.subject.uscc[:-1] + "0"}, "校验"),
        ({"code": make.organisation_code()}, "请填写名称"),
        ({"item": "999999999"}, "选"),
        (
            {"commitment_type": "repair", "item": place.item("awards", allowed_types=["approval"]).pk},
            "不使用",
        ),
    ):
        answer = client.post("/desk/checks/new/", sent | {"key": str(uuid4()), "step": ""} | wrong)
        assert answer.status_code == 422 and said in answer.content.decode(), (wrong, said)
    newcomer = client.post(
        "/desk/checks/new/",
        sent | {"key": str(uuid4()), "code": make.organisation_code(), "name": "赞皇新办公司", "kind": ""},
    )
    assert newcomer.status_code == 302 or "主体类别" in newcomer.content.decode()
    page = client.post("/desk/checks/", {"q": "ZC-1"}, follow=True).content.decode()
    assert made.subject.name in page
    # A person's number never stands in an address.
    person = make.person()
    found = client.post("/desk/checks/", {"q": person.id_number})
    assert person.id_number not in found.url and str(person.uuid) in found.url
    assert client.get(found.url).status_code == 200


@pytest.mark.parametrize("role", list(groups.LABELS))
def test_only_the_unit_works_on_a_check_and_the_office_may_look(place, role) -> None:
    check = place.check("approval")
    office = make.department(region="130129", kind="credit_office")
    regional = role in (groups.CREDIT_OFFICE, groups.AUDITOR)
    inside = client_of(make.staff(role, department=office if regional else place.unit))
    outside = client_of(make.staff(role, department=make.department(region="130129")))
    sees = role in {groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE}
    works = role in {groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU}
    assert inside.get("/desk/checks/").status_code == (200 if sees else 403)
    assert inside.get("/desk/checks/new/").status_code == (200 if works else 403)
    assert inside.get(f"/desk/checks/{check.uuid}/").status_code == (200 if sees else 403)
    assert post(inside, check, "ask", reason="急").status_code == (422 if works else 403)
    if not regional:
        assert outside.get(f"/desk/checks/{check.uuid}/").status_code == (404 if sees else 403)
        assert post(outside, check, "decide", result="granted").status_code == (404 if works else 403)


def test_a_list_of_checks_and_a_long_record_take_the_same_queries(place) -> None:
    item, client = place.item("approval"), place.client("officer")

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    check = place.check("approval", item=item)
    few, short = queries("/desk/checks/"), queries(f"/desk/checks/{check.uuid}/")
    for _ in range(12):
        place.listed("serious")
        check = place.check("approval", item=item)
        looking.look(
            check_id=check.pk,
            looked=[looking.Looked("nothing", source_name="某网站")] * 3,
            actor=place.clerk,
            now=NOW,
        )
    assert queries("/desk/checks/") <= few
    assert queries(f"/desk/checks/{check.uuid}/") <= short + 3


def test_a_check_of_a_thousand_entries_asks_the_same_questions_as_one_of_three(place) -> None:
    item = place.item("procurement")
    found = CreditList.objects.get(code="exemplary")

    def fill(number: int) -> None:
        CreditEntry.objects.bulk_create(
            CreditEntry(
                subject=place.subject, kind="exemplary" if one % 2 else "penalty", title=f"记录{one}", source="测试",
                region=place.unit.region, from_on=date(2026, 1, 1), entered_at=NOW,
                credit_list=found if one % 2 else None,
            )
            for one in range(number)
        )  # fmt: skip

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert place.check("procurement", item=item).route == "ordinary"
        return len(seen)

    fill(4)
    few = asked()
    fill(1_000)
    assert asked() == few


# ---- the subject itself ------------------------------------------------------------------------------------


@pytest.mark.req("R58")
def test_a_subject_is_given_its_whole_record_on_paper_once_its_identity_was_seen(place) -> None:
    place.listed("exemplary", department=make.department(region="130111"))
    make.credit_entry(
        subject=place.subject, state="repaired", repaired_on=date(2026, 8, 1), title="已经修复的处罚"
    )
    make.credit_entry(subject=place.subject, kind="breach", title="还没有送达的违诺", served_on=None)
    client = place.client("clerk")
    set_responsible(
        subject=place.subject, capacity="legal_representative", name="钱多多", source="licence", actor=place.clerk,
        department=place.unit, now=NOW,
    )  # fmt: skip
    asked = {"code": place.subject.uscc, "asked_by": "钱多多", "capacity": "legal_representative"}
    for wrong, said in (
        ({}, "查验查询人的身份证件"),
        ({"identity_seen": "on", "capacity": "self"}, "法定代表人（负责人）、委托代理人"),
        ({"identity_seen": "on", "capacity": "agent"}, "授权委托书"),
        ({"identity_seen": "on", "asked_by": "李四"}, "与登记的姓名不一致"),
        ({"identity_seen": "on", "code": make.organisation_code()}, "没有登记这个主体"),
        ({"identity_seen": "on", "code": place.subject.uscc[:-1] + "0"}, "校验"),
    ):
        answer = client.post("/desk/checks/own/", asked | wrong)
        assert answer.status_code == 422 and said in answer.content.decode(), said
    done = client.post("/desk/checks/own/", asked | {"identity_seen": "on"}, follow=True)
    row = OwnRecordRequest.objects.get()
    page = done.content.decode()
    assert row.number in page and "2 条记录" in page and "已经修复的处罚" not in page
    words = text_of(read_evidence(row.document))
    assert "已经修复的处罚" in words and "诚信典型" in words and "还没有送达" not in words
    paper = client.get(f"/desk/checks/own/{row.uuid}.pdf")
    assert paper["Content-Type"] == "application/pdf"
    assert ReadLog.objects.filter(subject_id=place.subject.pk, purpose="subject_request").count() == 1
    outside = client_of(make.staff(groups.OFFICER, department=make.department(region="130129")))
    assert outside.get(f"/desk/checks/own/{row.uuid}.pdf").status_code == 404
    with pytest.raises(DatabaseError), transaction.atomic():
        OwnRecordRequest.objects.all().delete()
