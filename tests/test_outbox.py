"""Messages of the outbox: written with their fact, brought about once, put off, given up, and seen."""

from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction

from credit_portal.audit.models import AuditEvent
from credit_portal.outbox import changes, effects, notices, services, sweeping
from credit_portal.outbox.models import Message, Notice, PublicChange
from credit_portal.registry import staff
from tests import factories
from tests.factories import NOW

State = Message.State
MINUTE = timedelta(minutes=1)


@pytest.fixture
def effect(monkeypatch: pytest.MonkeyPatch):
    """An effect of the test's own: what it was called with, and whether it fails."""

    class Tried:
        calls: list[str] = []
        fails = False

        def __call__(self, payload: dict[str, Any], *, key: str, now) -> None:
            if self.fails:
                raise RuntimeError("对方没有应答")
            # A row of the same database: undone with the message's own transaction.
            PublicChange.objects.create(
                key=f"effect:{key}:{len(self.calls)}", kind="changed", resource="commitment",
                reference="x", at=now,
            )  # fmt: skip
            self.calls.append(key)

    tried = Tried()
    tried.calls = []
    monkeypatch.setattr(effects, "_effects", dict(effects._effects))
    effects.register_effect("test.effect", tried, label="试验", max_attempts=3)
    effects.register_effect("test.external", tried, label="试验", external=True, max_attempts=3)
    return tried


@transaction.atomic
def write(key: str = "a", effect: str = "test.effect", now=NOW) -> Message:
    return services.enqueue(effect=effect, key=key, payload={"id": 1}, now=now)


@pytest.mark.django_db
def test_a_message_is_written_in_the_transaction_of_its_fact_only(effect) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.enqueue(effect="test.effect", key="lost", payload={}, now=NOW)
        1 / 0  # noqa: B018
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_is_written(effect) -> None:
    with pytest.raises(RuntimeError, match="同一事务"):
        services.enqueue(effect="test.effect", key="a", payload={}, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["test.effect", "test.external"])
def test_delivered_ten_times_it_happens_once(effect, name: str) -> None:
    message = write(effect=name)
    assert [services.deliver(message_id=message.pk, now=NOW) for _ in range(10)] == [True] + [False] * 9
    assert effect.calls == ["a"]
    message.refresh_from_db()
    assert (message.state, message.done_at, message.attempts) == (State.DONE, NOW, 1)


@pytest.mark.django_db
def test_the_same_key_is_one_message(effect) -> None:
    assert write().pk == write().pk
    assert services.enqueue_many([Message(key="a", effect="x", created_at=NOW, due_at=NOW)]) == 0


@pytest.mark.django_db
def test_a_failing_effect_is_put_off_longer_each_time_then_given_up_and_seen(effect) -> None:
    effect.fails = True
    message = write()
    now = NOW
    for attempt, wait in ((1, MINUTE), (2, 2 * MINUTE)):
        assert services.deliver(message_id=message.pk, now=now) is False
        message.refresh_from_db()
        assert (message.state, message.attempts, message.due_at) == (State.WAITING, attempt, now + wait)
        assert "对方没有应答" in message.last_error
        assert services.deliver_due(now=now) == 0
        now += wait
    services.deliver(message_id=message.pk, now=now)
    message.refresh_from_db()
    assert message.state == State.FAILED
    assert AuditEvent.objects.filter(verb="message.failed", target_id=str(message.pk)).count() == 1
    assert services.deliver_due(now=now + timedelta(days=30)) == 0


