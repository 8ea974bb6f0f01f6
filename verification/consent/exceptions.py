"""When a record goes to another without its subject's consent, because a document says so. By region and day: where no
document of a region, or of one above it, says so, there is no exception (S3 三（三）; R113)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

CHECK, COLLECTION, NOTICE, SUBJECT, EVALUATION = "check", "collection", "notice", "subject", "evaluation"


@dataclass(frozen=True)
class Basis:
    """One document's article, in a region and below, from a day to a day (both included)."""

    region: str
    article: str
    from_on: date
    until_on: date | None = None


# Where it is written that without consent nothing goes to others; everywhere else it is held to all the same.
FORBIDDEN = Basis("130129", "S3 三（三）", date(2023, 9, 21))


@dataclass(frozen=True)
class LegalException:
    code: str
    label: str
    who: str
    bases: tuple[Basis, ...]


EXCEPTIONS = {
    one.code: one
    for one in (
        LegalException(
            CHECK,
            "部门依法核查",
            "办理事项的部门及其业务系统，只得到核查结论和理由",
            (
                Basis("130111", "S0 二（一）", date(2020, 9, 12)),
                Basis("130100", "S1 三", date(2019, 10, 10)),
                Basis("130000", "S2 四（四）1", date(2021, 10, 19)),
                Basis("130129", "S3 二", date(2023, 9, 21)),
                Basis("410103", "S4 3", date(2020, 11, 13)),
            ),
        ),
        LegalException(
            COLLECTION,
            "归集到信用信息共享平台",
            "上级信用信息共享平台",
            (
                Basis("130111", "S0 一（三）", date(2020, 9, 12)),
                Basis("130129", "S3 一（一）", date(2023, 9, 21)),
                Basis("130100", "S1 四", date(2019, 10, 10)),
                Basis("410103", "S4 14", date(2020, 11, 13)),
            ),
        ),
        LegalException(
            NOTICE,
            "国家机关、国有企业及其工作人员违诺的通报",
            "上级主管、审计、纪检监察、组织人事部门和本单位",
            (
                Basis("130100", "S1 十一", date(2019, 10, 10)),
                Basis("410103", "S4 12", date(2020, 11, 13)),
            ),
        ),
        LegalException(
            EVALUATION,
            "综合评价结果供参考",
            # The documents name banks beside these. What a bank is told decides upon money: without the subject's own word
            # it gets nothing.
            "相关政府部门；行业协会商会，只是本会会员的",
            (
                Basis("130100", "S1 三（六）", date(2019, 10, 10)),
                Basis("410103", "S4 6", date(2020, 11, 13)),
            ),
        ),
        LegalException(
            SUBJECT,
            "主体本人",
            "主体自己和它的代理人",
            # Said of «other departments, bodies or persons»: the subject itself is none of them.
            (
                Basis("130111", "S0 二（二）", date(2020, 9, 12)),
                Basis("130129", "S3 三（三）", date(2023, 9, 21)),
                Basis("000000", "主体自己取得，不是提供给他人", date(2020, 1, 1)),
            ),
        ),
    )
}


def basis_of(code: str, *, lineage: Sequence[str], on: date) -> Basis | None:
    """The basis of an exception in a region on a day, of the region itself before those above; None where there is none."""
    known = EXCEPTIONS.get(code)
    found = [
        one
        for one in (known.bases if known else ())
        if one.region in lineage and one.from_on <= on and (one.until_on is None or on <= one.until_on)
    ]
    return min(found, key=lambda one: lineage.index(one.region), default=None)
