"""Voluntary registration: told with proof, signed for, verified by the department, in the record from then on and not before;
and who should register."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from commitments import texts
from commitments.concluding import Upload
from commitments.models import Commitment, Draft, Registration, RegistrationBatch, RegistrationKind
from commitments.registrations import (
    adopting,
    assigning,
    expected,
    filling,
    following,
    rules,
    submitting,
    verifying,
)
from commitments.registrations.rules import (
    BY_ANSWER,
    BY_DEPARTMENT,
    BY_SUBJECT,
    BY_TIME,
    RegistrationError,
    State,
    Told,
)
from credit_portal.audit import clock
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.outbox.models import Message, Notice
from credit_portal.registry import catalogue, groups
from credit_portal.registry.personal_numbers import passages
from tests import factories as make
from tests import office, subjects
from tests.counter import signature_png
from tests.guild import Guild, row, sheet
from tests.scenes import mine
from tests.self_service import SIGNED, hidden
from verification import services as record
from verification.checking import own_record
from verification.models import CreditEntry

pytestmark = pytest.mark.django_db
NOW, TODAY = make.NOW, make.TODAY
LICENCE = Told(
    "qualification", "食品经营许可证", "栾城区行政审批局", date(2026, 1, 5), "", "JY2026001", date(2027, 1, 4)
)
GIFT = Told("welfare", "助学捐赠", "栾城区慈善总会", date(2026, 6, 1), "向三所学校捐赠图书。")


class Moment:
    now = NOW


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


class Desk:
    """A subject with its telephone, the office that has adopted the commitment to truth, the department that verifies."""

    def __init__(self) -> None:
        self.guild = Guild(members=1)
        self.subject = self.guild.hall.subject
        self.credit = self.guild.credit
        version = adopting.adopt(department=self.guild.credit_office, actor=self.credit, now=NOW)
        item = version.text.item.versions.get()
        catalogue.publish_item(version=item, valid_from=TODAY, actor=self.credit, now=NOW)
        texts.publish_text(version=version, valid_from=TODAY, actor=self.credit, now=NOW)
        self.item = version.text.item.versions.get()
        self.department = make.department(region="130111")
        self.officer = make.staff(groups.OFFICER, department=self.department)
        assigning.save_verifier(
            verifier=None, region=self.department.region, kind="qualification", department=self.department,
            actor=self.credit, now=NOW,
        )  # fmt: skip
        PolicyRule.objects.create(
            region=make.region(), key="registration_verification", value=10, unit="working_days", basis="S1 五",
            confirmed=True, effective_from=date(2020, 1, 1),
        )  # fmt: skip
        self.access = subjects.opened(self.subject, actor=self.guild.hall.clerk)

    def told(self, told: Told = LICENCE, **more: object) -> Registration:
        proof = Upload(signature_png(), "image/png", "证书.png")
        return filling.save(access=self.access, told=told, proof=proof, now=NOW, **more)

    def client(self, user: object = None):
        return subjects.client_of(self.access) if user is None else office.client_of(user)

    def submitted(self, *told: Told) -> list[Registration]:
        """Told, read, signed by the pages of every online commitment."""
        rows = [self.told(one) for one in (told or (LICENCE,))]
        client = self.client()
        answer = client.post("/me/registration/sign/", {"one": [str(one.uuid) for one in rows]})
        sign(client, answer["Location"])
        return [Registration.objects.get(pk=one.pk) for one in rows]


def read(client, address: str) -> None:
    for _ in range(6):
        page = client.get(address).content.decode()
        if "都看过了" in page:
            break
        told = {name: hidden(page, name) for name in ("part", "key", "seal")} | {"seconds": ""}
        assert client.post(f"{address}shown/", told).status_code == 302
    assert client.post(f"{address}finish/").status_code == 302


def sign(client, address: str) -> None:
    read(client, address)
    assert client.post(f"{address}sign/", SIGNED)["Location"] == address


@pytest.fixture(scope="module")
def built(scene) -> Desk:
    return scene(Desk)


@pytest.fixture
def desk(built, db) -> Desk:
    return mine(built)


# ---- pure --------------------------------------------------------------------------------------------------


@pytest.mark.req("R42", "R44")
def test_who_may_do_what_in_which_state_is_a_table_without_gaps():
    moves = {
        (before, after, who)
        for who, table in (("subject", BY_SUBJECT), ("department", BY_DEPARTMENT), ("time", BY_TIME))
        for after, befores in table.items()
        for before in befores
    }
    assert all(before in State and after in State for before, after, _ in moves)
    # An answer to an objection brings back what a wrong day has ended, and nothing else.
    assert {State.VERIFIED: {State.EXPIRED}} == BY_ANSWER
    # What is over stays over; nothing is verified by the subject, nothing submitted by the department.
    over = {State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.FALSE}
    assert not [move for move in moves if move[0] in over]
    assert {who for _, after, who in moves if after == State.VERIFIED} == {"department"}
    assert {who for _, after, who in moves if after == State.WITHDRAWN} == {"subject"}
    assert [str(label) for label in RegistrationKind.labels] == [
        "资质证照",
        "生产活动",
        "市场经营",
        "合同履行",
        "社会公益",
    ]


@pytest.mark.req("R42")
@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"kind": "other"}, "kind", "请选择信息种类"),
        ({"title": "证"}, "title", "2 至 100 个字，现为 1 个字"),
        ({"issuer": "\0"}, "issuer", "2 至 100 个字，现为 0 个字"),
        ({"issued_on": None}, "issued_on", "请填写出具日期"),
        ({"issued_on": TODAY + timedelta(days=1)}, "issued_on", "今天以前"),
        ({"valid_until": date(2025, 12, 31)}, "valid_until", "不能早于出具日期"),
        ({"valid_until": TODAY - timedelta(days=1)}, "valid_until", "已经到期"),
        ({"facts": "长" * 501}, "facts", "最多 500 个字，现为 501 个字"),
    ],
)
def test_what_is_wrong_is_said_by_field(changes, field, said):
    with pytest.raises(rules.FieldErrors) as refused:
        rules.checked(Told(**(vars(LICENCE) | changes)), today=TODAY)
    assert list(refused.value.errors) == [field] and said in refused.value.errors[field]


@pytest.mark.req("R42")
@pytest.mark.parametrize(
    "sha256", ["13800000000" * 6, "1" * 64, "a13912345678b" * 5, "130111198503071234" * 4]
)
def test_no_hash_reads_as_somebodys_number(sha256):
    assert passages(rules.list_line("ZC1301112026000001", 2, sha256)) == []


# ---- the way -----------------------------------------------------------------------------------------------


@pytest.mark.req("R42", "R44")
def test_told_signed_verified_and_only_then_in_the_record(desk):
    client = desk.client()
    wrong = client.post("/me/registration/new/", {"kind": "qualification", "title": "食品经营许可证"})
    assert wrong.status_code == 422 and "出具单位" in wrong.content.decode()
    sent = {
        "kind": "qualification", "title": "食品经营许可证", "issuer": "栾城区行政审批局", "document_no": "JY2026001",
        "issued_on": "2026-01-05", "valid_until": "2027-01-04", "facts": "",
    }  # fmt: skip
    lacking = client.post("/me/registration/new/", sent)
    assert lacking.status_code == 422 and "请上传证明文件" in lacking.content.decode()
    sent["proof"] = SimpleUploadedFile("证书.png", signature_png(), "image/png")
    assert client.post("/me/registration/new/", sent)["Location"] == "/me/registration/"
    row_ = Registration.objects.get()
    assert row_.state == "draft" and not CreditEntry.objects.filter(kind="registration").exists()
    assert desk.client(desk.officer).get(f"/desk/registration/{row_.uuid}/").status_code == 404
    second = desk.told(GIFT)
    address = client.post("/me/registration/sign/", {"one": [str(row_.uuid), str(second.uuid)]})["Location"]
    batch = RegistrationBatch.objects.get()
    page = client.get(f"{address}?part=text").content.decode()
    assert rules.list_line(batch.number, 2, batch.sha256) in page and "授权信用门户" in page
    sign(client, address)
    signed = Commitment.objects.get()
    row_.refresh_from_db()
    second.refresh_from_db()
    assert (row_.state, row_.department, row_.batch.commitment) == ("submitted", desk.department, signed)
    # No department was named for the other kind: the credit office verifies it.
    assert second.department == desk.guild.credit_office
    duty = Duty.objects.get(rule_key="registration_verification", matter_id=row_.pk)
    assert (duty.department, duty.state) == (desk.department, "open")
    assert Notice.objects.filter(kind="registration", user=desk.officer).count() == 1
    # Unverified it counts nowhere and is shown to its owner only, marked.
    assert "未核实，只有您看得到" in client.get("/me/registration/").content.decode()
    assert "食品经营许可证" not in client.get("/me/record/").content.decode()
    assert not record.entries_visible_to(desk.credit).filter(kind="registration").exists()
    before = desk.guild.hall.checked().check_made
    assert not [one for one in before.reasons if one["code"] == "registration"]
    officer = desk.client(desk.officer)
    assert "食品经营许可证" in officer.get("/desk/registration/").content.decode()
    page = officer.get(f"/desk/registration/{row_.uuid}/").content.decode()
    assert (
        signed.code in page and officer.get(f"/desk/registration/{row_.uuid}/files/proof/").status_code == 200
    )
    wrong = officer.post(f"/desk/registration/{row_.uuid}/verify/", {"reason": "对"})
    assert wrong.status_code == 422 and "核实情况 4 至 500 个字" in wrong.content.decode()
    assert (
        officer.post(
            f"/desk/registration/{row_.uuid}/verify/", {"reason": "与审批系统核对一致。"}
        ).status_code
        == 302
    )
    row_.refresh_from_db()
    entry = row_.entry
    assert (entry.kind, entry.verified, entry.until_on) == ("registration", True, date(2027, 1, 4))
    assert entry.source == f"自愿注册，{desk.department.name}核实"
    duty.refresh_from_db()
    assert duty.state == "met"
    told = client.get("/me/record/").content.decode()
    assert "资质证照：食品经营许可证" in told and entry.source in told
    after = desk.guild.hall.checked(fresh=True).check_made
    said = [one["text"] for one in after.reasons if one["code"] == "registration"]
    assert (
        len(said) == 1 and "仅供参考" in said[0] and entry.source in said[0] and after.route == before.route
    )
    assert entry in own_record.entries_told(desk.subject)
    # What was signed for is frozen.
    for change in ("title = 'x'", "valid_until = NULL"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE commitments_registration SET {change} WHERE id = %s", [row_.pk])
    answer = client.post(f"/me/registration/{row_.uuid}/edit/", sent, follow=True)
    assert "不能更改" in answer.content.decode()
    # Taken back, it is out of the record on the same day.
    client.post(f"/me/registration/{row_.uuid}/withdraw/")
    entry.refresh_from_db()
    row_.refresh_from_db()
    assert (row_.state, entry.state, entry.end_reason) == ("withdrawn", "ended", "主体撤回自愿注册")


@pytest.mark.req("R44")
def test_what_is_missing_is_asked_for_once_and_the_term_waits(desk, moment):
    (one,) = desk.submitted()
    verifying.ask(registration_id=one.pk, what="请补充许可证副本。", actor=desk.officer, now=NOW)
    duty = Duty.objects.get(rule_key="registration_verification")
    assert duty.state == "suspended"
    client = desk.client()
    assert "告知补正" in client.get("/me/").content.decode()
    wrong = client.post(f"/me/registration/{one.uuid}/answer/", {"text": "好"})
    assert wrong.status_code == 422
    moment.now = NOW + timedelta(days=2)
    client.post(
        f"/me/registration/{one.uuid}/answer/",
        {
            "text": "附上许可证副本。",
            "proof": SimpleUploadedFile("副本.png", signature_png(width=9), "image/png"),
        },
    )
    one.refresh_from_db()
    duty.refresh_from_db()
    assert (one.state, duty.state) == ("submitted", "open") and one.answer_proof is not None
    with pytest.raises(RegistrationError, match="已经告知补正过一次"):
        verifying.ask(registration_id=one.pk, what="再补充一份材料。", actor=desk.officer, now=moment.now)
    stranger = make.staff(groups.OFFICER, department=make.department(region="130111"))
    with pytest.raises(RegistrationError, match="由负责核实的部门办理"):
        verifying.refuse(registration_id=one.pk, reason="证明看不清楚。", actor=stranger, now=moment.now)
    verifying.refuse(
        registration_id=one.pk, reason="编号在系统中查不到。", actor=desk.officer, now=moment.now
    )
    assert "编号在系统中查不到" in client.get(f"/me/registration/{one.uuid}/").content.decode()
    assert not CreditEntry.objects.filter(kind="registration").exists()
    with pytest.raises(RegistrationError, match="不予核实"):
        verifying.verify(registration_id=one.pk, how="又查到了，属实。", actor=desk.officer, now=moment.now)


@pytest.mark.req("R44")
def test_another_department_is_handed_it_with_its_term(desk):
    (one,) = desk.submitted()
    other = make.department(region="130111")
    person = make.staff(groups.HEAD, department=other)
    client = desk.client(desk.officer)
    page = client.get(f"/desk/registration/{one.uuid}/").content.decode()
    assert other.name in page
    answer = client.post(
        f"/desk/registration/{one.uuid}/hand-over/", {"department": other.pk, "reason": "许可证由贵局发放。"}
    )
    assert answer["Location"] == "/desk/registration/"
    assert Duty.objects.get(rule_key="registration_verification").department == other
    assert client.get(f"/desk/registration/{one.uuid}/").status_code == 404
    verifying.verify(registration_id=one.pk, how="本局发放，属实。", actor=person, now=NOW)
    assert other.name in CreditEntry.objects.get(kind="registration").source


@pytest.mark.req("R42", "R44")
def test_it_expires_with_its_proof_and_is_told_of_before(desk, monkeypatch):
    soon = Told(**(vars(LICENCE) | {"valid_until": TODAY + timedelta(days=20)}))
    lasting = Told(**(vars(LICENCE) | {"valid_until": None, "title": "长期证书"}))
    rows = desk.submitted(soon, lasting)
    for one in rows:
        verifying.verify(registration_id=one.pk, how="核对一致，属实。", actor=desk.officer, now=NOW)
    desk.subject.phone = "13800000001"
    desk.subject.save()
    assert following.follow(now=NOW) == 1 and following.follow(now=NOW) == 0
    sent: list[str] = []
    monkeypatch.setattr(following.notices, "text_message", lambda *, number, text, key: sent.append(text))
    message = Message.objects.get(effect=following.SMS)
    following.send_sms(message.payload, key=message.key, now=NOW)
    assert "食品经营许可证" in sent[0]
    assert "证明到期" in desk.client().get("/me/").content.decode()
    last = NOW + timedelta(days=20)
    assert following.follow(now=last) == 0
    over = NOW + timedelta(days=21)
    with CaptureQueriesContext(connection) as few:
        assert following.follow(now=over) == 1
    assert len(few) < 40 and following.follow(now=over) == 0
    first, second = (Registration.objects.get(pk=one.pk) for one in rows)
    assert (first.state, second.state) == ("expired", "verified")
    assert (first.entry.state, first.entry.ended_on) == ("ended", TODAY + timedelta(days=20))
    # Wholly over, it can be registered anew, but not taken back or verified.
    with pytest.raises(RegistrationError, match="不需要撤回"):
        filling.withdraw(registration_uuid=first.uuid, access=desk.access, now=over)


@pytest.mark.req("R42", "R44")
def test_found_false_it_is_out_of_the_record_and_people_decide_the_rest(desk):
    (one,) = desk.submitted()
    verifying.verify(registration_id=one.pk, how="与系统核对一致。", actor=desk.officer, now=NOW)
    commitment = Commitment.objects.get()
    answer = desk.client(desk.officer).post(
        f"/desk/registration/{one.uuid}/revoke/", {"reason": "发证机关来函说明证书系伪造。"}, follow=True
    )
    page = answer.content.decode()
    assert "系统不自动认定" in page and commitment.code in page
    one.refresh_from_db()
    assert (one.state, one.entry.state) == ("false", "revoked")
    commitment.refresh_from_db()
    assert commitment.fulfilment == "running" and not commitment.breach_cases.exists()
    assert Notice.objects.filter(user=desk.credit, key=f"registration_false:{one.pk}").exists()


@pytest.mark.req("R42")
def test_what_was_changed_after_the_list_was_made_is_not_signed_for(desk):
    one = desk.told()
    client = desk.client()
    address = client.post("/me/registration/sign/", {"one": [str(one.uuid)]})["Location"]
    read(client, address)
    filling.save(
        access=desk.access,
        told=Told(**(vars(LICENCE) | {"title": "另一张许可证"})),
        registration_uuid=one.uuid,
        now=NOW,
    )
    refused = client.post(f"{address}sign/", SIGNED)
    assert refused.status_code == 422 and "有了变化" in refused.content.decode()
    assert not Commitment.objects.exists()
    # Prepared anew: the same draft, a new hash; what was read before has to be read again.
    assert client.post("/me/registration/sign/", {"one": [str(one.uuid)]})["Location"] == address
    assert Draft.objects.get().step == "read" and RegistrationBatch.objects.count() == 1
    sign(client, address)
    # The same text begun by itself leads nowhere: the list is what is signed for.
    plain = client.post(f"/me/sign/items/{desk.item.pk}/")["Location"]
    client.post(f"{plain}check/", {"commitment_type": "voluntary", "case_ref": ""})
    client.post(f"{plain}blanks/", {f"blank-{submitting.KEY}": "随便写的"})
    read(client, plain)
    again = client.post(f"{plain}sign/", SIGNED | {"confirm_duplicate": "on"})
    assert again.status_code == 422 and "从“自愿注册”页面进入签署" in again.content.decode()
    assert Commitment.objects.count() == 1
    wrong = client.post("/me/registration/sign/", {"one": ["x"]}, follow=True)
    assert "请勾选要提交的信息" in wrong.content.decode()
    gone = client.post("/me/registration/sign/", {"one": [str(one.uuid)]}, follow=True)
    assert "已经提交的" in gone.content.decode()


@pytest.mark.req("R42")
def test_when_the_commitment_to_truth_is_gone_what_rests_on_it_is_too(desk):
    first, second = desk.submitted(LICENCE, Told(**(vars(LICENCE) | {"title": "另一张许可证"})))
    verifying.verify(registration_id=first.pk, how="核对一致，属实。", actor=desk.officer, now=NOW)
    following.on_gone(commitment=Commitment.objects.get(), actor=None, now=NOW)
    rows = [Registration.objects.get(pk=one.pk) for one in (first, second)]
    assert [one.state for one in rows] == ["withdrawn", "withdrawn"]
    assert rows[0].entry.state == "ended"
    assert set(Duty.objects.filter(rule_key="registration_verification").values_list("state", flat=True)) == {
        "met", "cancelled",
    }  # fmt: skip


@pytest.mark.req("R42")
def test_a_second_list_of_the_day_is_signed_without_asking_and_the_receipt_names_it(desk):
    desk.submitted(LICENCE)
    gift, client = desk.told(GIFT), desk.client()
    address = client.post("/me/registration/sign/", {"one": [str(gift.uuid)]})["Location"]
    gift.refresh_from_db()
    # On a list that is being signed, it is shown as that and not offered to be changed.
    page = client.get("/me/registration/").content.decode()
    assert "正在签署" in page and gift.batch.number in page and address in page
    assert f"/me/registration/{gift.uuid}/edit/" not in page
    answer = client.get(f"/me/registration/{gift.uuid}/edit/", follow=True).content.decode()
    assert "先放弃这次签署" in answer
    sign(client, address)
    assert Commitment.objects.filter(registration_batch__isnull=False).count() == 2
    page = client.get(address).content.decode()
    gift.refresh_from_db()
    assert f'登记清单 <span class="mono">{gift.batch.number}</span>，1 条' in page
    assert f"{gift.department.name}核实" in page and "10 个工作日" in page and "回到自愿注册" in page


@pytest.mark.req("R42")
def test_others_and_those_who_may_only_look_reach_nothing(desk):
    one = desk.told()
    stranger = subjects.client_for(make.subject())
    for page in ("", "edit/", "files/proof/"):
        assert stranger.get(f"/me/registration/{one.uuid}/{page}").status_code == 404, page
    assert stranger.post(f"/me/registration/{one.uuid}/withdraw/").status_code == 404
    looker = subjects.client_for(desk.subject, capacity="agent", scope="view", actor=desk.guild.hall.clerk)
    page = looker.get("/me/registration/").content.decode()
    assert "您的授权只能查看" in page and looker.get("/me/registration/new/").status_code == 403


# ---- who should register -----------------------------------------------------------------------------------


@pytest.mark.req("R43")
def test_who_should_register_is_tracked_by_name_and_reminded_once_a_day(desk):
    firms = [desk.subject, *(make.subject() for _ in range(3))]
    desk.guild.take(
        [row(one) | ({"phone": "13800000003"} if at else {}) for at, one in enumerate(firms)],
        sort="above_scale",
    )
    (one,) = desk.submitted()
    figures = expected.figures(expected.on_lists(desk.credit, "above_scale", TODAY))
    assert (figures.all, figures.verified, figures.registered, figures.missing) == (4, 0, 1, 3)
    verifying.verify(registration_id=one.pk, how="核对一致，属实。", actor=desk.officer, now=NOW)
    client = desk.client(desk.credit)
    page = client.get("/desk/registration/lists/").content.decode()
    assert "规模以上企业名单" in page and "25%" in page
    page = client.get("/desk/registration/lists/above_scale/").content.decode()
    assert firms[1].name in page and desk.subject.name not in page
    page = client.get("/desk/registration/lists/above_scale/?state=verified").content.decode()
    assert desk.subject.name in page and firms[1].name not in page
    assert client.get("/desk/registration/lists/above_scale/list.xlsx").status_code == 200
    assert client.get("/desk/registration/lists/members/").status_code == 404
    done = client.post("/desk/registration/lists/above_scale/remind/", follow=True).content.decode()
    assert "已向 3 个企业发出短信提醒" in done
    done = client.post("/desk/registration/lists/above_scale/remind/", follow=True).content.decode()
    assert "今天已经提醒过" in done and Message.objects.filter(effect=expected.SMS).count() == 3
    assert "规模以上企业名单上，应当注册" in desk.client().get("/me/registration/").content.decode()
    # An association has no such list, an office no members.
    assert desk.client(desk.guild.staff).get("/desk/rosters/above_scale/").status_code == 403
    assert client.get("/desk/rosters/members/").status_code == 403
    sent = client.post(
        "/desk/rosters/model/",
        {"as_of": "2026-09-14", "file": SimpleUploadedFile("名单.xlsx", sheet([row(firms[1])]))},
        follow=True,
    )
    assert "列入 1 个" in sent.content.decode()


@pytest.mark.req("R42")
def test_an_office_adopts_the_shipped_commitment_once_and_publishes_it_itself(desk):
    client = desk.client(desk.credit)
    again = client.post("/desk/registration/adopt/", follow=True).content.decode()
    assert "本地区已有自愿注册的真实性承诺" in again
    place = make.department(kind="credit_office", region="410103")
    person = make.staff(groups.CREDIT_OFFICE, department=place)
    other = desk.client(person)
    assert "本地区还不能自愿注册" in other.get("/desk/registration/").content.decode()
    assert "已起草" in other.post("/desk/registration/adopt/", follow=True).content.decode()
    # A draft opens nothing.
    assert submitting.item_for(place.region, NOW) is None
    held = subjects.opened(make.subject(region="410103"))
    told = filling.save(
        access=held, told=LICENCE, proof=Upload(signature_png(), "image/png", "a.png"), now=NOW
    )
    with pytest.raises(RegistrationError, match="还没有开通"):
        submitting.prepare(access=held, uuids=[told.uuid], now=NOW)
