"""Re-checks as everybody sees them, and their pages at the desk."""

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import breaches
from commitments.models import Recheck, RecheckPlan
from commitments.rechecks import answering, drawing, planning, rules
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from disclosure import recheck_figures, throttles
from tests import factories, listed
from tests.counter import signature_png
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.recheck_stage import BEFORE, Place, all_drawn
from tests.scenes import mine

pytestmark = pytest.mark.usefixtures("blank_papers")


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db, monkeypatch) -> Place:
    place = mine(built)
    monkeypatch.setattr(clock, "now", lambda: place.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(place.now))
    throttles.counter.forget()
    cache.clear()
    return place


def body(answer) -> str:
    return answer.content.decode()


@pytest.mark.req("R64")
def test_the_public_sees_counts_and_rates_from_ten_cases_on_and_no_names(place, client):
    rows = all_drawn(place)
    for row in rows[:9]:
        place.answer(row)
    page = body(client.get("/supervision/rechecks/"))
    assert "不足 10 件" in page and "履行率 <b>" not in page
    assert rows[0].round.seed not in page and rows[0].round.population_sha256 in page
    place.answer(rows[9])
    place.answer(rows[10], "doubt", doubtful=[1])
    place.answer(rows[11], "unable", obstacle="closed")
    cache.clear()
    counted = recheck_figures.figures(TODAY)
    # A doubt says nothing before it is cleared up.
    assert (counted.all.drawn, counted.all.looked, counted.all.settled, counted.all.kept) == (25, 11, 10, 10)
    assert [share.label for share in counted.departments] == [place.department.name]
    page = body(client.get("/supervision/rechecks/"))
    assert "履行率 <b>100%</b>" in page and place.department.name in page
    assert "已核查 11 件，未能核查 1 件" in page
    assert rows[0].commitment.subject_name not in page and rows[0].commitment.code not in page
    told = client.get("/api/v1/public/statistics").json()["rechecks"]
    assert (told["drawn"], told["looked"], told["kept"], told["percent"]) == (25, 11, 10, 100)
    for row in rows[12:]:
        place.answer(row)
    assert rows[0].round.seed in body(client.get("/supervision/rechecks/"))


def test_a_determined_breach_counts_once_served_and_a_dropped_one_as_kept(place):
    rows = all_drawn(place)
    for row in rows[:10]:
        place.answer(row)
    served, dropped = rows[10], rows[11]
    for row in (served, dropped):
        place.answer(row, "doubt", doubtful=[1])
    case = breaches.drop(
        case_id=Recheck.objects.get(pk=dropped.pk).case_id, expect="opened", reason="核实后没有违反承诺。",
        actor=place.officer, now=place.now,
    )  # fmt: skip
    assert case.state == "dropped"

    def counted() -> tuple[int, int]:
        cache.clear()
        of_all = recheck_figures.figures(local_date(place.now)).all
        return of_all.settled, of_all.kept

    assert counted() == (11, 11)
    place.commitment = served.commitment
    case = place.determined(
        case=place.proposed(case=place.noticed(case=Recheck.objects.get(pk=served.pk).case))
    )
    assert counted() == (11, 11)
    place.served(case=case)
    assert counted() == (12, 11) and recheck_figures.figures(local_date(place.now)).all.percent == 91


def test_the_figures_of_one_withheld_department_cannot_be_taken_from_the_sums(place):
    rows = all_drawn(place)
    for row in rows:
        place.answer(row)
    small = factories.department(region="130111")
    one = listed.commitment(department=small, made_on=BEFORE)
    clerk = factories.staff("officer", department=small)
    plan = planning.propose(told=place.told(), actor=clerk, now=NOW)
    planning.approve(plan_id=plan.pk, actor=place.credit, now=NOW)
    drawing.draw_due(plan_id=plan.pk, now=NOW)
    answering.answer(
        recheck_id=Recheck.objects.get(commitment=one).pk, finding="kept", found_on=TODAY,
        note="现场核查，都在做。", actor=clerk, now=NOW,
    )  # fmt: skip
    cache.clear()
    counted = recheck_figures.figures(TODAY)
    assert counted.withheld == 1 and counted.one_left_out and counted.all.drawn == 25
    assert [share.drawn for share in counted.regions] == [25]