def test_waiting_doubles_up_to_an_hour() -> None:
    waits = [effects.wait_after(attempt).total_seconds() / 60 for attempt in range(1, 10)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.django_db
def test_what_failed_is_taken_up_again_by_those_who_may_and_logged(effect) -> None:
    effect.fails = True
    message = write()
    Message.objects.filter(pk=message.pk).update(state=State.FAILED)
    with pytest.raises(services.MessageError, match="信用办或系统管理员"):
        services.retry(message_id=message.pk, actor=factories.staff("clerk"), now=NOW)
    services.retry(message_id=message.pk, actor=factories.staff("credit_office"), now=NOW)
    effect.fails = False
    assert services.deliver_due(now=NOW) == 1
    assert AuditEvent.objects.filter(verb="message.retried").count() == 1
    with pytest.raises(services.MessageError, match="不需要重新发送"):
        services.retry(message_id=message.pk, actor=factories.staff("credit_office"), now=NOW)


@pytest.mark.django_db
def test_a_claim_of_a_dead_process_runs_out_and_another_goes_on(effect) -> None:
    message = write()
    Message.objects.filter(pk=message.pk).update(claimed_until=NOW + services.LEASE, attempts=1)
    assert services.deliver_due(now=NOW + MINUTE) == 0
    assert services.deliver_due(now=NOW + services.LEASE + MINUTE) == 1


@pytest.mark.django_db
def test_an_effect_that_fails_after_writing_leaves_nothing(effect, monkeypatch) -> None:
    message = write()
    monkeypatch.setattr(services, "_mark_done", lambda *_: (_ for _ in ()).throw(RuntimeError("断电")))
    services.deliver(message_id=message.pk, now=NOW)
    assert not PublicChange.objects.exists()


@pytest.mark.django_db
def test_an_unknown_effect_waits_for_the_release_that_knows_it() -> None:
    message = write(effect="of.the.future")
    services.deliver(message_id=message.pk, now=NOW)
    message.refresh_from_db()
    assert message.state == State.WAITING and "of.the.future" in message.last_error


@pytest.mark.django_db(transaction=True)
def test_many_at_once_bring_each_message_about_once(effect) -> None:
    """Eight threads on the same fifty rows, each with a connection of its own."""
    ids = [write(key=f"k{number}").pk for number in range(50)]
    start = Barrier(8)

    def work() -> None:
        start.wait()
        for message_id in ids:
            services.deliver(message_id=message_id, now=NOW)
        connection.close()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(effect.calls) == sorted(f"k{number}" for number in range(50))
    assert Message.objects.filter(state=State.DONE).count() == 50


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_same_work_is_done_twice(effect, monkeypatch) -> None:
    """The negative control: the claim's protection off, the test above would see it."""
    message = write()
    monkeypatch.setattr(services, "_claim", lambda message_id, now: Message.objects.get(pk=message_id))
    monkeypatch.setattr(services, "_still_ours", lambda message: True)
    for _ in range(2):
        services.deliver(message_id=message.pk, now=NOW)
    assert len(effect.calls) == 2


@pytest.mark.django_db(transaction=True)
def test_one_sweep_at_a_time_and_a_failing_step_keeps_no_other_from_its_work(monkeypatch) -> None:
    done: list[str] = []

    def breaks(*, now) -> int:
        raise RuntimeError("坏了")

    def inner(*, now) -> int:
        # Another scheduler in the middle of this pass: it has a session of its own.
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [sweeping.LOCK])
            done.append("locked" if not cursor.fetchone()[0] else "open")
        other.close()
        return 3

    monkeypatch.setattr(sweeping, "_steps", {"breaks": breaks, "works": inner})
    assert sweeping.sweep(now=NOW) == {"breaks": -1, "works": 3}
    assert done == ["locked"]
    assert sweeping.last_pass()["at"] == NOW
    assert sweeping.sweep(now=NOW) == {"breaks": -1, "works": 3}


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_one_attempt_in_half_a_minute(effect, monkeypatch) -> None:
    tried: list[int] = []

    def away(*_: Any, **__: Any) -> None:
        tried.append(1)
        raise OSError("没有队列")

    monkeypatch.setattr(services.current_app, "send_task", away)
    monkeypatch.setattr(services, "_quiet_until", 0.0)
    for number in range(5):
        write(key=f"away{number}")
    assert len(tried) == 1 and Message.objects.count() == 5
    assert services.deliver_due(now=NOW) == 5
    monkeypatch.setattr(services, "_quiet_until", 0.0)


