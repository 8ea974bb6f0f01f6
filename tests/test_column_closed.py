"""What the column does not tell: what is not public, who acted, and whether there is anything behind an answer."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from commitments import drafting, presenting, signing
from commitments.models import Commitment
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject
from disclosure.services import decide_publicity, withdraw
from tests import factories
from tests.column import READ_AT, body, main_of, read_at, sign, walk, words
from tests.counter import Counter
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("blank_papers")

SEARCH = "/commitments/"
NAME = "栾城区演示恒泰食品有限公司"
HIDDEN = "栾城区演示隐名实业有限公司"
PERSON = "欧阳测试"
ID_NUMBER = factories.id_number(512)
PHONE = "13912345678"
CASE = "栾审2026-办件秘号"


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    with read_at(READ_AT, monkeypatch):
        yield


@pytest.fixture
def counter(db) -> Counter:
    found = Counter.open()
    CreditSubject.objects.filter(pk=found.subject.pk).update(name=NAME)
    found.subject.names.update(name=NAME)
    found.subject.refresh_from_db()
    return found


@pytest.fixture
def office(counter):
    """Two people of the credit office."""
    department = factories.department(kind="credit_office")
    return [factories.staff(groups.CREDIT_OFFICE, department=department) for _ in range(2)]


def detail(code: str) -> str:
    return reverse("disclosure:commitment", args=[code])


def public_by_two(row: Commitment, office: list) -> None:
    decide_publicity(
        commitment=row,
        publicity_class="public",
        reason="person_by_two",
        decided_by=office[0],
        second=office[1],
        now=NOW,
        note="两人决定公开",
    )


def correct(counter: Counter, row: Commitment, *, now) -> Commitment:
    draft = signing.start_correction(
        commitment_id=row.pk, clerk=counter.clerk, reason="有效期写错，重新签署", now=now
    )
    draft = drafting.check_draft(
        draft_id=draft.pk,
        clerk=counter.clerk,
        item_version_id=counter.item.pk,
        commitment_type="approval",
        late_materials=False,
        case_ref="",
        now=now,
    )
    counter.show(draft, now=now)
    presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=now)
    return counter.sign(draft, now=now)


WAYS_TO_END = {
    "withdrawn": lambda counter, row, office: withdraw(
        commitment=row, reason="trade_secret", actor=office[0], now=READ_AT
    ),
    "limited": lambda counter, row, office: decide_publicity(
        commitment=row,
        publicity_class="limited",
        reason="privacy",
        decided_by=office[0],
        second=None,
        now=NOW,
    ),
    "closed": lambda counter, row, office: decide_publicity(
        commitment=row,
        publicity_class="closed",
        reason="state_security",
        decided_by=office[0],
        second=None,
        now=NOW,
    ),
    "voided": lambda counter, row, office: signing.void(
        commitment_id=row.pk, clerk=counter.clerk, reason="事项选错，重新办理", now=NOW
    ),
    "corrected": lambda counter, row, office: correct(counter, row, now=READ_AT),
}


@pytest.mark.req("R90", "R92")
@pytest.mark.parametrize("way", WAYS_TO_END)
def test_what_is_taken_back_is_gone_from_every_page_at_the_next_request(client, counter, office, way):
    row = counter.sign()
    own, link = f"/subjects/{row.subject_code}/", detail(row.code)
    lists = ["/", SEARCH, f"{SEARCH}?q=恒泰", f"{SEARCH}?q={row.subject_code}", f"{SEARCH}?type=approval",
             f"{SEARCH}?item={counter.item.item.code}", own]  # fmt: skip
    verify = reverse("disclosure:verify", args=[row.verify_token])
    for path in (*lists, verify, "/api/"):
        page = main_of(body(client, path))
        assert (link in page) or (path == "/api/" and row.code in page), path
    assert NAME in body(client, link)
    assert client.get(SEARCH, {"q": row.code}).status_code == 302

    WAYS_TO_END[way](counter, row, office)

    replaced = way == "corrected"
    for path in (*lists, verify, "/api/"):
        page = main_of(body(client, path, 404 if path == own and not replaced else 200))
        assert link not in page, path
        assert row.code not in page or path == verify, path
        if not replaced:
            assert NAME not in page, path
    body(client, link, 404)
    assert "没有查到" in body(client, f"{SEARCH}?q={row.code}")
    assert ("公示中 1 份" if replaced else "还没有公示的承诺") in words(body(client, "/"))


@pytest.mark.req("R92", "R113")
def test_what_is_not_public_changes_no_page_no_count_no_filter_and_no_header(client, counter, office):
    open_row = counter.sign()
    company = factories.subject(name=HIDDEN)
    person = factories.person(name=PERSON, id_number=ID_NUMBER, phone=PHONE)
    expected_code = f"{open_row.code[:14]}000002"
    asked = [
        "/", SEARCH, f"{SEARCH}?q=演示", f"{SEARCH}?q=隐名", f"{SEARCH}?q={HIDDEN}", f"{SEARCH}?q={company.uscc}",
        f"{SEARCH}?q={PERSON}", f"{SEARCH}?q={PERSON[:2]}", f"{SEARCH}?q={ID_NUMBER}", f"{SEARCH}?q={PHONE}",
        f"{SEARCH}?q={expected_code}", f"{SEARCH}?type=approval", f"{SEARCH}?status=running",
        f"{SEARCH}?item={counter.item.item.code}", f"{SEARCH}?department={counter.clerk.department.uscc}",
        f"{SEARCH}?made_from=2026-09-14", f"{SEARCH}?region=130111", detail(open_row.code), detail(expected_code),
        f"/subjects/{open_row.subject_code}/", f"/subjects/{company.uscc}/", f"/subjects/{ID_NUMBER}/",
        "/catalogue/", "/texts/", "/rules/", "/api/", "/robots.txt",
    ]  # fmt: skip

    def answers() -> dict[str, tuple]:
        found = {}
        for path in asked:
            answer = client.get(path)
            # The one header that tells the hour of the answer.
            headers = {name: value for name, value in answer.headers.items() if name != "Expires"}
            found[path] = (answer.status_code, headers, answer.content)
        return found

    before = answers()
    first = sign(counter, subject=company, now=NOW)
    assert first.code == expected_code
    for way in ("limited", "closed", "voided", "withdrawn"):
        row = first if way == "limited" else sign(counter, subject=company)
        WAYS_TO_END[way](counter, row, office)
    sign(counter, subject=person)
    sign(counter, subject=company)
    Commitment.objects.filter(pk=Commitment.objects.latest("pk").pk).update(
        public_from=READ_AT + timedelta(hours=1)
    )
    after = answers()
    for path in asked:
        assert after[path] == before[path], path


def test_a_person_s_commitment_made_public_by_two_is_shown_masked_to_who_holds_its_code(
    client, counter, office
):
    person = factories.person(name=PERSON, id_number=ID_NUMBER, phone=PHONE)
    counter.text = factories.text_version(
        department=counter.clerk.department,
        commitment_type="approval",
        clauses=(
            ("pledge", f"{PERSON}（{ID_NUMBER}，{PHONE}）守法经营。", ()),
            *factories.CLAUSES[1:],
        ),
        item=counter.item.item,
    )
    row = sign(counter, subject=person)
    before = {path: main_of(body(client, path)) for path in ("/", SEARCH, f"{SEARCH}?q={PERSON}", "/api/")}
    public_by_two(row, office)
    page = body(client, detail(row.code))
    text = words(page)
    assert "欧阳＊＊" in text and "文中的个人信息已隐去" in text
    for secret in (PERSON, ID_NUMBER, PHONE, ID_NUMBER[6:14], PHONE[-4:]):
        assert secret not in page
    assert 'content="noindex,nofollow"' in page and "/subjects/" not in page
    # No list, no search, no count has it all the same.
    for path, earlier in before.items():
        assert main_of(body(client, path)) == earlier
    assert client.get(SEARCH, {"q": row.code})["Location"] == detail(row.code)


@pytest.mark.req("R92", "R113")
def test_a_person_s_name_or_number_is_answered_as_nothing_is(client, counter):
    """And the number goes into no address, no link and no page."""
    person = factories.person(name=PERSON, id_number=ID_NUMBER, phone=PHONE)
    sign(counter, subject=person)
    nobody = factories.id_number(513)
    wrong = factories.misprinted(ID_NUMBER)
    spaced = f"{ID_NUMBER[:6]} {ID_NUMBER[6:14]} {ID_NUMBER[14:]}"
    seen = set()
    for typed in (
        ID_NUMBER,
        nobody,
        wrong,
        spaced,
        f"{PERSON} {ID_NUMBER}",
        ID_NUMBER.lower(),
        PHONE,
        "139 1234 5678",
    ):
        answer = client.get(SEARCH, {"q": typed, "type": "approval"})
        assert answer.status_code == 302, typed
        target = answer["Location"]
        assert not set(re.findall("[0-9]{4,}", target)) and "%" not in target
        seen.add((target, body(client, target)))
    for number in (ID_NUMBER, nobody, wrong):
        answer = client.get(f"/subjects/{number}/")
        seen.add((answer["Location"], body(client, answer["Location"])))
    assert len(seen) == 1
    page = seen.pop()[1]
    assert "没有查到" in page and ID_NUMBER not in page

    known, unknown = (body(client, f"{SEARCH}?q={name}") for name in (PERSON, "欧阳没有"))
    assert main_of(known).replace(PERSON, "…") == main_of(unknown).replace("欧阳没有", "…")
    assert known.partition("<body>")[0] == unknown.partition("<body>")[0]
    assert "没有查到" in known


def test_a_subject_with_nothing_public_is_answered_as_an_unknown_one(client, counter, office):
    company = factories.subject(name=HIDDEN)
    row = sign(counter, subject=company)
    WAYS_TO_END["closed"](counter, row, office)
    unknown = factories.organisation_code()
    one, other = (body(client, f"/subjects/{code}/", 404) for code in (company.uscc, unknown))
    assert one.replace(company.uscc, "…") == other.replace(unknown, "…")
    assert HIDDEN not in one and "没有查到这个代码的公开信息" in one
    one, other = (body(client, f"{SEARCH}?q={code}") for code in (company.uscc, unknown))
    assert one.replace(company.uscc, "…") == other.replace(unknown, "…")
    one, other = (body(client, detail(code), 404) for code in (row.code, f"{row.code[:14]}999999"))
    assert one.replace(row.code, "…") == other.replace(f"{row.code[:14]}999999", "…")


def test_no_page_shows_who_acted_or_what_belongs_to_the_paper(client, counter, office):
    person = factories.person(name=PERSON, id_number=ID_NUMBER, phone=PHONE)
    company = counter.subject
    rows = [
        counter.sign(counter.ready(case_ref=CASE), signer_name="签字人甲"),
        sign(counter, subject=person, signer_name=PERSON),
    ]
    counter.subject = company
    rows.append(correct(counter, rows[0], now=READ_AT - timedelta(hours=1)))
    public_by_two(rows[1], office)
    pages = walk(client) | {detail(rows[1].code): body(client, detail(rows[1].code))}
    assert len(pages) > 10
    secrets = [
        CASE,
        "签字人甲",
        PERSON,
        ID_NUMBER,
        PHONE,
        "有效期写错",
        "两人决定公开",
        counter.clerk.username,
    ]
    secrets += [person.display_name for person in (counter.clerk, *office)]
    for row in rows:
        secrets += [row.verify_token, row.signature.sha256, str(row.draft_id), row.pdf.storage_name]
    for address, page in pages.items():
        for secret in secrets:
            assert secret and secret not in page, (address, secret)
        # What a paper is called in a command for developers is no paper of ours.
        assert ".pdf" not in page.replace("demo.pdf", "") and "签署人" not in page, address


@pytest.mark.req("R90")
def test_a_qr_code_tells_genuine_from_not_and_nothing_of_what_is_not_public(client, counter, office):
    def opened(row: Commitment) -> str:
        return words(main_of(body(client, reverse("disclosure:verify", args=[row.verify_token]))))

    row = counter.sign()
    text = opened(row)
    assert "核验通过" in text and row.code in text and "受理地 栾城区" in text
    assert row.text_sha256 in text.replace(" ", "") and row.pdf_sha256 in text.replace(" ", "")
    assert NAME not in text

    WAYS_TO_END["limited"](counter, row, office)
    text = opened(row)
    assert "核验通过" in text and row.code in text and "不在公示范围内" in text
    assert row.text_sha256 in text.replace(" ", "")
    for hidden in (NAME, row.subject_code, row.item_name, row.department_name, "栾城区", "2026-09-14"):
        assert hidden not in text

    voided = sign(counter)
    WAYS_TO_END["voided"](counter, voided, office)
    assert "已经作废" in opened(voided) and "核验通过" not in opened(voided)
    replaced = sign(counter)
    new = correct(counter, replaced, now=READ_AT)
    assert "已经更正" in opened(replaced) and new.code not in opened(replaced)
    assert "核验通过" in opened(new)

    answer = client.get("/verify/not-a-token/")
    assert answer.status_code == 404 and "核验不通过" in answer.content.decode()
    # A code opens nothing: only the token of the paper does.
    assert client.get(f"/verify/{row.code}/").status_code == 404
