"""Exceptions from a check's answer, and what is shown against it."""

from datetime import timedelta

import pytest
from django.test import Client

from commitments import drafting, signing
from commitments.models import Draft
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from tests import factories as make
from tests.checking_stage import NOW, PNG, TODAY, Place, codes, picture, post
from tests.counter import Counter
from tests.office import client_of
from tests.scenes import mine
from verification.checking import deciding, looking, objecting, overriding
from verification.checking.handling import CheckError, answer_of
from verification.models import (
    Check,
    CheckObjection,
    CheckOverride,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


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
