"""The catalogue at work: scheduled starts and their withdrawal, what comes, items' own rules and texts, model texts adopted by
places, filing with the province, and the pages of all this (R20–R25, R33, R135)."""

import hashlib
import io
import zipfile
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from commitments import adopting, coming, model_texts, texts
from commitments.models import CommitmentText, ModelIssue, TextVersion
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.outbox.models import Notice
from credit_portal.registry import catalogue, groups
from credit_portal.registry.catalogue import CatalogueError, current_items
from credit_portal.registry.models import ServiceItemVersion
from credit_portal.registry.version_models import stage_of
from disclosure.catalogue import coverage, filing, own_rules
from disclosure.catalogue.exporting import versions_of
from disclosure.models import CatalogueFiling, CatalogueImport, ItemRules
from tests import factories
from tests.catalogue_stage import (
    CLAUSES,
    FIRST,
    NOW,
    RULES,
    TODAY,
    WORDS,
    Bureau,
    asks_for_own_papers,
)
from tests.office import client_of
from tests.scenes import mine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]

CODE = "130111-001"
DAY = timedelta(days=1)
AHEAD = TODAY + 10 * DAY


@pytest.fixture(scope="module")
def built(scene) -> Bureau:
    def build() -> Bureau:
        bureau = Bureau.open()
        first = bureau.item(CODE)
        bureau.next(first, on=AHEAD, promised_working_days=5)
        text = bureau.text("130111-SP")
        draft = texts.next_version(text=text.text, actor=bureau.keeper, now=NOW)
        draft = texts.revise_draft(
            version=draft, words={"scope": "办理食品经营许可和变更时使用。"}, actor=bureau.keeper, now=NOW
        )
        texts.publish_text(version=draft, valid_from=AHEAD, actor=bureau.keeper, now=NOW)
        return bureau

    return scene(build)


@pytest.fixture
def bureau(built, db, monkeypatch) -> Bureau:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return mine(built)


def version(number: int) -> ServiceItemVersion:
    return ServiceItemVersion.objects.get(item__code=CODE, number=number)


# ---- published ahead, withdrawn ----------------------------------------------------------------------------


@pytest.mark.req("R20")
def test_at_midnight_of_its_day_the_coming_version_takes_over_and_not_before(bureau):
    lineage = bureau.department.region.lineage

    def in_force(on: date) -> list[int]:
        return [one.number for one in current_items(lineage=lineage, on=on)]

    assert (in_force(AHEAD - DAY), in_force(AHEAD)) == ([1], [2])
    assert stage_of(version(2), AHEAD - DAY) == (f"自 {AHEAD} 起", "waiting")
    assert stage_of(version(2), AHEAD) == ("现行", "kept")
    assert stage_of(version(1), AHEAD - DAY) == (f"现行，至 {AHEAD - DAY}", "kept")
    assert stage_of(version(1), AHEAD) == ("历史", "running")
    text = CommitmentText.objects.get(code="130111-SP")
    for on, number in ((AHEAD - DAY, 1), (AHEAD, 2)):
        found = texts.text_for(
            item_version=version(1), commitment_type="approval", late_materials=False,
            region=bureau.department.region, on=on,
        )  # fmt: skip
        assert found is not None and (found.text_id, found.number) == (text.pk, number)


