"""Papers that were signed at a market of the demonstration and scanned: one in every state between its scan and its register."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont
from stdnum.cn import uscc

from commitments.capture import keying
from commitments.concluding import Upload
from credit_portal.audit.clock import local_date
from credit_portal.documents import fonts

from .places import MARK

if TYPE_CHECKING:
    from commitments.models import CaptureSheet
    from credit_portal.registry.models import User

    from .timeline import Timeline

REGION = "130111"
NAME = "秋季集市收集（演示）"
TITLE = "明码标价承诺书（演示）"
ITEM = "集市明码标价承诺（演示）"
PLEDGE = "明码标价，不缺斤短两，不销售过期变质的商品。"
LIABILITY = "违反承诺的，自愿接受公示和行业惩戒。"
# Who signed, by the state in which the demonstration leaves the sheet.
SIGNERS = {
    "waiting": "大李干果摊",
    "second": "王记豆腐坊",
    "differs": "春来蔬菜摊",
    "done": "老马牛肉铺",
    "refused": "",  # the page is blank
}


def lay(timeline: Timeline, *, now: datetime) -> None:
    """Brought in, keyed and settled on the demonstration's today by three people of the market office."""
    officer, clerk = (timeline.world.user(REGION, role) for role in ("officer", "clerk3"))
    made = local_date(now) - timedelta(days=6)
    scans = [
        Upload(scan(number, name, made), "image/png", f"集市承诺书{number + 1}.png")
        for number, name in enumerate(SIGNERS.values())
    ]
    batch, _ = keying.start(files=scans, name=NAME, actor=officer, now=now, is_demo=True)
    for number, (state, sheet) in enumerate(zip(SIGNERS, batch.sheets.order_by("pk"), strict=True)):
        _bring_to(state, sheet, _values(number, made), (officer, clerk), now)


def _bring_to(
    state: str, sheet: CaptureSheet, values: dict[str, str], people: tuple[User, User], now: datetime
) -> None:
    officer, clerk = people
    if state == "waiting":
        # Begun and put aside: it is there when its author comes back.
        keying.save_draft(sheet_id=sheet.pk, typed={"subject_name": values["subject_name"]}, actor=officer)
        return
    if state == "refused":
        keying.refuse(sheet_id=sheet.pk, refusal="illegible", actor=officer, now=now)
        return
    keying.key_first(sheet_id=sheet.pk, values=values, actor=officer, now=now)
    if state == "second":
        return
    again = {key: values[key] for key in ("subject_code", "code", "made_on")}
    if state == "differs":
        again["made_on"] = (date.fromisoformat(values["made_on"]) - timedelta(days=1)).isoformat()
    keying.key_second(sheet_id=sheet.pk, values=again, actor=clerk, now=now)


def _code(number: int) -> str:
    body = f"92130111YY7{number:06d}"
    return body + uscc.calc_check_digit(body)


def _values(number: int, made: date) -> dict[str, str]:
    name = list(SIGNERS.values())[number]
    return {
        "subject_code": _code(number), "code": "", "made_on": made.isoformat(), "kind": "sole_trader",
        "subject_name": f"栾城区{name}{MARK}", "commitment_type": "voluntary", "item": "", "item_name": ITEM,
        "pledge": PLEDGE, "liability": LIABILITY, "signer_name": "", "valid_until": "", "case_ref": "",
    }  # fmt: skip


def scan(number: int, name: str, made: date) -> bytes:
    """The page as a scanner gives it: what is printed on it is what is to be keyed."""
    picture = Image.new("L", (826, 1169), 246)
    pen = ImageDraw.Draw(picture)
    face = str(fonts.current().folder / "serif-regular.otf")
    if name:
        pen.text((413, 110), TITLE, font=ImageFont.truetype(face, 38), fill=40, anchor="mm")
        lines = (
            f"承诺人：栾城区{name}{MARK}", f"统一社会信用代码：{_code(number)}", f"承诺事由：{ITEM}", "",
            f"一、{PLEDGE}", f"二、{LIABILITY}", "", "承诺人（签章）：", f"{made.year} 年 {made.month} 月 {made.day} 日",
        )  # fmt: skip
        for row, line in enumerate(lines):
            pen.text((90, 220 + 58 * row), line, font=ImageFont.truetype(face, 25), fill=40)
        # A scrawl where the signature belongs.
        left, top = 300, 220 + 58 * 7
        pen.line(
            [(left + 28 * step, top + (34 if step % 2 else -4) + 3 * number) for step in range(7)],
            fill=20,
            width=4,
        )
    else:
        for row in range(8):
            pen.line([(90, 200 + 70 * row), (730, 196 + 70 * row)], fill=238, width=20)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()
