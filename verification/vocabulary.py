"""The words of the credit record and of a check: codes that are stored, and what people read for them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class Route(StrEnum):
    NOT_NEEDED = "not_needed"
    COMMITMENT = "commitment"
    ORDINARY = "ordinary"
    REFUSED = "refused"


class Scrutiny(StrEnum):
    NORMAL = "normal"
    KEY = "key"


class CommitmentType(StrEnum):
    VOLUNTARY = "voluntary"
    APPROVAL = "approval"
    SUPERVISORY = "supervisory"
    INDUSTRY = "industry"
    REPAIR = "repair"


class Kind(StrEnum):
    PENALTY = "penalty"
    LIST = "list"
    BREACH = "breach"
    LOCKOUT = "lockout"
    LICENCE = "licence"
    AWARD = "award"
    EXEMPLARY = "exemplary"
    GOOD_STANDING = "good_standing"
    FULFILMENT = "fulfilment"
    REGISTRATION = "registration"
    WARNING = "warning"
    COMPLAINT = "complaint"
    OTHER_ACT = "other_act"
    INTERVIEW = "interview"
    WATCH = "watch"


class State(StrEnum):
    EFFECTIVE = "effective"
    REPAIRED = "repaired"
    ENDED = "ended"
    REVOKED = "revoked"


class Effect(StrEnum):
    """What a measure does. ``BAN`` refuses, for its term or for good. ``EXIT_RULE`` concerns the repair type only: the
    list has a way out of its own. ``ELSEWHERE`` is done by others (banks, carriers, associations): no factor here."""

    REFUSED = "refused"
    BAN = "ban"
    ORDINARY = "ordinary"
    KEY = "key"
    REFERENCE = "reference"
    EXIT_RULE = "exit_rule"
    ELSEWHERE = "elsewhere"
    POINTS = "points"
    CONVENIENCE = "convenience"


class Step(StrEnum):
    """The steps of a tender at which a subject can be limited (S3 二（二）), in their order."""

    QUALIFICATION = "qualification"
    BID = "bid"
    AWARD = "award"


class FieldUse(StrEnum):
    """What a record is in a field: values of the policy rule ``field_use`` (S0 二（一）, S3 二)."""

    IMPORTANT = "important"
    REFERENCE = "reference"
    ENCOURAGED = "encouraged"


class UnrepairedRule(StrEnum):
    """Values of the policy switch ``route.unrepaired``."""

    ORDINARY = "ordinary"
    LATE_MATERIALS_ONLY = "late_materials_only"
    NO_EFFECT = "no_effect"


class Standing(StrEnum):
    """What an entry is on a given day, before any regional rule is asked."""

    NO_FACTOR = "no_factor"
    UNSERVED = "unserved"
    REPAIRED = "repaired"
    EXPIRED = "expired"
    UNREPAIRED = "unrepaired"
    IN_PUBLICITY = "in_publicity"
    LOCKED = "locked"
    GOOD = "good"
    WATCHED = "watched"


ROUTE_LABELS = {
    Route.COMMITMENT: "可适用承诺制",
    Route.ORDINARY: "按一般程序办理（不是拒绝受理）",
    Route.REFUSED: "依规定应当拒绝",
    Route.NOT_NEEDED: "目前不需要作修复承诺",
}
SCRUTINY_LABELS = {Scrutiny.NORMAL: "一般审查", Scrutiny.KEY: "重点审查"}
KIND_LABELS = {
    Kind.PENALTY: "行政处罚",
    Kind.LIST: "名单",
    Kind.BREACH: "承诺违约",
    Kind.LOCKOUT: "修复限制期",
    Kind.LICENCE: "行政许可",
    Kind.AWARD: "行政奖励",
    Kind.EXEMPLARY: "诚信典型",
    Kind.GOOD_STANDING: "信用状况良好",
    Kind.FULFILMENT: "承诺履约",
    Kind.REGISTRATION: "自愿注册",
    Kind.WARNING: "预警",
    Kind.COMPLAINT: "投诉",
    Kind.OTHER_ACT: "其他行政行为",
    Kind.INTERVIEW: "约谈记录",
    Kind.WATCH: "重点关注",
}
EFFECT_LABELS = {
    Effect.REFUSED: "依规定应当拒绝",
    Effect.BAN: "市场和行业禁入",
    Effect.ORDINARY: "按一般程序办理",
    Effect.KEY: "重点审查",
    Effect.REFERENCE: "作为参考",
    Effect.EXIT_RULE: "按名单退出规则",
    Effect.ELSEWHERE: "由其他单位实施",
    Effect.POINTS: "加分",
    Effect.CONVENIENCE: "便利服务",
}
STEP_LABELS = {Step.QUALIFICATION: "资格审查环节", Step.BID: "投标环节", Step.AWARD: "中标环节"}
FIELD_USE_LABELS = {
    FieldUse.IMPORTANT: "重要依据之一",
    FieldUse.REFERENCE: "参考依据之一",
    FieldUse.ENCOURAGED: "鼓励核查，供参考",
}
STATE_LABELS = {
    State.EFFECTIVE: "有效",
    State.REPAIRED: "已修复",
    State.ENDED: "已终止",
    State.REVOKED: "已撤销",
}
ADVERSE = frozenset({Kind.PENALTY, Kind.LIST, Kind.BREACH})
GOOD = frozenset({Kind.EXEMPLARY, Kind.GOOD_STANDING})
SUPPORTS = frozenset({Effect.POINTS, Effect.CONVENIENCE})

UNCONFIRMED = "本地区文件未规定；参照其他地区的建议值，待确认"


def day_text(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