@pytest.mark.req("R20")
def test_what_is_published_ahead_is_withdrawn_with_a_reason_and_the_former_goes_on(bureau):
    for reason, said in (("", "请填写"), ("长" * 301, "最多 300 个字")):
        with pytest.raises(CatalogueError, match=said):
            catalogue.withdraw_item(version=version(2), reason=reason, actor=bureau.keeper, now=NOW)
    catalogue.withdraw_item(version=version(2), reason="时限还要核实。", actor=bureau.keeper, now=NOW)
    assert (version(1).status, version(1).valid_to) == ("published", None)
    gone = version(2)
    assert (gone.status, gone.withdrawn_reason, gone.withdrawn_by) == (
        "withdrawn",
        "时限还要核实。",
        bureau.keeper,
    )
    assert stage_of(gone, AHEAD)[0] == "已撤回"
    event = AuditEvent.objects.get(verb="item.withdrawn")
    assert event.facts["valid_from"] == str(AHEAD) and "时限" not in str(event.facts)
    assert [one.number for one in current_items(lineage=["130111"], on=AHEAD)] == [1]
    # The next one starts from what is in force, and its number is a new one.
    third = catalogue.draft_item(item=gone.item, fields={}, actor=bureau.keeper, now=NOW)
    assert (third.number, third.promised_working_days) == (3, 8)
    with pytest.raises(CatalogueError, match="不能撤回"):
        catalogue.withdraw_item(version=gone, reason="再撤", actor=bureau.keeper, now=NOW)
    text = CommitmentText.objects.get(code="130111-SP")
    texts.withdraw_text(version=text.versions.get(number=2), reason="暂缓。", actor=bureau.keeper, now=NOW)
    assert list(text.versions.order_by("number").values_list("status", "valid_to")) == [
        ("published", None),
        ("withdrawn", None),
    ]


