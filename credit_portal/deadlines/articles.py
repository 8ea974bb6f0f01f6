"""The documents that rules rest on, by the codes that rules cite them with. Pure."""

import re
from functools import lru_cache

DOCUMENTS = {
    "S0": "栾城区信用承诺和信用核查实施方案",
    "S1": "石家庄市新型监管机制实施方案",
    "S2": "河北省政务服务承诺制改革实施方案",
    "S3": "赞皇县使用信用记录和信用报告的通知",
    "S4": "二七区新型监管机制实施方案",
}
# The title needs no space before it.
_CODE = re.compile(r" ?(?<![0-9A-Za-z])(S[0-4]) ")


@lru_cache(maxsize=2_048)
def article_text(basis: str) -> str:
    """``S0 一（三）`` → 《栾城区…实施方案》一（三）, wherever it stands in a basis; the rest comes back unchanged."""
    return _CODE.sub(lambda found: f"《{DOCUMENTS[found[1]]}》", basis)