@pytest.mark.django_db
def test_notices_reach_inbox_mailbox_and_phone_once(settings, tmp_path: Path) -> None:
    settings.SMS_BACKEND, settings.DATA_DIR = "file", tmp_path
    chief = factories.staff("head")
    chief.email = "head@example.test"
    chief.mobile = "13900000000"
    chief.save()
    silent = factories.staff("officer", department=chief.department)
    told = {
        "users": [chief, silent], "key": "duty:1", "kind": "duty", "title": "1 项期限今日到期", "body": "看工作台",
        "link": "/desk/", "now": NOW,
    }  # fmt: skip
    assert (notices.notify(**told), notices.notify(**told)) == (2, 0)
    assert Notice.objects.count() == 2 and Message.objects.count() == 2
    assert services.deliver_due(now=NOW) == 2
    assert [letter.to for letter in mail.outbox] == [["head@example.test"]]
    assert "localhost" in mail.outbox[0].extra_headers["Message-ID"]
    (text,) = (tmp_path / "sms").iterdir()
    assert text.read_text().splitlines() == ["13900000000", "1 项期限今日到期"]
    again = Message.objects.get(effect=notices.SMS)
    notices.send_sms(again.payload, key=again.key, now=NOW)
    assert len(list((tmp_path / "sms").iterdir())) == 1
    assert notices.unread(chief) == 1
    assert notices.mark_read(user=silent, notice_ids=None, now=NOW) == 1
    assert notices.unread(chief) == 1


@pytest.mark.django_db
def test_a_mobile_number_of_staff_is_kept_sealed_and_checked() -> None:
    made = staff.create_staff(
        username="phone", display_name="甲", groups=["officer"], department=factories.department(),
        actor=None, now=NOW, mobile="139 0000 0000",
    )  # fmt: skip
    made.refresh_from_db()
    assert made.mobile == "13900000000" and "1390" not in made.mobile_sealed
    with pytest.raises(staff.StaffError, match="11 位"):
        staff.create_staff(
            username="wrong", display_name="甲", groups=["officer"], department=made.department,
            actor=None, now=NOW, mobile="0311",
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_changes_get_positions_in_order_and_one_opaque_id_a_publication() -> None:
    def tell(kind: str, key: str) -> None:
        with transaction.atomic():
            changes.record_change(kind=kind, resource="breach", reference="r", key=key, now=NOW)

    for kind, key in (("published", "1"), ("changed", "2"), ("withdrawn", "3"), ("published", "4")):
        tell(kind, key)
    tell("published", "4")
    rows = list(PublicChange.objects.order_by("position"))
    assert [row.position for row in rows] == [1, 2, 3, 4]
    assert len({row.opaque for row in rows[:3]}) == 1
    assert rows[3].opaque != rows[0].opaque


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-2, 2, 24 * 30, -24 * 400])
def test_a_worker_whose_clock_has_jumped_does_nothing_that_is_due(
    effect, monkeypatch, hours: int, caplog
) -> None:
    from credit_portal.audit import clock
    from credit_portal.outbox import tasks

    real = clock.now()
    message = write(now=real)
    monkeypatch.setattr(clock, "now", lambda: real + timedelta(hours=hours))
    swept: list[str] = []
    monkeypatch.setattr(sweeping, "_steps", {"step": lambda *, now: swept.append("x") or 1})
    tasks.deliver(message.pk)
    tasks.sweep()
    assert effect.calls == [] and swept == []
    assert "本机时钟" in caplog.text
    monkeypatch.setattr(clock, "now", lambda: real + timedelta(seconds=30))
    tasks.deliver(message.pk)
    tasks.sweep()
    assert effect.calls == ["a"] and swept == ["x"]
