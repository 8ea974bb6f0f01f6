"""Whom the demonstration's commitments bind: invented businesses and people, marked 演示, with codes of nobody."""

import random
from dataclasses import dataclass
from datetime import date

from stdnum.cn import ric, uscc

from credit_portal.registry.codes import ORGANISATION, PERSON, SOLE_TRADER

from .places import MARK


@dataclass(frozen=True)
class Subject:
    """`items`: numbers of the region's items that the subject's trade needs; empty: any."""

    region: str
    kind: str
    code: str
    name: str
    representative: str = ""
    phone: str = ""
    items: tuple[int, ...] = ()
    renamed: str = ""
    state_owned: bool = False


# Trade: what its businesses are called, which of Luancheng's items they need.
TRADES: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "food": (("食品有限公司", "餐饮管理有限公司", "粮油加工有限公司"), (1, 2, 30, 28, 23)),
    "pharmacy": (("大药房有限公司", "医药连锁有限公司"), (3, 4, 28)),
    "transport": (("物流有限公司", "汽车服务有限公司"), (9, 10, 28)),
    "building": (("建筑工程有限公司", "装饰工程有限公司", "市政工程有限公司"), (11, 12, 22, 23)),
    "environment": (("环保科技有限公司", "水务有限公司"), (14, 12, 23)),
    "culture": (("文化传媒有限公司", "广告有限公司"), (13, 19, 28)),
    "labour": (("人力资源服务有限公司",), (20, 23)),
    "farming": (("农业科技有限公司", "种植专业合作社", "养殖有限公司"), (15, 16, 22)),
    "hotel": (("宾馆有限公司", "健身服务有限公司"), (6, 13, 28)),
    "property": (("物业服务有限公司",), (31, 28, 23)),
    "machines": (("机械制造有限公司", "印务有限公司"), (5, 14, 24, 26)),
    "training": (("教育科技有限公司",), (17, 6)),
}
BRANDS = [
    "冀盛",
    "栾安",
    "洨河",
    "恒瑞",
    "德馨",
    "嘉禾",
    "聚源",
    "泰和",
    "鼎信",
    "宏图",
    "明远",
    "清和",
    "广济",
    "同心",
    "瑞丰",
    "兴隆",
    "博雅",
    "康宁",
    "永固",
    "长青",
    "金穗",
    "绿野",
    "佳美",
    "安居",
    "通达",
    "顺捷",
    "天润",
    "润泽",
    "汇通",
    "诚信达",
    "百福",
    "万家",
    "锦绣",
    "新程",
    "启明",
    "远航",
    "春晖",
    "和顺",
    "盛世",
    "华章",
    "厚德",
    "利民",
    "惠民",
    "众合",
    "方圆",
    "正大",
    "丰收",
    "喜来",
    "乐居",
    "雅致",
    "东篱",
    "南山",
    "西柏",
    "北辰",
    "中兴",
    "上善",
    "若水",
    "怀远",
    "致和",
    "守正",
    "千禾",
    "百川",
    "七里",
    "三元",
    "五谷",
    "双福",
    "六合",
    "九州",
    "四海",
    "一诺",
]
SHOPS = (
    ("李记烧饼铺", (1, 2)),
    ("老赵面馆", (1, 30)),
    ("栾城好邻居超市", (1, 28)),
    ("小美美发店", (6,)),
    ("东街五金店", (28,)),
    ("顺达汽修部", (10, 28)),
    ("阳光花店", (28,)),
    ("福来饺子馆", (1, 30)),
    ("城南宾馆", (6,)),
    ("诚记粮油店", (1,)),
    ("晨光早点铺", (1, 2)),
    ("北关浴池", (6,)),
    ("洨河鱼庄", (1, 30)),
    ("㛃美化妆品店", (28, 6)),
)
# Rare characters (GB 18030-2022) and names of minorities with the interpunct.
RARE_NAMES = {2: "𬭎信", 9: "䶮龙", 17: "㛃城"}
PERSONS = (
    ("130111", "周𬭎", date(1984, 5, 12)),
    ("130111", "李䶮", date(1991, 11, 3)),
    ("130111", "陈㛃", date(1988, 2, 29)),
    ("130111", "买买提·艾力", date(1979, 7, 21)),
    ("130111", "欧阳静", date(1995, 4, 8)),
    ("130111", "张伟", date(1990, 1, 15)),
    ("130111", "刘洋", date(1986, 9, 30)),
    ("130111", "阿依古丽·吐尔逊", date(1993, 6, 18)),
    ("130129", "司徒明", date(1982, 12, 1)),
    ("130129", "郭喆", date(1997, 3, 25)),
    ("410103", "扎西·多吉", date(1989, 8, 8)),
    ("410103", "王堃", date(1975, 10, 10)),
)
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = [
    "建国",
    "秀英",
    "志强",
    "丽华",
    "海涛",
    "桂兰",
    "永生",
    "晓燕",
    "文博",
    "雪梅",
    "振宇",
    "春玲",
    "立新",
    "红霞",
    "国栋",
    "玉珍",
]
HOW_MANY = {
    "130111": (37, 14),
    "130129": (8, 4),
    "130100": (6, 0),
    "130000": (2, 0),
    "410103": (12, 7),
    "410100": (3, 0),
    "410000": (1, 0),
}
TOWNS = {
    "130111": "栾城区",
    "130129": "赞皇县",
    "130100": "石家庄",
    "130000": "河北",
    "410103": "二七区",
    "410100": "郑州",
    "410000": "河南",
}


