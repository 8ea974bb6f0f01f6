"""What the platform above should hold of each commitment, written as versions with the facts."""
# ruff: noqa: F811 - fixtures of the module beside these

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import collection_format as form
from commitments import fulfilment
from commitments.models import Commitment
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from disclosure import breach_publishing, services
from disclosure.exchange import (
    batches,
    noting,
    scanning,
)  # fmt: skip
from disclosure.models import ExchangeRecord
from tests import factories, listed, tables
from tests.breach_stage import Stage
from tests.exchanging import (
    State,
    last,
    noted,
    stage,  # noqa: F401 (fixtures)
    the_platform,
)
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.mark.req("R131")
def test_a_public_commitment_goes_up_once_with_a_duty(stage: Stage) -> None:
    the_platform()
    record = noted(stage.commitment)
    assert (record.version, record.operation, record.running, record.state) == (1, "put", True, State.WAITING)
    assert record.fields["11"] == "" and record.fields["19"] == "可向社会公开"
    assert noting.note(commitment_id=stage.commitment.pk, now=NOW) is None
    duty = Duty.objects.get(rule_key="commitment_upload", matter_id=stage.commitment.pk)
    assert duty.department == stage.office and duty.triggered_on == stage.commitment.made_on


def test_without_a_platform_nothing_is_noted(stage: Stage) -> None:
    assert noting.note(commitment_id=stage.commitment.pk, now=NOW) is None
    assert not ExchangeRecord.objects.exists() and not Duty.objects.exists()


def test_the_nearest_platform_is_used(stage: Stage) -> None:
    the_platform(region=factories.region("130100"))
    own = the_platform()
    assert noted(stage.commitment).platform == own


def test_a_running_commitment_is_held_back_where_the_platform_wants_so(stage: Stage) -> None:
    the_platform(running="hold")
    assert noting.note(commitment_id=stage.commitment.pk, now=NOW) is None
    fulfilment.record_fulfilment(
        commitment_id=stage.commitment.pk, status="fulfilled", actor=stage.officer, now=NOW
    )
    record = last(stage.commitment)
    assert record is not None and record.fields["11"] == "全部履行" and not record.running


@pytest.mark.parametrize(("wanted", "word"), [("other", "其他（监管辅助型）"), ("proof", "证明事项型")])
def test_the_supervisory_type_goes_as_the_office_set_it(stage: Stage, wanted: str, word: str) -> None:
    the_platform(supervisory_as=wanted)
    one = listed.commitment(department=stage.department, commitment_type="supervisory")
    record = noted(one)
    assert record.fields["5"] == word and record.state == State.WAITING


@pytest.mark.req("R74")
def test_a_breach_is_limited_above_until_people_decided_and_leaves_when_it_ends(stage: Stage) -> None:
    the_platform()
    noted(stage.commitment)
    report = stage.accepted()
    collected = last(stage.commitment)
    assert collected is not None and collected.version == 2
    assert collected.fields["11"] == "全部未履行" and collected.fields["19"] == "特定范围内公开"
    assert Duty.objects.filter(rule_key="platform_collection", matter_id=report.case_id).exists()
    publication = breach_publishing.decide_publication(
        case_id=report.case_id, publicity_class="public", reason="by_law", actor=stage.credit, now=stage.now
    )
    decided = last(stage.commitment)
    assert decided is not None and decided.version == 3 and decided.fields["19"] == "可向社会公开"
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    after = last(stage.commitment)
    assert after is not None and after.version == 4 and after.running
    assert [after.fields[number] for number in ("11", "12", "13")] == ["", "", ""]
    # None of those before has ever been sent, so that only the last one goes up.
    assert set(ExchangeRecord.objects.exclude(pk=after.pk).values_list("state", flat=True)) == {
        State.REPLACED
    }


def test_what_was_sent_is_withdrawn_and_what_never_was_is_not(stage: Stage) -> None:
    place = the_platform(adapter="http")
    sent, never = stage.commitment, listed.commitment(department=stage.department)
    noted(sent)
    batches.push_waiting(now=NOW)
    noted(never)
    assert batches.waiting(place, running=True).count() == 1
    for one in (sent, never):
        services.withdraw(commitment=one, reason="trade_secret", actor=stage.credit, now=NOW)
    gone = last(sent)
    assert gone is not None and gone.operation == "withdraw" and gone.fields == {}
    assert ExchangeRecord.objects.get(commitment=never).state == State.REPLACED
    # The withdrawal waits for the answer to the version before.
    assert not batches.waiting(place, running=False).exists()