@pytest.mark.req("R64")
def test_the_pages_lead_from_the_plan_to_the_finding(place):
    officer, head, credit = (client_of(user) for user in (place.officer, place.head, place.credit))
    wrong = officer.post(
        "/desk/rechecks/plans/new/", {"name": "", "starts_on": "昨天", "higher_percent": "400"}
    )
    assert wrong.status_code == 422
    made = officer.post(
        "/desk/rechecks/plans/new/",
        {
            "name": "三季度复核",
            "starts_on": TODAY.isoformat(),
            "types": ["approval"],
            "seed": "lottery-2026-0914",  # nobody is asked for one
        },
    )
    plan = RecheckPlan.objects.get(name="三季度复核")
    assert made.url == f"/desk/rechecks/plans/{plan.uuid}/"
    page = body(officer.get(made.url))
    assert "等候另一人批准" in page and "lottery" not in page
    assert officer.post(f"{made.url}approve/").status_code == 403
    unsaid = head.post(f"{made.url}reject/", {"reason": ""})
    assert unsaid.status_code == 422 and "理由" in body(unsaid)
    assert head.post(f"{made.url}anything/").status_code == 404
    assert "已批准" in body(head.post(f"{made.url}approve/", follow=True))
    assert "已抽取" in body(head.post(f"{made.url}draw/", follow=True))
    assert "不能抽取" not in body(head.post(f"{made.url}draw/", follow=True))
    drawn = plan.rounds.get()
    at = f"/desk/rechecks/rounds/{drawn.uuid}/"
    page = body(officer.get(at))
    assert drawn.seed in page and drawn.population_sha256 in page and "抽中 3 件" in page
    table = b"".join(officer.get(f"{at}population.csv").streaming_content).decode("utf-8-sig").splitlines()
    assert len(table) == 26 and table[0] == "承诺编码,层代码,层,排序值,抽中"
    population = [tuple(line.split(",")[:2]) for line in table[1:]]
    assert rules.fingerprint(population) == drawn.population_sha256
    again = rules.draw(
        population, seed=drawn.seed, number=drawn.number,
        percents=rules.percents_of(drawn.percent, higher=None, lower=None),
    )  # fmt: skip
    assert again == [line.split(",")[0] for line in table[1:] if line.endswith("是")]
    stranger = client_of(factories.staff("officer", department=factories.department(region="130111")))
    assert stranger.get(at).status_code == 404 and stranger.get(f"{at}population.csv").status_code == 404
    first, second, third = drawn.rechecks.order_by("pk")
    page = body(officer.get("/desk/rechecks/"))
    assert first.commitment.code in page and "2027-03-15" in page
    told = {"found_on": TODAY.isoformat(), "note": "现场核查，净化设施已经安装。"}
    one = f"/desk/rechecks/{first.uuid}/"
    assert officer.post(one, {"finding": "sure"} | told).status_code == 422
    assert "原因" in body(officer.post(one, {"finding": "unable"} | told))
    dropped = officer.post(one, {"finding": "unable", "obstacle": "moved", "doubtful": ["2"]} | told)
    assert dropped.status_code == 422 and "却是“未能核查”" in body(dropped)
    # All that is wrong is told in one round, beside what cannot be read.
    both = body(officer.post(one, {"finding": "unable", "doubtful": ["3"], "note": "无", "found_on": "昨天"}))
    for told_ in ("却是“未能核查”", "请选择未能核查的原因", "现为 1 个字", 'id="id_found_on_error"'):
        assert told_ in both, told_
    photo = SimpleUploadedFile("现场.png", signature_png(), content_type="image/png")
    done = officer.post(one, {"finding": "kept", "kept": ["2"], "proof": [photo]} | told, follow=True)
    assert "没有发现未履行" in body(done) and "登记为已履行" in body(done) and "现场.png" in body(done)
    file = Recheck.objects.get(pk=first.pk).evidence.get()
    assert officer.get(f"{one}files/{file.uuid}/")["Content-Type"] == "image/png"
    assert officer.get(f"{one}files/{place.file().uuid}/").status_code == 404
    assert stranger.get(one).status_code == 404
    assert "已经登记结果" in body(officer.post(one, {"finding": "kept"} | told, follow=True))
    doubt = officer.post(
        f"/desk/rechecks/{second.uuid}/", {"finding": "doubt", "doubtful": ["3"]} | told, follow=True
    )
    assert "已立案，案号" in body(doubt)
    assert "您的单位只能查看" in body(
        credit.post(f"/desk/rechecks/{third.uuid}/", {"finding": "kept"} | told, follow=True)
    )
    assert body(officer.get("/desk/rechecks/?state=answered")).count('class="lead"') == 2
    assert "三季度复核" in body(credit.get("/desk/rechecks/plans/"))
    assert "逐条履行情况" in body(officer.get(f"/desk/obligations/{first.commitment.code}/"))
    ended = head.post(f"{made.url}end/", {"reason": "不再需要"}, follow=True)
    assert "已停止" in body(ended)
    planned = credit.post(
        "/desk/rechecks/plans/new/",
        {
            "name": "全区复核",
            "starts_on": TODAY.isoformat(),
            "by_risk": "on",
            "higher_percent": "30",
            "lower_percent": "5",
        },
        follow=True,
    )
    assert "信用状况较差的 30%" in body(planned)


def test_lists_cost_the_same_however_long(place):
    rows = all_drawn(place)
    officer = client_of(place.officer)
    pages = (
        "/desk/rechecks/", "/desk/rechecks/plans/", f"/desk/rechecks/plans/{place.plan.uuid}/",
        f"/desk/rechecks/rounds/{rows[0].round.uuid}/", "/desk/rechecks/?state=answered", "/supervision/rechecks/",
    )  # fmt: skip

    def queries() -> list[int]:
        found = []
        for page in pages:
            cache.clear()
            with CaptureQueriesContext(connection) as counted:
                assert officer.get(page).status_code == 200
            found.append(len(counted))
        return found

    place.answer(rows[0])
    queries()
    few = queries()
    for row in rows[1:9]:
        place.answer(row)
    for _ in range(5):
        place.approved(planning.propose(told=place.told(), actor=place.officer, now=NOW))
    drawing.follow_the_days(now=NOW)
    queries()
    assert queries() == few
