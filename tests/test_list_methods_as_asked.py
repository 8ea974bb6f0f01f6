"""What the public was asked on stands beside what was adopted, changes by nothing but its opinion, and holds nobody's number."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from tests import factories
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.test_list_methods import NAME, PARTS, Unit, ok
from verification.list_methods import keeping
from verification.list_methods.keeping import MethodRefused
from verification.models import ListMethod

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
OTHER = dict.fromkeys(ListMethod.PARTS, "全部不许经营，终身列入。")


@pytest.mark.req("R78", "R129")
def test_a_method_on_which_nobody_was_heard_is_adopted_as_it_was_asked_or_asked_anew(monkeypatch):
    unit = Unit()
    row = unit.asked(days=1)
    no = keeping.give_opinion(method_id=row.pk, text="请不要这样。", now=NOW)
    monkeypatch.setattr(clock, "now", lambda: LATER)
    keeping.answer(opinion_id=no.pk, taken=False, text="没有理由。", actor=unit.officer, now=LATER)
    with pytest.raises(MethodRefused, match="没有采纳的意见"):
        keeping.rewrite(method_id=row.pk, parts=OTHER, actor=unit.officer, now=LATER)
    officer, desk = client_of(unit.officer), f"/desk/list-methods/{row.uuid}/"
    assert "do/rewrite/" not in ok(officer, desk)
    refused = officer.post(f"{desk}do/rewrite/", OTHER)
    assert refused.status_code == 422 and "没有采纳的意见" in refused.content.decode()
    keeping.drop(method_id=row.pk, actor=unit.officer, now=LATER)
    assert "起草下一版" in ok(officer, desk)
    assert unit.asked(now=LATER, parts=OTHER).number == 2


@pytest.mark.req("R78", "R129")
def test_what_was_asked_is_public_beside_what_was_made_of_it(monkeypatch):
    unit = Unit()
    row = unit.asked(days=1)
    said = keeping.give_opinion(method_id=row.pk, text="写明次数。", now=NOW)
    monkeypatch.setattr(clock, "now", lambda: LATER)
    keeping.answer(opinion_id=said.pk, taken=True, text="采纳。", actor=unit.officer, now=LATER)
    assert "征求意见时的内容" not in ok(Client(), f"/list-methods/{row.uuid}/")
    keeping.rewrite(method_id=row.pk, parts=PARTS | {"standard": "两次以上"}, actor=unit.officer, now=LATER)
    keeping.propose(
        method_id=row.pk, considered="采纳一条。", in_force_from=local_date(LATER), document_no="1", actor=unit.officer,
        now=LATER,
    )  # fmt: skip
    row = keeping.adopt(method_id=row.pk, actor=unit.head, now=LATER)
    for client, address in ((Client(), "/list-methods/"), (client_of(unit.officer), "/desk/list-methods/")):
        text = ok(client, f"{address}{row.uuid}/")
        assert text.count("征求意见时的内容") == 1 and "两次以上" in text and PARTS["standard"] in text
    assert row.asked_parts == PARTS
    asked = unit.asked(now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        ListMethod.objects.filter(pk=asked.pk).update(asked_parts=OTHER)


@pytest.mark.req("R78")
def test_nobodys_number_stands_in_what_the_public_reads_of_a_method():
    unit = Unit()
    number = f"例如张三（{factories.id_number()}）"
    for parts in (PARTS | {key: number} for key in PARTS):
        with pytest.raises(MethodRefused, match="像是身份证号码") as refused:
            unit.asked(parts=parts)
        assert parts[refused.value.field] == number
    with pytest.raises(MethodRefused, match="像是身份证号码") as refused:
        unit.asked(list_name=f"{number}名单")
    assert refused.value.field == "list_name"
    row = keeping.draft(kind="joint", list_name=NAME, parts=PARTS, actor=unit.officer, now=NOW)
    days = {"method_id": row.pk, "first": TODAY, "last": TODAY, "actor": unit.officer, "now": NOW}
    with pytest.raises(MethodRefused, match="手机号码") as refused:
        keeping.ask_public(**days, address="联系张三 13800138000")
    assert refused.value.field == "address"
    # What was drafted before is looked at when it goes out.
    ListMethod.objects.filter(pk=row.pk).update(standard=number)
    with pytest.raises(MethodRefused, match="像是身份证号码"):
        keeping.ask_public(**days, address="测试路1号")
