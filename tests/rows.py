"""Lines and files of rosters, as offices and associations write them."""

from commitments.associations import texting
from commitments.rosters.reading import HEADS, KIND_WORDS
from credit_portal.documents import writing
from credit_portal.registry.models import CreditSubject

KIND_LABELS = {code: label for label, code in KIND_WORDS.items()}
WORDS = texting.Words(
    "餐饮业会员自律承诺书", "会员加入协会或者每年续会时使用。", "这份承诺由全体会员共同作出。", "只为记录承诺。",
    "食材可以追溯。\n不虚假宣传。", "同意记入信用记录并公示。", "接受各方监督。", "没有做到的，按章程处理。",
)  # fmt: skip


def row(subject: CreditSubject, **more: str) -> dict[str, str]:
    """A line of a list that names a subject as it is."""
    return {
        "kind": KIND_LABELS[subject.kind],
        "name": subject.name,
        "code": subject.uscc or subject.id_number,
    } | more


def sheet(rows: list[dict[str, str]], kind: str = "xlsx") -> bytes:
    return writing.write(kind, list(HEADS.values()), [[one.get(key, "") for key in HEADS] for one in rows])
