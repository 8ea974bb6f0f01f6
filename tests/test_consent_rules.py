"""Whether a consent lets a record go, as a table in Chinese that an official can read and sign; and what can never happen. Pure.
(S3 三（三）)"""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit.clock import SHANGHAI, local_date
from verification.consent import exceptions
from verification.consent.rules import WORDS, Asked, Given, Why, nearest, why_not
from verification.consent_models import Part

GOLDEN = Path(__file__).parent / "golden" / "consent_gate.csv"
ALL = frozenset(Part.values)
GIVEN_AT = datetime(2026, 9, 14, 10, tzinfo=SHANGHAI)
REPORT = Given(1, "unit:a", "report", ALL, GIVEN_AT, date(2026, 9, 30))
CONSENTS = {
    "没有同意": None,
    "信用报告，至9月30日": REPORT,
    "信用记录（行政许可、行政处罚），至9月30日": Given(
        1, "unit:a", "record", frozenset({"acts", "adverse"}), GIVEN_AT, date(2026, 9, 30)
    ),
    "信用报告，至9月30日，9月20日10时撤回": Given(
        1, "unit:a", "report", ALL, GIVEN_AT, date(2026, 9, 30), datetime(2026, 9, 20, 10, tzinfo=SHANGHAI)
    ),
    "另一个主体的信用报告，至9月30日": Given(2, "unit:a", "report", ALL, GIVEN_AT, date(2026, 9, 30)),
}
RECIPIENTS = {"同意写明的部门": "unit:a", "另一个部门": "unit:b"}
ASKED = {
    "信用报告": ("report", ALL),
    "信用记录：行政处罚": ("record", frozenset({"adverse"})),
    "信用记录：表彰": ("record", frozenset({"good"})),
}
MOMENTS = {
    "9月14日9时59分": datetime(2026, 9, 14, 9, 59, tzinfo=SHANGHAI),
    "9月14日10时": GIVEN_AT,
    "9月20日9时59分": datetime(2026, 9, 20, 9, 59, tzinfo=SHANGHAI),
    "9月20日10时": datetime(2026, 9, 20, 10, tzinfo=SHANGHAI),
    "9月30日23时59分": datetime(2026, 9, 30, 23, 59, tzinfo=SHANGHAI),
    "10月1日0时": datetime(2026, 10, 1, tzinfo=SHANGHAI),
}
REASONS = {
    None: "同意有效",
    Why.NONE: "没有同意",
    Why.OTHER_SUBJECT: "同意属于另一个主体",
    Why.OTHER_RECIPIENT: "没有同意给这个接收方",
    Why.NOT_YET: "还没有生效",
    Why.WITHDRAWN: "已经撤回",
    Why.EXPIRED: "已经到期",
    Why.OUT_OF_SCOPE: "超出范围",
}


@pytest.mark.req("R113")
def test_every_cell_of_the_signed_table_is_what_the_rule_says():
    with GOLDEN.open(encoding="utf-8") as signed:
        head, *rows = csv.reader(signed)
    assert len(head) == 6
    assert len(rows) == len(CONSENTS) * len(RECIPIENTS) * len(ASKED) * len(MOMENTS)
    for consent, recipient, wanted, moment, answer, reason in rows:
        scope, parts = ASKED[wanted]
        at = MOMENTS[moment]
        why = why_not(CONSENTS[consent], Asked(1, RECIPIENTS[recipient], scope, parts, at, local_date(at)))
        assert (("提供" if why is None else "不提供"), REASONS[why]) == (answer, reason), (
            consent,
            wanted,
            moment,
        )
    assert {row[5] for row in rows} == set(REASONS.values())


MOMENT = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(
    lambda at: at.replace(tzinfo=SHANGHAI)
)
PARTS = st.frozensets(st.sampled_from(Part.values))
SCOPES = st.sampled_from(["report", "record"])


@st.composite
def consents(draw) -> Given:
    at = draw(MOMENT)
    last = local_date(at) + timedelta(days=draw(st.integers(0, 365)))
    gone = draw(
        st.none() | st.integers(0, 400 * 24 * 60).map(lambda minutes: at + timedelta(minutes=minutes))
    )
    scope = draw(SCOPES)
    parts = ALL if scope == "report" else draw(PARTS.filter(bool))
    return Given(draw(st.integers(1, 2)), draw(st.sampled_from("ab")), scope, parts, at, last, gone)


@pytest.mark.req("R113")
@given(consents(), st.integers(1, 2), st.sampled_from("ab"), SCOPES, PARTS, MOMENT)
def test_nothing_goes_out_before_after_or_beyond_the_consent(given_, subject, recipient, scope, parts, at):
    asked = Asked(subject, recipient, scope, parts, at, local_date(at))
    if why_not(given_, asked) is None:
        assert (given_.subject, given_.recipient) == (subject, recipient)
        assert given_.given_at <= at and local_date(at) <= given_.expires_on
        assert given_.withdrawn_at is None or at < given_.withdrawn_at
        assert parts and parts <= given_.parts
        assert scope == "record" or given_.scope == "report"
    elif parts and parts <= given_.parts and scope in ("record", given_.scope):
        # Refused for something else than its scope: then one of these is not as it should be.
        assert (
            (given_.subject, given_.recipient) != (subject, recipient)
            or at < given_.given_at
            or local_date(at) > given_.expires_on
            or (given_.withdrawn_at is not None and given_.withdrawn_at <= at)
        )


@pytest.mark.req("R113")
def test_of_several_consents_the_nearest_tells_why_not_and_each_reason_has_its_words():
    assert nearest([]) == Why.NONE
    assert nearest([Why.OTHER_RECIPIENT, Why.EXPIRED, Why.WITHDRAWN]) == Why.EXPIRED
    assert set(WORDS) == set(Why) and all("不能提供" in words for words in WORDS.values())


LUANCHENG = ["130111", "130100", "130000", "000000"]
ZANHUANG = ["130129", "130100", "130000", "000000"]
ERQI = ["410103", "410100", "410000", "000000"]


@pytest.mark.req("R113")
@pytest.mark.parametrize(
    ("code", "lineage", "on", "article"),
    [
        ("check", LUANCHENG, date(2026, 9, 14), "S0 二（一）"),
        ("check", LUANCHENG, date(2020, 9, 11), "S1 三"),
        ("check", ZANHUANG, date(2026, 9, 14), "S3 二"),
        ("check", ZANHUANG, date(2023, 9, 20), "S1 三"),
        ("check", ERQI, date(2026, 9, 14), "S4 3"),
        ("check", ERQI, date(2020, 11, 12), None),
        ("collection", LUANCHENG, date(2026, 9, 14), "S0 一（三）"),
        ("collection", ZANHUANG, date(2026, 9, 14), "S3 一（一）"),
        ("notice", LUANCHENG, date(2026, 9, 14), "S1 十一"),
        ("notice", ["130000", "000000"], date(2026, 9, 14), None),
        ("subject", ERQI, date(2026, 9, 14), "主体自己取得，不是提供给他人"),
        ("anything", LUANCHENG, date(2026, 9, 14), None),
    ],
)
def test_an_exception_holds_only_where_and_when_a_document_says_so(code, lineage, on, article):
    found = exceptions.basis_of(code, lineage=lineage, on=on)
    assert (found.article if found else None) == article
