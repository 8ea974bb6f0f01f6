"""Made-up names and codes in bulk, spread as real ones are: a few pairs of characters in nearly every name, many in a
few, some in one. Pure; the same seed gives the same names."""

import random
from collections.abc import Iterator

from credit_portal.registry.codes import USCC_ALPHABET

PLACES = (
    ("石家庄市", 14), ("石家庄", 22), ("石家庄市栾城区", 10), ("栾城区", 8), ("河北", 16), ("河北省", 3), ("赞皇县", 5),
    ("石家庄市赞皇县", 2), ("郑州", 4), ("郑州市二七区", 4), ("河南", 4), ("冀中", 1), ("滹沱", 1), ("华北", 2), ("", 4),
)  # fmt: skip
WORDS = (
    "恒泰瑞丰康宁宏图顺达金源盛世鸿运天成永兴华美安和信诚远大新民建国明德光辉东方宇航海纳百川博雅润泽凯旋嘉禾佳慧富强"
    "春秋龙凤鼎立众合同创中正卓越飞跃腾云启智云帆景程昌隆万通广源祥瑞福临君悦雅居绿洲青山碧水蓝天紫荆红旗白鹿黄河"
    "长城太行冶河槐阳凌霄松柏竹林梅园兰亭菊香荷塘桂苑桃李杏坛枫叶杨柳榆槐麦穗稻谷丰登沃野良田清泉溪谷峰岭岩石玉珠"
    "宝珍奇妙思维创想未来时代先锋领航标杆匠心筑梦同心协力聚贤汇英集优品味尚食鲜珍果蔬谊联拓展进取勤奋敏捷睿达哲学"
)  # fmt: skip
SELDOM = "喆堃玥昇璟翀焜煊甯珺琰璐晟旻昱骞骁麒麟鑫淼焱垚犇羴猋骉颢灏澔瀚浩湉滢漪沄汐泓"
RARE = "𬭎䶮㛃𫖯𬱖𬸚𨱏𬭳㭎䶖㙓𠅤"
TRADES = (
    ("商贸", 20), ("建材", 8), ("食品", 8), ("科技", 14), ("物流", 6), ("运输", 6), ("餐饮管理", 6), ("装饰工程", 7),
    ("建筑劳务", 5), ("环保科技", 4), ("机械制造", 4), ("医药", 3), ("房地产开发", 2), ("农业开发", 3), ("教育咨询", 3),
    ("文化传媒", 4), ("汽车销售", 3), ("人力资源", 2), ("电子商务", 3), ("纺织", 2), ("化工", 2), ("印刷包装", 1),
    ("殡葬服务", 0.2), ("气象仪器", 0.1), ("古籍修复", 0.03), ("陨石鉴定", 0.01),
)  # fmt: skip
ENDINGS = (
    ("有限公司", 70), ("有限责任公司", 6), ("股份有限公司", 3), ("集团有限公司", 2), ("农民专业合作社", 3), ("中心", 2),
    ("事务所（普通合伙）", 1), ("研究院", 0.5), ("协会", 0.5),
)  # fmt: skip
SHOP_ENDINGS = (
    ("商店", 10), ("超市", 8), ("饭店", 8), ("小吃店", 6), ("经营部", 14), ("理发店", 4), ("五金建材门市", 4), ("服装店", 5),
    ("药房", 2), ("汽车修理部", 3), ("烟酒店", 3),
)  # fmt: skip
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文慧婷雪晨宇轩涵"

_USCC_WEIGHTS = tuple(3**i % 31 for i in range(17))
_USCC_VALUE = {char: value for value, char in enumerate(USCC_ALPHABET)}
_RIC_WEIGHTS = tuple(2 ** (17 - i) % 11 for i in range(17))


class Names:
    """A stream of names of organisations, shops and persons."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up data, not secrets
        self._words = [*WORDS, *SELDOM, *RARE]
        # The hundredth word is a hundredth as frequent as the first (Zipf); rare characters are rarer still.
        weights = [1 / rank for rank in range(8, 8 + len(WORDS))]
        weights += [weights[-1] / 4] * len(SELDOM) + [weights[-1] / 300] * len(RARE)
        self._weights = _running(weights)
        self._lists = {
            id(kind): ([word for word, _ in kind], _running([weight for _, weight in kind]))
            for kind in (PLACES, TRADES, ENDINGS, SHOP_ENDINGS)
        }

    def _one(self, kind: tuple[tuple[str, float], ...]) -> str:
        words, weights = self._lists[id(kind)]
        return self._random.choices(words, cum_weights=weights)[0]

    def _some(self, count: int) -> str:
        return "".join(self._random.choices(self._words, cum_weights=self._weights, k=count))

    def organisation(self) -> str:
        own = self._some(self._random.choice((2, 2, 2, 3, 4)))
        return f"{self._one(PLACES)}{own}{self._one(TRADES)}{self._one(ENDINGS)}"

    def sole_trader(self) -> str:
        return f"{self._one(PLACES)}{self._some(2)}{self._one(SHOP_ENDINGS)}"

    def person(self) -> str:
        given = "".join(self._random.choices(GIVEN, k=self._random.choice((1, 2, 2))))
        return self._random.choice(SURNAMES) + given


def uscc_numbers(first: int, *, prefix: str) -> Iterator[str]:
    """统一社会信用代码 with right check characters: an eight-character prefix, then numbers from `first` on.

    The organisation part counts up in the alphabet of the standard, so that codes never repeat.
    """
    base = sum(_USCC_VALUE[char] * weight for char, weight in zip(prefix, _USCC_WEIGHTS, strict=False))
    number = first
    while True:
        body, rest, total = [], number, base
        for place in range(16, 7, -1):
            rest, value = divmod(rest, 31)
            body.append(USCC_ALPHABET[value])
            total += value * _USCC_WEIGHTS[place]
        yield prefix + "".join(reversed(body)) + USCC_ALPHABET[(31 - total % 31) % 31]
        number += 1


def id_numbers(first: int) -> Iterator[str]:
    """Well-formed ID numbers that are nobody's: of a place code that is not issued, born in 1900, counting up."""
    number = first
    while True:
        days, serial = divmod(number, 1000)
        place, day = divmod(days, 28)
        body = f"99{place:04d}190001{day + 1:02d}{serial:03d}"
        total = sum(int(char) * weight for char, weight in zip(body, _RIC_WEIGHTS, strict=True))
        yield body + "10X98765432"[total % 11]
        number += 1


def _running(weights: list[float]) -> list[float]:
    total, sums = 0.0, []
    for weight in weights:
        total += weight
        sums.append(total)
    return sums