def business_code(prefix: str, region: str, number: int) -> str:
    """A code with a right check character whose middle, beginning with YY, no register has issued."""
    body = f"{prefix}{region}YY{number:07d}"
    return body + uscc.calc_check_digit(body)


def identity_number(born: date, number: int) -> str:
    """A number with a right check character of a place (99) that does not exist, hence of nobody."""
    body = f"990111{born:%Y%m%d}{number:03d}"
    # It leaves out the last character that it is given.
    return body + ric.calc_check_digit(f"{body}0")


def subjects(chance: random.Random) -> list[Subject]:
    """All subjects in a fixed order; `chance` decides names of representatives only."""
    found: list[Subject] = []
    brands = iter(BRANDS)
    trades = list(TRADES.values())
    number = 1000
    for region, (organisations, shops) in HOW_MANY.items():
        for at in range(organisations):
            names, items = trades[at % len(trades)]
            brand = next(brands)
            if region == "130111":
                brand = RARE_NAMES.get(at, brand)
            form = names[at // len(trades) % len(names)]
            number += 1
            name = f"{TOWNS[region]}演示{brand}{form}"
            found.append(
                Subject(
                    region=region,
                    kind=ORGANISATION,
                    code=business_code("93" if "合作社" in form else "91", region, number),
                    name=name,
                    representative=_person(chance),
                    items=items if region == "130111" else (),
                    renamed=name.replace("有限公司", "集团有限公司") if at % 9 == 4 else "",
                    state_owned=any(word in form for word in ("水务", "市政", "粮油")),
                )
            )
        for at in range(shops):
            name, items = SHOPS[at]
            number += 1
            found.append(
                Subject(
                    region=region,
                    kind=SOLE_TRADER,
                    code=business_code("92", region, number),
                    name=f"{TOWNS[region]}演示{name.removeprefix('栾城')}",
                    representative=_person(chance),
                    items=items if region == "130111" else (1, 2) if region == "410103" else (1,),
                )
            )
    for at, (region, name, born) in enumerate(PERSONS, 1):
        found.append(
            Subject(
                region=region,
                kind=PERSON,
                code=identity_number(born, at),
                name=f"{name}{MARK}",
                phone=f"1000000{at:04d}",
                items={"130111": (8, 18, 21, 25, 27), "130129": (3,), "410103": (3,)}[region],
            )
        )
    return found


def _person(chance: random.Random) -> str:
    return f"{chance.choice(SURNAMES)}{chance.choice(GIVEN)}{MARK}"
