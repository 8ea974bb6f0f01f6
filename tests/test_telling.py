"""What the notices say of the matter at hand: by department, publicity class, type, and what is still to be brought."""

import itertools

import pytest

from commitments import telling
from commitments.models import Draft
from credit_portal.overview.demo import foundation, items, self_service, words
from credit_portal.registry.models import CreditSubject, Department, ServiceItemVersion
from disclosure.rules import initial_class

KINDS = CreditSubject.Kind.values


def draft(
    *, kind: str = "organisation", public: str = "public", commitment_type: str = "approval", **fields
) -> Draft:
    item = ServiceItemVersion(
        name="食品经营许可",
        publicity_class=public,
        legal_basis="《中华人民共和国食品安全法》",
        validity_months=12,
    )
    return Draft(
        subject=CreditSubject(kind=kind),
        department=Department(name="栾城区市场监督管理局", phone="0311-80000001"),
        item_version=item,
        commitment_type=commitment_type,
        **fields,
    )


@pytest.mark.req("R18", "R92")
@pytest.mark.parametrize(("kind", "public"), itertools.product(KINDS, ("public", "limited", "closed")))
def test_who_will_see_it_is_said_as_it_will_be(kind, public):
    for commitment_type in ("approval", "voluntary", "repair"):
        one = draft(kind=kind, public=public, commitment_type=commitment_type)
        said = "\n".join(telling.notice_lines(one, ""))
        found, _reason = initial_class(kind, public, commitment_type=commitment_type)
        assert ("任何人可以查询" in said) == (found == "public")
        assert ("不向社会公开" in said or "不在信用承诺专栏公示" in said) == (found != "public")
        assert ("自然人的承诺" in said) == (kind == "person" and found == "limited")


@pytest.mark.req("R18")
def test_the_notices_name_the_department_that_takes_it_in_and_what_is_to_be_brought():
    said = telling.notice_lines(draft(), "")
    assert said[-1] == (
        "【接收和咨询】由栾城区市场监督管理局接收；有不明白的，问栾城区市场监督管理局，电话 0311-80000001。"
    )
    assert said[0] == "【本事项的依据】《中华人民共和国食品安全法》。" and "12 个月" in said[1]
    assert not any("补交" in line for line in said)
    late = "\n".join(telling.notice_lines(draft(late_materials=True), ""))
    assert "系统提醒" in late and "不另行" not in late
    # The text has named the law already.
    assert "【本事项的依据】" not in "".join(
        telling.notice_lines(draft(), "【依据】《中华人民共和国食品安全法》。")
    )
    privacy = telling.privacy_lines(draft(), ["【为什么】办理。"])
    assert (
        privacy[0] == "【谁处理】个人信息由接收承诺的栾城区市场监督管理局处理。"
        and privacy[1] == "【为什么】办理。"
    )
    assert "0311-80000001" in privacy[2] and "当面" in privacy[2]


@pytest.mark.req("R18")
def test_the_demonstrations_texts_leave_to_the_portal_what_differs_by_item():
    for kind in words.KINDS:
        said = words.notice(kind, what=words.WHAT[kind], basis="《法》", credit_office="信用办", publicity="")
        for untrue in ("公众可以查到", "专栏公示", "不另行催办", "行政审批局", "【咨询】"):
            assert untrue not in said, (kind, untrue)
    assert "【谁处理】" not in words.privacy_notice(credit_office="信用办")
    # Of days and figures is spoken where there are some to write.
    assert "日期和数目" in words.what_of(words.PARTICULAR["130111-YS001"][3])
    assert words.what_of(self_service.YEAR_BLANKS) == words.what_of(()) == "承诺做到承诺书所列的各条。"
    for item in items.ITEMS:
        basis = words.basis_of(item.basis, foundation.BASIS.get(item.region, ""))
        plain = [one.replace("的", "") for one in basis.split("》") if one]
        assert len(plain) == len(set(plain)), basis