def test_on_its_day_it_is_too_late_to_withdraw_and_the_database_says_so_too(bureau):
    on_the_day = NOW + 10 * DAY
    with pytest.raises(CatalogueError, match=f"已于 {AHEAD} 生效"):
        catalogue.withdraw_item(version=version(2), reason="晚了", actor=bureau.keeper, now=on_the_day)
    for change in (
        {"status": "withdrawn", "withdrawn_at": on_the_day, "withdrawn_reason": "晚了"},
        {"status": "withdrawn", "withdrawn_at": NOW, "withdrawn_reason": ""},
        {"status": "withdrawn", "withdrawn_at": NOW, "withdrawn_reason": "好", "name": "别的"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            ServiceItemVersion.objects.filter(item__code=CODE, number=2).update(**change)
    # A frozen version is thawed only where the one after it was withdrawn.
    with pytest.raises(DatabaseError), transaction.atomic():
        ServiceItemVersion.objects.filter(item__code=CODE, number=1).update(status="published", valid_to=None)
    stranger = factories.staff(groups.APPROVAL_BUREAU, department=factories.department(region="130129"))
    with pytest.raises(PermissionDenied):
        catalogue.withdraw_item(version=version(2), reason="外人", actor=stranger, now=NOW)


def test_what_changes_in_the_next_days_is_listed_with_what_it_replaces_in_five_queries(bureau):
    retiring = bureau.item("130111-002", name="旧事项")
    catalogue.retire_item(item=retiring.item, on=TODAY + 3 * DAY, actor=bureau.keeper, now=NOW)

    def told(days: int, today: date = TODAY) -> list[tuple[str, str, str, int | None]]:
        with CaptureQueriesContext(connection) as queries:
            rows = coming.coming(regions=["130111"], today=today, days=days)
        assert len(queries) <= 6
        return [(one.kind, one.code, one.deed, one.before.number if one.before else None) for one in rows]

    assert told(30) == [
        ("item", "130111-002", "停用", 1),
        ("item", CODE, "换版", 1),
        ("text", "130111-SP", "换版", 1),
    ]
    assert told(9) == [("item", "130111-002", "停用", 1)]
    assert told(30, AHEAD) == []


# ---- own rules and texts -----------------------------------------------------------------------------------


def issue(bureau: Bureau, item, on: date = FIRST, **more) -> ItemRules:
    return own_rules.issue(
        item=item, title="食品经营许可信用承诺实施细则", issuer=bureau.department, issued_on=FIRST, parts=RULES | more,
        effective_from=on, actor=bureau.keeper, now=NOW,
    )  # fmt: skip


@pytest.mark.req("R25", "R135")
def test_an_item_of_ones_own_is_published_only_with_its_rules_and_its_text_on_that_day(bureau):
    asks_for_own_papers()
    draft = catalogue.draft_item(
        code="130111-009", department=bureau.department,
        fields={"name": "户外广告", "domain": "approval", "allowed_types": ["approval"], "checkpoint": "acceptance", "legal_basis": "条例"},
        actor=bureau.keeper, now=NOW,
    )  # fmt: skip

    def refusal(on: date = TODAY) -> str:
        with pytest.raises(CatalogueError) as refused:
            catalogue.publish_item(version=draft, valid_from=on, actor=bureau.keeper, now=NOW)
        return str(refused.value)

    assert "专用的" in refusal() and "实施细则" in refusal() and "四（二）" in refusal()
    issue(bureau, draft.item, on=TODAY)
    assert "实施细则" not in refusal().replace("信用承诺实施细则", "") or "缺少这个事项专用的" in refusal()
    bureau.text("130111-009-SP", item=draft.item, on=TODAY + DAY)
    assert "专用的" in refusal(TODAY) and "施行的信用承诺实施细则" in refusal(TODAY - DAY)
    done = catalogue.publish_item(version=draft, valid_from=TODAY + DAY, actor=bureau.keeper, now=NOW)
    assert done.status == "published"
    # Where no confirmed rule asks for it, and of other types, nothing is refused.
    bureau.item("130111-010", allowed_types=["supervisory"], allows_late_materials=False, materials=[])
    elsewhere = Bureau.open("410103")
    elsewhere.item("410103-001")


@pytest.mark.req("R25")
def test_an_unconfirmed_rule_only_reminds(bureau):
    asks_for_own_papers(confirmed=False)
    made = bureau.item("130111-011")
    assert [refuses for _, refuses in own_rules.found(made, TODAY)] == [False, False]


def test_rules_are_kept_version_by_version_and_never_changed(bureau):
    item = version(1).item
    first = issue(bureau, item)
    with pytest.raises(ValidationError, match="须晚于这一天"):
        issue(bureau, item)
    with pytest.raises(ValidationError) as refused:
        issue(bureau, item, on=TODAY, supervision=" ")
    assert "supervision" in refused.value.message_dict
    second = issue(bureau, item, on=TODAY, repair="三个月后申请。")
    first.refresh_from_db()
    assert (first.effective_to, second.number) == (TODAY - DAY, 2)
    assert own_rules.in_force(TODAY - DAY).get(item=item) == first
    with pytest.raises(DatabaseError), transaction.atomic():
        ItemRules.objects.filter(pk=first.pk).update(repair="别的")


# ---- model texts -------------------------------------------------------------------------------------------


def model_draft(office: Bureau, code: str = "130000-SF") -> TextVersion:
    return texts.draft_text(
        code=code, department=office.department, commitment_type="approval", origin="provincial",
        words=WORDS | {"notice": "由{单位}提供，电话{电话}。"},
        clauses=(CLAUSES[0], type(CLAUSES[0])(2, "pledge", "接受{单位}核查。", ("accept_supervision",)), type(CLAUSES[0])(3, "liability", "撤销许可。", ())),
        actor=office.keeper, now=NOW,
    )  # fmt: skip


def issued(keys: tuple[str, ...] = ("单位", "电话")) -> model_texts.Issued:
    return model_texts.Issued("关于印发示范文本的通知", "冀示〔2026〕1号", FIRST, "ab" * 32, keys)


@pytest.mark.req("R24")
def test_a_model_is_issued_by_the_province_and_adopted_without_a_word_changed(bureau):
    province = Bureau.open("130000")
    with pytest.raises(texts.TextError, match="由省级录入"):
        bureau.text("130111-假", origin="provincial")
    draft = model_draft(province)
    with pytest.raises(texts.TextError, match="没有登记印发文件"):
        texts.publish_text(version=draft, valid_from=FIRST, actor=province.keeper, now=NOW)
    for keys, said in ((("没有",), "没有空白"),):
        with pytest.raises(ValidationError, match=said):
            model_texts.enter_issue(version=draft, issued=issued(keys), actor=province.keeper, now=NOW)
    model_texts.enter_issue(version=draft, issued=issued(), actor=province.keeper, now=NOW)
    model = texts.publish_text(version=draft, valid_from=FIRST, actor=province.keeper, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        ModelIssue.objects.filter(version=model).update(number="别的")
    # With blanks for places it is not signed as it stands.
    asks_for_own_papers()
    item = version(1)
    common = {
        "model": model, "code": "130111-SF", "department": bureau.department, "item": item.item,
        "actor": bureau.keeper, "now": NOW,
    }  # fmt: skip
    with pytest.raises(texts.TextError, match="“电话”：没有填写"):
        adopting.adopt(**common, values={"单位": "某局"}, valid_from=TODAY)
    with pytest.raises(texts.TextError, match="不能早于这一天"):
        adopting.adopt(**common, values={"单位": "某局", "电话": "1"}, valid_from=FIRST - DAY)
    adopted = adopting.adopt(**common, values={"单位": "栾城局", "电话": "0311"}, valid_from=FIRST)
    assert adopted.adopts == model and adopted.text.model == model.text
    assert [row.body for row in adopted.clauses.all()] == [CLAUSES[0].body, "接受栾城局核查。", "撤销许可。"]
    assert adopted.notice == "由栾城局提供，电话0311。" and adopted.sha256 != model.sha256
    for attempt in (
        lambda: texts.next_version(text=adopted.text, actor=bureau.keeper, now=NOW),
        lambda: texts.revise_draft(version=adopted, words={"title": "改"}, actor=bureau.keeper, now=NOW),
    ):
        with pytest.raises(texts.TextError):
            attempt()
    used = texts.text_for(
        item_version=item, commitment_type="approval", late_materials=False, region=bureau.department.region,
        on=TODAY,
    )  # fmt: skip
    assert used == adopted
    # An item under a model text needs neither rules nor a text of its own.
    assert own_rules.missing(item, TODAY) == []

    newer = texts.next_version(text=model.text, actor=province.keeper, now=NOW)
    model_texts.enter_issue(version=newer, issued=issued(), actor=province.keeper, now=NOW)
    newer = texts.publish_text(version=newer, valid_from=AHEAD, actor=province.keeper, now=NOW)
    notices = Notice.objects.filter(kind="model_text")
    assert {one.user for one in notices} == {bureau.keeper, bureau.other}
    assert model_texts.behind(["130111"], TODAY) == [(adopted, newer)]
    with pytest.raises(texts.TextError, match="不能早于这一天"):
        adopting.follow(text=adopted.text, model=newer, values=adopted.place_values, valid_from=TODAY, actor=bureau.keeper, now=NOW)  # fmt: skip
    followed = adopting.follow(
        text=adopted.text, model=newer, values=adopted.place_values, valid_from=AHEAD, actor=bureau.keeper, now=NOW
    )  # fmt: skip
    adopted.refresh_from_db()
    assert (followed.number, adopted.valid_to) == (2, AHEAD - DAY) and not model_texts.behind(
        ["130111"], TODAY
    )


# ---- filing ------------------------------------------------------------------------------------------------


def files_of(row: CatalogueFiling) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bytes(row.content))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.mark.req("R21")
def test_the_package_holds_everything_with_its_hashes_and_the_next_counts_from_it(bureau):
    issue(bureau, version(1).item)
    region, letter = bureau.department.region, filing.Letter("栾审〔2026〕3号")
    row = filing.pack(region=region, letter=letter, actor=bureau.keeper, now=NOW)
    files = files_of(row)
    assert sorted(files) == sorted(
        [
            "1-报送函.pdf", "2-信用承诺应用事项目录.xlsx", "3-变化和覆盖情况.xlsx", "4-实施细则目录.xlsx",
            "5-承诺书文本/130111-SP.txt", f"6-实施细则/{CODE}.txt", "校验清单.sha256",
        ]
    )  # fmt: skip
    manifest = dict(line.split("  ", 1)[::-1] for line in files["校验清单.sha256"].decode().splitlines())
    assert manifest == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != "校验清单.sha256"
    }
    text = TextVersion.objects.get(text__code="130111-SP", number=1)
    assert text.sha256 in files["5-承诺书文本/130111-SP.txt"].decode()
    assert [(one["deed"], one["code"]) for one in row.changes] == [("新增", CODE)]
    with pytest.raises(ValidationError, match="先登记报送"):
        filing.note_receipt(filing_id=row.pk, receipt_no="1", on=TODAY, actor=bureau.keeper, now=NOW)
    filing.note_filed(filing_id=row.pk, on=TODAY, actor=bureau.keeper, now=NOW)
    assert filing.pending(region, on=TODAY)[1] == []
    later = NOW + 12 * DAY
    filing.note_receipt(filing_id=row.pk, receipt_no="冀备1", on=later.date(), actor=bureau.keeper, now=later)
    with pytest.raises(ValidationError, match="已登记回执"):
        filing.note_receipt(
            filing_id=row.pk, receipt_no="冀备2", on=later.date(), actor=bureau.keeper, now=later
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        CatalogueFiling.objects.filter(pk=row.pk).update(receipt_no="别的")
    with pytest.raises(DatabaseError), transaction.atomic():
        CatalogueFiling.objects.filter(pk=row.pk).update(changes=[])
    bureau.item("130111-007", name="新事项")
    _, changes = filing.pending(region, on=AHEAD)
    assert [(one["deed"], one["code"], one["fields"]) for one in changes] == [
        ("新增", "130111-007", []),
        ("调整", CODE, ["承诺办结时限（工作日）"]),
    ]
    catalogue.retire_item(item=version(1).item, on=AHEAD, actor=bureau.keeper, now=NOW)
    assert [one["deed"] for one in filing.pending(region, on=AHEAD)[1]] == ["新增", "停用"]


@pytest.mark.req("R23")
def test_the_areas_of_the_supervisory_type_are_each_covered_or_not(bureau):
    found = {one.area.label: len(one.items) for one in coverage.coverage(versions_of(["130111"], on=TODAY))}
    assert len(found) == 8 and found.pop("行政审批") == 1 and set(found.values()) == {0}
    bureau.item(
        "130111-E", domain="exams", allowed_types=["supervisory"], allows_late_materials=False, materials=[]
    )
    assert {one.area.label for one in coverage.coverage(versions_of(["130111"], on=TODAY)) if one.items} == {
        "行政审批",
        "各类考试考核",
    }


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.req("R20", "R33")
def test_the_public_page_of_an_item_shows_its_versions_texts_rules_and_what_comes(bureau, client):
    issue(bureau, version(1).item)
    page = client.get(f"/catalogue/{CODE}/")
    said = page.content.decode()
    assert page.status_code == 200
    for words in (
        "食品经营许可", "场所｜使用证明", "8 个工作日", "食品经营告知承诺书", "违背承诺的，许可依法撤销。",
        "食品经营许可信用承诺实施细则", "撤销许可。", f"自 {AHEAD} 起", "由第 2 版替代",
    ):  # fmt: skip
        assert (
            words in said or words.replace(f"{AHEAD}", f'<span class="mono nowrap">{AHEAD}</span>') in said
        ), words
    compared = client.get(f"/catalogue/{CODE}/compare/?a=1&b=2").content.decode()
    assert "<del>" in compared and "（增加：</span>5" in compared
    assert client.get(f"/catalogue/{CODE}/compare/?a=9").status_code == 404
    assert client.get("/texts/130111-SP/compare/").status_code == 200
    assert client.get("/catalogue/无此事项/").status_code == 404
    told = client.get(f"/api/v1/public/catalogue/{CODE}").json()
    assert told["item"]["page"].startswith("/catalogue/") and told["in_force"]
    assert [one["version"] for one in told["versions"]] == [2, 1]
    assert told["texts"][0]["code"] == "130111-SP" and told["rules"]["scope"] == RULES["scope"]
    assert client.get("/api/v1/public/catalogue/x").status_code == 404
    # A mere draft is nobody's business yet.
    catalogue.draft_item(
        code="130111-D", department=bureau.department, fields={"name": "草", "domain": "other", "allowed_types": ["voluntary"], "checkpoint": "none"},
        actor=bureau.keeper, now=NOW,
    )  # fmt: skip
    assert client.get("/catalogue/130111-D/").status_code == 404


def test_lists_ask_as_many_questions_for_many_items_as_for_few(bureau, client):
    staff = client_of(bureau.keeper)
    pages = (
        "/desk/catalogue/",
        "/desk/catalogue/changes/",
        "/desk/catalogue/coverage/",
        "/desk/catalogue/models/",
        "/desk/catalogue/filings/",
        "/catalogue/",
    )

    def asked() -> list[int]:
        counts = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert staff.get(page).status_code == 200, page
            counts.append(len(queries))
        return counts

    asked()
    before = asked()
    for number in range(6):
        made = bureau.item(f"130111-Z{number}", allowed_types=["approval", "supervisory"], domain="exams")
        bureau.next(made, on=AHEAD, promised_working_days=6)
    assert asked() == before


def test_a_keeper_imports_compares_publishes_ahead_and_files_at_the_desk(bureau):
    staff = client_of(bureau.keeper)
    workbook = staff.get("/desk/catalogue/export/?region=130111&format=csv")
    assert workbook["Content-Type"].startswith("text/csv")
    content = workbook.content.decode("utf-8-sig").replace("食品经营许可和备案管理办法", "食品安全法")
    answer = staff.post("/desk/catalogue/imports/", {"file": named(content.encode(), "目录.csv")})
    assert answer.status_code == 302
    page = staff.get(answer.url)
    assert "有变化" in page.content.decode()
    asked = [line.code for line in page.context["asked"]]
    taken = {"seen": page.context["looked"].digest, "deed": "take", "overwrite": asked}
    done = staff.post(answer.url, taken)
    assert done.status_code == 302 and CatalogueImport.objects.get().drafts == 1
    assert staff.get(done.url).status_code == 200
    assert staff.get(f"{done.url}faults.xlsx").status_code == 200
    # A file is its own department's; an officer has no part in it.
    another = factories.staff(groups.CREDIT_OFFICE, department=factories.department())
    officer = factories.staff(groups.OFFICER, department=bureau.department)
    assert client_of(another).get(done.url).status_code == 404
    assert client_of(officer).get(done.url).status_code == 403
    compared = staff.get(f"/desk/catalogue/items/{CODE}/compare/").content.decode()
    assert "第 3 版（草稿）" in compared and "安全" in compared and "<del>" in compared
    assert staff.get(f"/desk/catalogue/items/{CODE}/").status_code == 200
    assert staff.post("/desk/catalogue/imports/", {"file": named(b"", "a.xlsx")}).status_code == 422
    rules = {
        "title": "细则",
        "issuer": bureau.department.pk,
        "issued_on": "2026-01-01",
        "effective_from": "2026-02-01",
    }
    assert staff.post(f"/desk/catalogue/items/{CODE}/rules/", rules).status_code == 422
    assert staff.post(f"/desk/catalogue/items/{CODE}/rules/", rules | RULES).status_code == 302
    packed = staff.post(
        "/desk/catalogue/filings/new/", {"region": "130111", "letter_no": "栾审1号", "recipient": "省信用办"}
    )
    assert packed.status_code == 302
    assert staff.get(f"{packed.url}package.zip")["Content-Type"] == "application/zip"
    assert staff.post(packed.url, {"deed": "filed", "on": "2020-01-01"}).status_code == 422
    for odd in ("/desk/catalogue/export/?on=x", "/desk/catalogue/export/?region=999999"):
        assert staff.get(odd).status_code == 302
    assert staff.get("/desk/catalogue/items/%00/").status_code == 404


def named(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file
