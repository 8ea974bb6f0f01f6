"""Checks at the desk by field: what each answers, the deciding click, sources and evidence."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import close_old_connections, connection, transaction
from django.db.utils import DatabaseError

from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.documents.services import read_evidence
from tests import factories as make
from tests.checking_stage import NOW, PNG, TODAY, Place, codes, picture, post
from tests.scenes import mine
from verification import services
from verification.checking import deciding, looking, objecting, overriding
from verification.checking.handling import CheckError
from verification.models import (
    AppliedMeasure,
    CheckLook,
    CheckOutcome,
    CheckSource,
    ListedMeasure,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


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
