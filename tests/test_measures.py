"""The public list of measures and what was applied by it: kept by two, frozen, previewed; ended, lifted, fed back, told in
the monthly list."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from commitments.models import Draft
from credit_portal.audit.models import AuditEvent
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from tests import factories
from tests.factories import NOW, TODAY
from tests.measures_stage import Scene, days
from verification import services
from verification.checking import deciding, looking
from verification.checking.handling import CheckError
from verification.measures import counting, ending, keeping, lifting, previewing
from verification.measures.keeping import MeasureRefused
from verification.models import AppliedMeasure, ListedMeasure, MeasureLifting, UsageNote
from verification.usage import lists as usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refused(field: str, act) -> str:
    with pytest.raises(MeasureRefused) as found:
        act()
    assert field in found.value.message_dict, found.value.message_dict
    return "".join(found.value.message_dict[field])


# ---- the list ----------------------------------------------------------------------------------------------


@pytest.mark.req("R83")
def test_a_row_is_in_force_only_when_another_person_of_the_office_has_approved_it(scene: Scene) -> None:
    row = scene.enter()
    subject = scene.stands_on("judgment_defaulter").subject
    assert scene.checked(subject).scrutiny == "normal"
    with pytest.raises(MeasureRefused, match="另一人批准"):
        keeping.approve(measure_id=row.pk, actor=scene.first, now=NOW)
    stranger = factories.staff(groups.CREDIT_OFFICE, department=factories.department(region="410103"))
    with pytest.raises(MeasureRefused, match="本地区及以下"):
        keeping.approve(measure_id=row.pk, actor=stranger, now=NOW)
    approved = keeping.approve(measure_id=row.pk, actor=scene.second, now=NOW)
    assert (approved.approved_by, approved.effective_from) == (scene.second, TODAY)
    check = scene.checked(subject)
    assert check.scrutiny == "key" and check.reasons[0]["listed_id"] == row.pk
    with pytest.raises(MeasureRefused, match="已经批准"):
        keeping.approve(measure_id=row.pk, actor=scene.second, now=NOW)
    events = AuditEvent.objects.filter(verb="measure.listed", target_id=str(row.pk)).order_by("pk")
    assert [event.facts["deed"] for event in events] == ["entered", "approved"]
    assert row.history.count() == 2


@pytest.mark.req("R83", "R84", "R56")
def test_what_does_not_fit_is_refused_by_field(scene: Scene) -> None:
    lists = scene.lists
    cases = [
        ("basis", {"basis": " "}, "没有依据"),
        ("effect", {"whom": lists["exemplary"]}, "可选：由其他单位实施、加分、便利服务"),
        ("effect", {"effect": "points"}, "不能有“加分”"),
        ("effect", {"effect": "exit_rule"}, "按名单退出规则"),
        ("effect", {"whom": lists["watch"], "effect": "refused"}, "重点审查、作为参考、由其他单位实施"),
        ("domain", {"whom": lists["market_ban"], "effect": "ban", "domain": ""}, "市场准入"),
        ("step", {"domain": "approval", "step": "bid"}, "环节"),
        ("effective_from", {"effective_from": days(-1)}, "不能早于今天"),
        ("effective_to", {"effective_to": days(-1)}, "失效日期不能早于生效日期"),
        ("text", {"text": "长" * 301}, "300"),
        ("nature", {"nature": "secret"}, "secret"),
        ("region", {"region": factories.region("130129")}, "本地区及以下"),
        ("region", {"actor": scene.officer}, "本地区及以下"),
        ("item", {"item": factories.item_version(domain="approval").item}, "不在所选的领域"),
        ("item", {"item": factories.item_version(
            department=factories.department(region="410103")).item, "domain": ""}, "栾城区"),
    ]  # fmt: skip
    for field, fields, words in cases:
        assert words in refused(field, lambda fields=fields: scene.enter(**fields)), fields
    assert not ListedMeasure.objects.exists()
    # Both faults at once are both told.
    with pytest.raises(MeasureRefused) as both:
        scene.enter(basis="", effect="points", text="")
    assert set(both.value.message_dict) == {"basis", "effect", "text"}
    one = scene.enter(item=scene.item.item, domain="", step="award")
    assert one.domain == "procurement"
    assert scene.enter(whom=lists["market_ban"], effect="ban", domain="market_access").pk
    assert scene.enter(whom=lists["watch"], effect="key").pk


@pytest.mark.req("R83")
def test_the_same_row_does_not_stand_twice_for_the_same_time(scene: Scene) -> None:
    row = scene.listed(effective_to=days(10))
    assert "同一措施" in refused("effective_from", lambda: scene.enter(effective_from=days(10)))
    later = scene.enter(effective_from=days(11))
    assert "同一措施" in refused("effective_from", lambda: scene.enter(effective_from=days(40)))
    assert scene.enter(effective_from=days(5), text="另一项措施").pk
    assert scene.enter(item=scene.item.item).pk
    keeping.discard(measure_id=later.pk, actor=scene.first, now=NOW)
    assert scene.enter(effective_from=days(40)).pk
    with pytest.raises(MeasureRefused, match="已经批准"):
        keeping.discard(measure_id=row.pk, actor=scene.first, now=NOW)


@pytest.mark.req("R83")
def test_a_change_is_a_new_row_and_an_end_is_a_day(scene: Scene) -> None:
    row = scene.listed()
    for change in (
        lambda: ListedMeasure.objects.filter(pk=row.pk).update(basis="别的依据"),
        lambda: ListedMeasure.objects.filter(pk=row.pk).update(effective_from=days(3)),
        lambda: ListedMeasure.objects.filter(pk=row.pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="已经批准"), transaction.atomic():
            change()
    assert refused("effective_from", lambda: scene.enter(replaces=row, text="改过的"))
    fresh = scene.enter(replaces=row, text="改过的", effective_from=days(5))
    row.refresh_from_db()
    assert row.effective_to is None
    # Approved late, it holds from that day on and not before; the one before it runs up to there.
    keeping.approve(measure_id=fresh.pk, actor=scene.second, now=NOW + timedelta(days=9))
    row.refresh_from_db()
    fresh.refresh_from_db()
    assert (row.effective_to, fresh.effective_from) == (days(8), days(9))
    soon = NOW + timedelta(days=10)
    assert refused("last_day", lambda: keeping.end(
        measure_id=fresh.pk, last_day=days(2), actor=scene.first, now=soon))  # fmt: skip
    keeping.end(measure_id=fresh.pk, last_day=days(30), actor=scene.first, now=soon)
    assert refused("last_day", lambda: keeping.end(
        measure_id=fresh.pk, last_day=days(60), actor=scene.first, now=soon))  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        ListedMeasure.objects.filter(pk=fresh.pk).update(effective_to=days(90))
    over = scene.enter(text="过期的草稿", effective_to=days(1))
    with pytest.raises(MeasureRefused, match="已过"):
        keeping.approve(measure_id=over.pk, actor=scene.second, now=soon)


@pytest.mark.req("R83", "R54")
def test_before_approval_the_office_sees_whom_and_which_answers_it_would_meet(scene: Scene) -> None:
    row = scene.enter(effect="refused")
    for day in (1, 2):
        entry = scene.stands_on("judgment_defaulter")
        scene.checked(entry.subject, now=NOW - timedelta(days=day))
    long_ago = scene.stands_on("judgment_defaulter")
    scene.checked(long_ago.subject, now=NOW - timedelta(days=31))
    decided = scene.checked(long_ago.subject)
    deciding.decide(check_id=decided.pk, result="commitment", measures=None, actor=scene.clerk, now=NOW)
    elsewhere = factories.item_version(department=scene.unit, domain="approval")
    scene.checked(long_ago.subject, item_version=elsewhere)
    scene.stands_on("judgment_defaulter", until_on=days(-1))
    open_check = scene.checked(entry.subject)
    Draft.objects.create(
        clerk=scene.clerk, department=scene.unit, step="read", subject=entry.subject, check_made=open_check,
        item_version=scene.item, commitment_type="supervisory", opened_at=NOW, saved_at=NOW,
    )  # fmt: skip
    found = previewing.preview(row, today=TODAY)
    assert (found.subjects, found.checks, found.stricter, found.added, found.cut) == (3, 3, 3, 0, False)
    assert found.open_work == [("未办结的窗口草稿", 1)]
    milder = scene.enter(effect="reference", text="作为参考")
    found = previewing.preview(milder, today=TODAY)
    assert (found.stricter, found.added) == (0, 3)
    with CaptureQueriesContext(connection) as few:
        previewing.preview(row, today=TODAY)
    for _ in range(8):
        scene.checked(scene.stands_on("judgment_defaulter").subject)
    with CaptureQueriesContext(connection) as many:
        assert previewing.preview(row, today=TODAY).stricter == 11
    assert len(few) == len(many) == 4


# ---- applied and ended -------------------------------------------------------------------------------------


@pytest.mark.req("R86")
def test_a_measure_ends_with_its_record_in_the_same_transaction_and_with_the_days(scene: Scene) -> None:
    scene.listed()
    ways = {
        "repaired": lambda pk: services.mark_repaired(
            entry_id=pk, repaired_on=TODAY, operator=scene.first, now=NOW),
        "ended": lambda pk: services.end_entry(entry_id=pk, operator=scene.first, now=NOW),
        "revoked": lambda pk: services.revoke_entry(entry_id=pk, operator=scene.first, now=NOW),
    }  # fmt: skip
    for reason, act in ways.items():
        measure = scene.applied()
        with pytest.raises(RuntimeError), transaction.atomic():
            act(measure.entry_id)
            raise RuntimeError
        measure.refresh_from_db()
        assert measure.ended_on is None
        act(measure.entry_id)
        measure.refresh_from_db()
        assert (measure.ended_on, measure.end_reason) == (TODAY, reason)
    running = scene.applied(until_on=days(20))
    unlisted = scene.applied()
    assert ending.follow_the_days(now=NOW) == 0
    keeping.end(measure_id=unlisted.listed_id, last_day=days(3), actor=scene.first, now=NOW)
    assert ending.follow_the_days(now=NOW + timedelta(days=3)) == 0
    assert ending.follow_the_days(now=NOW + timedelta(days=5)) == 2
    for measure in (running, unlisted):
        measure.refresh_from_db()
        assert (measure.ended_on, measure.end_reason) == (days(3), "unlisted")
    assert ending.follow_the_days(now=NOW + timedelta(days=6)) == 0
    # Ended once, it stays as it ended: another cause changes nothing.
    services.end_entry(entry_id=unlisted.entry_id, operator=scene.first, now=NOW + timedelta(days=7))
    unlisted.refresh_from_db()
    assert (unlisted.ended_on, unlisted.end_reason) == (days(3), "unlisted")
    assert AuditEvent.objects.filter(verb="measure.ended").count() == 4


@pytest.mark.req("R86")
def test_many_terms_that_are_over_cost_no_more_than_few(scene: Scene) -> None:
    scene.listed()
    first = scene.applied()

    def many(number: int, last: date) -> int:
        rows = []
        for _ in range(number):
            entry = scene.stands_on("judgment_defaulter", until_on=last)
            rows.append(
                AppliedMeasure(
                    check_made=first.check_made, entry=entry, listed=first.listed, department=scene.unit,
                    region=scene.region, domain="procurement", effect="key", text="从严", basis="依据",
                    applied_on=TODAY,
                )
            )  # fmt: skip
        AppliedMeasure.objects.bulk_create(rows)
        with CaptureQueriesContext(connection) as queries:
            assert ending.follow_the_days(now=NOW + timedelta(days=30)) == number
        return len(queries)

    assert many(3, days(4)) == many(40, days(5))
    ended = AppliedMeasure.objects.exclude(ended_on=None)
    assert set(ended.values_list("ended_on", "end_reason")) == {(days(4), "term"), (days(5), "term")}
    assert AuditEvent.objects.filter(verb="measure.ended").count() == 2


@pytest.mark.req("R86", "R87")
def test_a_reward_is_lifted_by_one_and_a_sanction_only_by_two(scene: Scene) -> None:
    scene.listed()
    scene.listed(whom=scene.lists["exemplary"], effect="points", text="评审加分")
    reward, sanction = scene.applied("exemplary"), scene.applied()
    assert (reward.effect, sanction.effect) == ("points", "key")
    outsider = factories.staff(groups.OFFICER, department=factories.department(region="130111"))
    for actor in (outsider, scene.first, scene.clerk):
        with pytest.raises(CheckError, match="实施单位"):
            lifting.ask(measure_id=sanction.pk, reason="x", actor=actor, now=NOW)
    with pytest.raises(CheckError, match="请填写解除理由"):
        lifting.ask(measure_id=reward.pk, reason=" ", actor=scene.officer, now=NOW)
    lifting.ask(measure_id=reward.pk, reason="不再是典型", actor=scene.officer, now=NOW)
    reward.refresh_from_db()
    assert (reward.ended_on, reward.end_reason) == (TODAY, "lifted")
    asked = lifting.ask(measure_id=sanction.pk, reason="已经履行", actor=scene.officer, now=NOW)
    assert Notice.objects.filter(user=scene.head, kind="check").count() == 1
    with pytest.raises(CheckError, match="等待另一人"):
        lifting.ask(measure_id=sanction.pk, reason="再来", actor=scene.head, now=NOW)
    with pytest.raises(CheckError, match="另一人决定"):
        lifting.decide(measure_id=sanction.pk, allow=True, answer="好", actor=scene.officer, now=NOW)
    lifting.decide(measure_id=sanction.pk, allow=False, answer="没有证明", actor=scene.head, now=NOW)
    sanction.refresh_from_db()
    assert sanction.ended_on is None
    lifting.ask(measure_id=sanction.pk, reason="已有结案证明", actor=scene.officer, now=NOW)
    lifting.decide(measure_id=sanction.pk, allow=True, answer="属实", actor=scene.head, now=NOW)
    sanction.refresh_from_db()
    assert (sanction.ended_on, sanction.end_reason) == (TODAY, "lifted")
    with pytest.raises(CheckError, match="已于"):
        lifting.ask(measure_id=sanction.pk, reason="又来", actor=scene.officer, now=NOW)
    deeds = AuditEvent.objects.filter(verb="measure.lifting").order_by("pk")
    assert [one.facts["deed"] for one in deeds] == ["alone", "asked", "declined", "asked", "allowed"]
    for change in (
        lambda: MeasureLifting.objects.filter(pk=asked.pk).update(answer="改"),
        lambda: MeasureLifting.objects.all()._raw_delete("default"),
        lambda: AppliedMeasure.objects.filter(pk=reward.pk).update(text="改"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.req("R86")
def test_what_was_applied_is_counted_by_unit_and_month(scene: Scene) -> None:
    scene.listed()
    scene.listed(whom=scene.lists["exemplary"], effect="points", text="评审加分")
    measure = scene.applied()
    scene.applied()
    scene.applied("exemplary")
    lifting.ask(measure_id=measure.pk, reason="理由", actor=scene.officer, now=NOW)
    lifting.decide(measure_id=measure.pk, allow=True, answer="同意", actor=scene.head, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        found = counting.count(user=scene.first, first=date(2026, 8, 1), last=date(2026, 9, 30))
    assert len(queries) <= 6
    assert [month.label for month in found.months] == ["2026-08", "2026-09"]
    assert [(month.rewards, month.sanctions, month.ended) for month in found.months] == [(0, 0, 0), (1, 2, 1)]
    (unit,) = found.units
    assert (unit.label, unit.effects["key"], unit.effects["points"]) == (scene.unit.name, 2, 1)
    assert unit.reasons == {"lifted": 1}
    neighbour = factories.staff(groups.OFFICER, department=factories.department(region="130111"))
    assert not counting.count(user=neighbour, first=date(2026, 8, 1), last=date(2026, 9, 30)).units


# ---- told and fed back -------------------------------------------------------------------------------------


@pytest.mark.req("R86", "R107")
def test_the_monthly_list_says_which_measures_were_applied_and_where_was_looked(scene: Scene) -> None:
    scene.listed()
    entry = scene.stands_on("judgment_defaulter")
    check = scene.checked(entry.subject)
    plain = scene.checked(factories.subject())
    looking.look(
        check_id=check.pk, actor=scene.clerk, now=NOW,
        looked=[
            looking.Looked(result="found", source_name="中国执行信息公开网", address="https://zxgk.court.gov.cn/"),
            looking.Looked(result="unavailable", source_name="信用中国"),
        ],
    )  # fmt: skip
    looking.take_report(
        check_id=check.pk, number="X-1", issuer="某信用服务机构", issued_on=TODAY, summary="良好",
        actor=scene.clerk, now=NOW,
    )  # fmt: skip
    deciding.decide(check_id=check.pk, result="commitment", measures=None, actor=scene.clerk, now=NOW)
    first, second = usage.rows_of_checks([check, plain])
    assert first.measures == "从严审查资格" and second.measures == "适用承诺制（尚未办结）"
    assert first.usage.startswith(
        "查询本门户信用记录、中国执行信息公开网、信用中国（当时不能访问）、某信用服务机构信用报告 X-1（核查编号"
    )
    UsageNote.objects.create(check_made=check, kind="measure", text="约谈提醒", by=scene.officer, at=NOW)
    with CaptureQueriesContext(connection) as queries:
        (told, _) = usage.rows_of_checks([check, plain])
    assert told.measures == "约谈提醒" and len(queries) == 6


@pytest.mark.req("R86")
def test_without_a_platform_a_measure_is_fed_back_in_the_moment_of_applying(scene: Scene) -> None:
    scene.listed()
    assert scene.applied().fed_back_at == NOW
