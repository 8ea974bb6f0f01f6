"""A late material of several pages: sent together, completed or replaced until it is looked at, returned with all of them."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction

from commitments.models import MaterialFile
from commitments.supplements import receiving
from commitments.supplements.course import SupplementError, SupplementMoved
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.documents.inspection import megabytes
from tests import office, subjects
from tests.counter import signature_png
from tests.factories import NOW
from tests.late_stage import HEALTH, Late, material
from tests.scenes import mine

pytestmark = pytest.mark.django_db


class Moment:
    now = NOW


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


class Place(Late):
    def __init__(self) -> None:
        super().__init__()
        self.one = self.supplement()
        self.holder = subjects.opened(self.one.commitment.subject, now=NOW)


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


def page(width: int, name: str = "") -> SimpleUploadedFile:
    """Another picture for each width."""
    return SimpleUploadedFile(name or f"第{width}页.png", signature_png(width=width), "image/png")


def names(place: Place, number: int = 2) -> list[str]:
    return [one.file.original_name for one in receiving.files_of(material(place.one, number))]


@pytest.mark.req("R37")
def test_several_pages_are_sent_completed_and_replaced_until_they_are_looked_at(place, moment):
    client = subjects.client_of(place.holder, now=NOW)
    address = f"/me/supplements/{place.one.uuid}/"
    send = f"{address}send/2/"
    assert "一项材料最多 9 个" in client.get(address).content.decode()
    many = client.post(send, {"send2-pages": [page(at) for at in range(1, 11)]})
    assert many.status_code == 422 and "最多 9 个文件" in many.content.decode()
    twice = client.post(send, {"send2-pages": [page(1), page(1, "又一次.png")]})
    assert twice.status_code == 422 and "“又一次.png”已经提交过" in twice.content.decode()
    assert not MaterialFile.objects.exists()
    assert client.post(send, {"send2-pages": [page(1), page(2)]}).status_code == 302
    assert names(place) == ["第1页.png", "第2页.png"]
    shown = client.get(address).content.decode()
    assert "第1页.png" in shown and "第2页.png" in shown and "补充或者更换提交的文件" in shown
    again = {"send2-again": "1"}
    lost = client.post(send, again | {"send2-pages": [page(3)]})
    assert lost.status_code == 422 and "请选择补在后面，还是换掉已提交的" in lost.content.decode()
    moment.now = NOW + timedelta(days=2)
    assert client.post(send, again | {"send2-how": "add", "send2-pages": [page(3)]}).status_code == 302
    assert names(place) == ["第1页.png", "第2页.png", "第3页.png"]
    over = client.post(send, again | {"send2-how": "add", "send2-pages": [page(at) for at in range(4, 12)]})
    assert over.status_code == 422 and "现有 3 个，这次选了 8 个" in over.content.decode()
    assert client.post(send, again | {"send2-how": "replace", "send2-pages": [page(5)]}).status_code == 302
    row = material(place.one, 2)
    assert names(place) == ["第5页.png"] and row.file.original_name == "第5页.png"
    assert (row.sent_on, row.state) == (moment.now.date(), "sent")
    steps = [
        event.facts["step"] for event in AuditEvent.objects.filter(verb="supplement.step").order_by("pk")
    ]
    assert [one for one in steps if "主体网上" in one] == [
        "主体网上提交第 2 项", "主体网上补充第 2 项", "主体网上更换第 2 项",
    ]  # fmt: skip
    gone = MaterialFile.objects.filter(ending="replaced").first()
    assert client.get(f"{address}files/{gone.file.uuid}/").status_code == 404
    for change in ({"ending": "returned"}, {"ended_at": None, "ending": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            MaterialFile.objects.filter(pk=gone.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        gone.delete()


@pytest.mark.req("R37")
def test_a_return_takes_all_pages_back_is_marked_and_what_came_in_time_never_becomes_late(place, moment):
    client, window = subjects.client_of(place.holder, now=NOW), office.client_of(place.clerk)
    address = f"/me/supplements/{place.one.uuid}/"
    client.post(f"{address}send/2/", {"send2-pages": [page(1), page(2)]})
    desk = window.get(f"/window/supplements/{place.one.uuid}/").content.decode()
    assert "提交的文件" in desk and "第1页.png" in desk and "第2页.png" in desk
    back = {"number": "2", "send_back2-reason": "第二页看不清，请重新拍。"}
    window.post(f"/window/supplements/{place.one.uuid}/do/send_back/", back)
    assert names(place) == []
    desk = window.get(f"/window/supplements/{place.one.uuid}/").content.decode()
    assert "退回的文件" in desk and "第1页.png" in desk
    home = client.get("/me/").content.decode()
    assert "以前重新补交退回的容缺材料 1 项，一共还有 2 项" in home
    assert "退回待重新提交 1 项" in client.get("/me/supplements/").content.decode()
    client.post(f"{address}send/2/", {"send2-pages": [page(1), page(4)]})
    assert "退回的容缺材料" not in client.get("/me/").content.decode()
    # The day is over: what came in time waits as it is.
    moment.now = NOW + timedelta(days=20)
    row = material(place.one, 2)
    assert not receiving.may_send_again(row, moment.now.date())
    assert "补充或者更换" not in client.get(address).content.decode()
    with pytest.raises(SupplementError, match=f"“{HEALTH}”的补交日期 .* 已过"):
        receiving.send(
            supplement_id=place.one.pk, number=2, access=place.holder, how="replace", now=moment.now,
            uploads=[(signature_png(width=7), "image/png", "新.png")],
        )  # fmt: skip
    assert names(place) == ["第1页.png", "第4页.png"]
    receiving.accept(supplement_id=place.one.pk, number=2, actor=place.clerk, now=moment.now)
    with pytest.raises(SupplementMoved, match="已收到"):
        receiving.send(
            supplement_id=place.one.pk, number=2, access=place.holder, how="add", now=moment.now,
            uploads=[(signature_png(width=8), "image/png", "新.png")],
        )  # fmt: skip


@pytest.mark.req("R37")
def test_a_file_that_is_too_large_is_told_with_its_own_size(place):
    client = subjects.client_of(place.holder, now=NOW)
    large = SimpleUploadedFile("材料.png", signature_png() + b"\0" * int(11.1 * 1024 * 1024), "image/png")
    said = client.post(f"/me/supplements/{place.one.uuid}/send/2/", {"send2-pages": [large]}).content.decode()
    assert "“材料.png”：文件有 11.2 MB，超过 10 MB" in said
    assert megabytes(10 * 1024 * 1024 + 1) == "10.1 MB" and megabytes(10 * 1024 * 1024) == "10.0 MB"