def test_what_comes_back_to_the_public_goes_up_again(stage: Stage) -> None:
    the_platform()
    noted(stage.commitment)
    services.withdraw(commitment=stage.commitment, reason="trade_secret", actor=stage.credit, now=NOW)
    Commitment.objects.filter(pk=stage.commitment.pk).update(withdrawn_at=None)
    assert noted(stage.commitment).version == 2


def test_a_person_has_its_number_nowhere_but_in_what_leaves(stage: Stage) -> None:
    the_platform()
    person = Stage(person=True)
    report = person.accepted()
    record = last(person.commitment)
    assert record is not None and record.fields["4"] == form.SEALED
    number = person.commitment.subject.id_number
    assert noting.filled(record, person.commitment.subject)["4"] == number
    assert number not in json.dumps(list(AuditEvent.objects.values_list("facts", flat=True)), default=str)
    assert report.case.commitment_id == person.commitment.pk


@pytest.mark.req("R131")
@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_the_public_commitments_of_a_place_are_written_to_a_file(stage: Stage, tmp_path, kind: str) -> None:
    listed.commitment(department=stage.department, publicity_class="limited", public_from=None)
    gone = listed.commitment(department=stage.department)
    services.withdraw(commitment=gone, reason="trade_secret", actor=stage.credit, now=NOW)
    listed.commitment(department=factories.department(region="130129"))
    kept = listed.commitment(department=stage.department, fulfilment="fulfilled")
    person = Stage(person=True)
    person.accepted()
    stage.accepted()
    out = tmp_path / f"out.{kind}"
    call_command("export_commitments", "--region", "130111", "--format", kind, "--out", str(out))
    rows = {row["承诺编码"]: row for row in tables.read(out.name, out.read_bytes())}
    assert set(rows) == {stage.commitment.code, kept.code}
    # The breach is accepted, but nobody has decided to publish it.
    assert rows[stage.commitment.code]["承诺履行状态"] == "" and rows[kept.code]["承诺履行状态"] == "全部履行"
    assert out.stat().st_mode & 0o077 == 0
    event = AuditEvent.objects.get(verb="exchange.exported")
    assert event.facts["rows"] == 2 and event.target_id == "130111"
    for wrong, words in (
        (["--region", "999999", "--format", kind, "--out", str(out)], "没有代码为 999999 的行政区划"),
        (["--region", "130111", "--format", "doc", "--out", str(out)], "格式应为"),
        (["--region", "130111"], "缺少 --format、--out"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("export_commitments", *wrong)


def test_the_scan_finds_what_was_there_before_the_platform(stage: Stage) -> None:
    more = [listed.commitment(department=stage.department) for _ in range(3)]
    old = listed.commitment(department=stage.department, made_on=date(2019, 5, 1))
    the_platform()
    assert scanning.scan(now=NOW) == 4
    assert scanning.scan(now=NOW) == 0
    assert all(last(one) for one in more) and last(old) is None


@pytest.mark.req("R131")
def test_what_was_there_before_is_looked_through_in_sets_as_if_each_had_been_noted(stage: Stage) -> None:
    def scanned(number: int) -> int:
        made.extend(listed.commitment(department=stage.department) for _ in range(number))
        with CaptureQueriesContext(connection) as queries:
            assert scanning.scan(now=NOW) == number
        return len(queries)

    the_platform()
    made = [stage.commitment]
    assert noted(stage.commitment)
    scanning.scan(now=NOW)
    assert scanned(3) == scanned(40)
    duties = Duty.objects.filter(rule_key="commitment_upload")
    assert {duty.matter_id for duty in duties} == {one.pk for one in made}
    for duty in duties:
        assert duty.department == stage.office and duty.counted and duty.events.get().kind == "opened"
        assert AuditEvent.objects.filter(verb="duty.opened", target_id=str(duty.pk)).count() == 1
    like = {"number", "fields", "sha256", "commitment", "id", "created_at"}
    first, *others = [
        {key: value for key, value in row.items() if key.removesuffix("_id") not in like}
        for row in ExchangeRecord.objects.values()
    ]
    assert all(other == first for other in others)
    assert noting.note(commitment_id=made[-1].pk, now=NOW) is None
