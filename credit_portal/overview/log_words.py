"""The codes of the log in words. Here, because only this room may know the words of all the others."""

from commitments.models import CaseStep, Commitment, Obligation, Recheck, Recipient
from credit_portal.audit.wording import register
from credit_portal.deadlines.loading import SHAPES
from credit_portal.deadlines.wording import PROMISED
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import Scope
from credit_portal.registry import groups
from credit_portal.registry.models import (
    CreditSubject,
    Domain,
    PublicityClass,
    ResponsiblePerson,
    SubjectAccess,
    UnitContact,
)
from disclosure.models import ActKind, AdministrativeAct, BreachPublication, LaunchDate, PublicityDecision
from repair.models import HelpService
from verification.consent.rules import WORDS as WHY_REFUSED
from verification.models import (
    AppliedMeasure,
    AvoidedCode,
    EvaluationRecipient,
    Listing,
    UnusualReading,
    UsageNote,
)
from verification.vocabulary import KIND_LABELS, ROUTE_LABELS, SCRUTINY_LABELS, STATE_LABELS

# What a person calls each kind of event in the filter of the log.
VERBS = {
    "staff.created": "开设账号",
    "staff.changed": "变更账号",
    "staff.left": "办理离岗",
    "staff.link_issued": "签发设置密码链接",
    "department.saved": "保存部门",
    "subject.registered": "登记主体",
    "subject.renamed": "主体更名",
    "subject.contact_changed": "变更联系方式",
    "access.opened": "开通主体网上查询",
    "access.code": "网上查询代码",
    "access.session": "主体登录和退出",
    "access.ended": "终止主体网上查询",
    "responsible.set": "登记责任人员",
    "responsible.ended": "责任人员任职结束",
    "item.drafted": "起草事项",
    "item.published": "发布事项",
    "item.retired": "停用事项",
    "policy.loaded": "载入规则",
    "evidence.stored": "存入证据",
    "text.drafted": "起草文本",
    "text.published": "发布文本",
    "reading.saved": "诚信教育读本",
    "entry.added": "新增信用记录",
    "entry.changed": "信用记录状态变更",
    "entry.corrected": "更正信用记录",
    "check.made": "信用核查",
    "draft.opened": "开始办理",
    "draft.discarded": "放弃草稿",
    "draft.presented": "向申请人展示",
    "draft.photo": "网上办理的照片",
    "occupation.saved": "保存重点职业人群",
    "tax_credit.step": "自然人纳税信用信息",
    "tax_credit.upload": "上传自然人纳税信用信息",
    "commitment.signed": "签署承诺",
    "commitment.printed": "打印文书",
    "commitment.voided": "作废承诺",
    "commitment.corrected": "更正承诺",
    "commitment.fulfilment": "履行状态变更",
    "obligation.found": "逐条核实履行",
    "obligation.corrected": "更正逐条核实",
    "fulfilment.review": "全部履行的确认",
    "recheck.plan": "复核计划",
    "recheck.drawn": "抽取复核",
    "recheck.answered": "登记复核结果",
    "publicity.decided": "决定公开类型",
    "publicity.proposal": "公开提议",
    "publicity.withdrawn": "停止公示",
    "rule_document.saved": "保存制度文件",
    "duty.opened": "产生期限",
    "duty.met": "履行期限",
    "duty.reopened": "期限继续",
    "duty.cancelled": "取消期限",
    "duty.suspended": "中止期限",
    "duty.resumed": "恢复期限",
    "duty.moved": "重算到期日",
    "duty.reminded": "期限提醒",
    "calendar.loaded": "载入放假安排",
    "policy.ended": "规则失效",
    "policy.proposal": "规则变更提议",
    "switch.order": "未结事项调整令",
    "switch.moved": "按新规则或日历重算日期",
    "message.retried": "重发外发事项",
    "message.failed": "外发事项失败",
    "case.step": "违诺认定步骤",
    "report.submitted": "上报违诺",
    "report.accepted": "受理上报",
    "report.returned": "退回上报",
    "report.withdrawn": "撤回上报",
    "breach.publication_decided": "决定违诺公示",
    "breach.publication_proposal": "公示自然人违诺的提议",
    "breach.published": "违诺进入公示",
    "breach.publication_ended": "停止公示违诺",
    "breach.objection_marked": "异议处理中标注",
    "entry.written": "登记信用记录",
    "exchange.batched": "编成报送批次",
    "exchange.receipt": "收到平台回执",
    "exchange.forwarded": "登记上送省平台",
    "exchange.downloaded": "下载报送文件包",
    "exchange.exported": "导出一个地区的承诺",
    "exchange.platform_saved": "设置上级平台",
    "exchange.corrected": "更正报送记录",
    "consequence.step": "违诺后果办理",
    "list_method.step": "名单认定办法",
    "listing.step": "名单办理",
    "listing.stated": "网上陈述申辩",
    "check.step": "核查办理",
    "repair.step": "信用修复",
    "supplement.step": "容缺材料",
    "immediate.result": "即时办理",
    "repair.sign": "修复承诺违约线索",
    "repair.locked_out": "修复限制",
    "repair.help_service": "登记信用服务机构",
    "repair.unpublication": "核对停止公示",
    "source.saved": "保存查询来源",
    "record.given": "本人查询",
    "measure.applied": "实施奖惩措施",
    "measure.ended": "奖惩措施结束",
    "measure.lifting": "提前解除措施",
    "measure.listed": "奖惩措施清单",
    "measure.loaded": "载入措施清单",
    "list.saved": "保存名单",
    "list.upload": "上传名单文件",
    "usage.note": "补充使用情况",
    "usage.submitted": "报送使用情况月报",
    "usage.chased": "催报使用情况月报",
    "usage.notice": "使用情况通报",
    "unit.contact": "单位责任人",
    "unit.chased": "催办单位责任人和培训",
    "training.recorded": "登记培训",
    "reading.unusual": "异常查阅",
    "reading.avoided": "回避登记",
    "typical.step": "典型案例办理",
    "objection.step": "异议办理",
    "reversal.listed": "告知消除影响",
    "reversal.confirmed": "确认消除影响",
    "reversal.chased": "催办消除影响",
    "complaint.step": "投诉办理",
    "tip.step": "报错处理",
    "progress.submitted": "报送半年进展报告",
    "progress.chased": "催报半年进展报告",
    "progress.summary": "进展总报告",
    "assessment.step": "第三方评估",
    "recipient.saved": "登记通报对象",
    "partner.saved": "登记对接系统",
    "partner.token": "签发或作废对接令牌",
    "partner.acted": "对接系统办理",
    "act.entered": "录入行政行为",
    "act.proposed": "提议公开自然人的行政行为",
    "act.decided": "确定行政行为公开类型",
    "act.ended": "停止行政行为公示",
    "act.upload": "上传行政行为文件",
    "launch.saved": "登记上线日期",
    "information.saved": "保存信用信息目录",
    "notice.printed": "打印告知书",
    "consumer.complaint": "消费投诉",
    "warning.step": "预警",
    "warning.rule": "预警规则",
    "reading.draft": "读本草稿",
    "pilot.step": "试点",
    "roster.upload": "上传名册",
    "association.text": "协会请求发布文本",
    "campaign.step": "协会承诺活动",
    "member.note": "会员信用记录",
    "registration.step": "自愿注册",
    "registration.verifier": "自愿注册核实分工",
    "registration.reminded": "提醒应当注册的企业",
    "item.withdrawn": "撤回事项版本",
    "text.withdrawn": "撤回文本版本",
    "text.issue": "登记示范文本印发文件",
    "text.adopted": "采用示范文本",
    "item.rules": "印发事项实施细则",
    "catalogue.import": "导入目录文件",
    "catalogue.filing": "目录备案",
    "consent.given": "同意提供信用信息",
    "consent.withdrawn": "撤回同意",
    "record.released": "提供信用信息",
    "record.refused": "拒绝提供信用信息",
    "credit_report.issued": "出具信用报告",
    "bulk.job": "批量上传",
    "bulk.breach": "归集文件载有的违诺",
    "handover.mapping": "移交对照",
    "handover.protocol": "移交清单",
    "commitment.imported": "归集承诺",
    "capture.batch": "上传纸质承诺",
    "capture.sheet": "纸质承诺录入",
    "commitment.captured": "登记纸质承诺",
    "commitment.revised": "按归集文件更正承诺",
    "grading.standard": "信用评级标准",
    "grading.run": "信用评级",
    "evaluation.upload": "导入综合评价",
    "evaluation.recipient": "登记综合评价接收单位",
    "evaluation.passed": "提供综合评价",
    "evaluation.fetched": "下载综合评价",
    "visit.step": "联合检查",
}
TARGETS = {
    "region": "行政区划",
    "user": "账号",
    "department": "部门",
    "subject": "主体",
    "subject_access": "主体网上查询",
    "subject_access_list": "网上查询开通列表",
    "item": "事项",
    "policy_rule": "政策规则",
    "evidence": "证据文件",
    "text": "承诺书文本",
    "reading": "诚信教育读本",
    "entry": "信用记录",
    "check": "信用核查",
    "draft": "办理草稿",
    "commitment": "信用承诺",
    "rule_document": "制度文件",
    "duty": "法定期限",
    "duty_stage": "提醒阶段",
    "calendar": "工作日历",
    "rule_proposal": "规则变更提议",
    "switch_order": "未结事项调整令",
    "message": "外发事项",
    "breach_case": "违诺认定",
    "breach_report": "违诺上报",
    "breach_publication": "违诺公示",
    "breach_publication_proposal": "违诺公示提议",
    "creditentry_list": "信用记录列表",
    "check_list": "核查列表",
    "commitment_list": "承诺列表",
    "subject_list": "主体列表",
    "breach_report_list": "违诺上报列表",
    "breach_publication_list": "违诺公示列表",
    "capture_sheet_list": "纸质承诺列表",
    "complaint_list": "投诉列表",
    "objection_list": "异议列表",
    "exchange_record": "交换记录",
    "exchange_record_list": "交换记录列表",
    "consent_list": "信用信息提供同意列表",
    "release_list": "信用信息提供列表",
    "credit_report_list": "信用报告列表",
    "roster_entry_list": "名册列表",
    "consequence_list": "违约后果列表",
    "breach_case_list": "违诺认定列表",
    "partner": "对接系统",
    "rectification": "限期整改",
    "interview": "约谈",
    "handoff": "移交撤销许可",
    "letter": "通报函",
    "recipient": "通报对象",
    "help_service": "信用服务机构",
    "repair_application": "信用修复申请",
    "repair_application_list": "信用修复申请列表",
    "repair_positions": "待修复的记录",
    "broken_pledge_list": "修复承诺违约线索列表",
    "listing": "联合惩戒列入",
    "listing_list": "惩戒和关注名单列表",
    "list_method": "名单认定办法",
    "listed_measure": "奖惩措施清单",
    "applied_measure": "已实施的措施",
    "applied_measure_list": "已实施的措施列表",
    "credit_list": "名单",
    "check_source": "查询来源",
    "own_record": "本人查询",
    "read_log": "查阅情况",
    "membership_upload": "名单上传",
    "membership_list": "名单主体列表",
    "usage_list": "使用情况月报",
    "usage_notice": "月报通报",
    "progress_report": "半年进展报告",
    "progress_summary": "进展总报告",
    "progress_cases": "进展数字所据案件",
    "assessment": "第三方评估",
    "act": "行政行为信息",
    "act_upload": "行政行为上传",
    "act_list": "行政行为列表",
    "information_item": "信用信息目录",
    "launch": "上线日期",
    "unit_contact": "单位责任人",
    "training": "培训",
    "unusual_reading": "异常查阅",
    "avoided_code": "回避登记",
    "typical_case": "典型案例",
    "objection": "异议",
    "complaint": "投诉",
    "error_tip": "报错",
    "consumer_complaint": "消费投诉",
    "consumer_complaint_list": "消费投诉列表",
    "warning": "预警",
    "bulk_job": "批量上传",
    "handover_mapping": "移交对照",
    "handover_protocol": "移交清单",
    "capture_batch": "纸质承诺批次",
    "capture_sheet": "纸质承诺",
    "warning_list": "预警列表",
    "warning_rule": "预警规则",
    "reading_draft": "读本草稿",
    "pilot": "试点",
    "pilot_cases": "试点数字所据案件",
    "catalogue_import": "目录文件",
    "catalogue_filing": "目录备案",
    "occupation_group": "重点职业人群",
    "tax_credit": "自然人纳税信用信息",
    "tax_credit_list": "自然人纳税信用信息列表",
    "position_list": "重点人群承诺列表",
    "roster": "会员和企业名册",
    "roster_upload": "名册文件",
    "roster_entry": "名册成员",
    "campaign": "协会承诺活动",
    "member_note": "会员信用记录",
    "member_note_list": "会员信用记录列表",
    "registration": "自愿注册信息",
    "registration_list": "自愿注册信息列表",
    "registration_verifier": "自愿注册核实分工",
    "consent": "信用信息提供同意",
    "release": "信用信息提供",
    "credit_report": "信用报告",
    "grading_standard": "信用评级标准",
    "grade_run": "信用评级批次",
    "subject_grade": "主体信用等级",
    "subject_grade_list": "主体信用等级列表",
    "own_grade": "本人的信用等级",
    "evaluation_upload": "综合评价导入",
    "evaluation_recipient": "综合评价接收单位",
    "evaluation_passing": "综合评价提供",
    "visit": "联合检查",
    "visit_list": "联合检查列表",
}
# target → where its record page is; targets not named here have none, or are versions of something.
PAGES = {
    "user": "registry.user",
    "department": "registry.department",
    "subject": "registry.creditsubject",
    "subject_access": "registry.subjectaccess",
    "policy_rule": "deadlines.policyrule",
    "rule_proposal": "deadlines.ruleproposal",
    "switch_order": "deadlines.switchorder",
    "calendar": "deadlines.calendarnotice",
    "evidence": "documents.evidencefile",
    "reading": "commitments.readingmaterial",
    "entry": "verification.creditentry",
    "check": "verification.check",
    "credit_list": "verification.creditlist",
    "listed_measure": "verification.listedmeasure",
    "applied_measure": "verification.appliedmeasure",
    "commitment": "commitments.commitment",
    "rule_document": "disclosure.ruledocument",
    "act": "disclosure.administrativeact",
    "progress_report": "disclosure.progressreport",
    "progress_summary": "disclosure.progresssummary",
    "assessment": "disclosure.assessment",
    "information_item": "disclosure.informationitem",
    "launch": "disclosure.launchdate",
    "partner": "outbox.partnersystem",
    "unit_contact": "registry.unitcontact",
    "training": "verification.trainingsession",
    "unusual_reading": "verification.unusualreading",
    "avoided_code": "verification.avoidedcode",
    "consent": "verification.consent",
    "release": "verification.release",
    "credit_report": "verification.creditreport",
    "typical_case": "disclosure.typicalcase",
    "objection": "disclosure.objection",
    "complaint": "disclosure.complaint",
    "error_tip": "disclosure.errortip",
    "consumer_complaint": "verification.consumercomplaint",
    "warning": "commitments.clausewarning",
    "bulk_job": "commitments.bulkjob",
    "handover_mapping": "commitments.handovermapping",
    "handover_protocol": "commitments.handoverprotocol",
    "warning_rule": "commitments.warningrule",
    "pilot": "disclosure.pilot",
    "occupation_group": "registry.occupationgroup",
    "tax_credit": "verification.taxcreditentry",
    "roster_entry": "commitments.rosterentry",
    "campaign": "commitments.campaign",
    "registration": "commitments.registration",
    "registration_verifier": "commitments.registrationverifier",
    "grading_standard": "verification.gradingstandard",
    "evaluation_passing": "verification.evaluationpassing",
    "list_method": "verification.listmethod",
}


def bring_words() -> None:
    """Teach the log's sentences the labels of the codes that events hold."""
    sources = dict(CreditSubject.NameSource.choices)
    kinds = {str(code): label for code, label in KIND_LABELS.items()}
    states = {str(code): label for code, label in STATE_LABELS.items()}
    reasons = dict(PublicityDecision.Reason.choices)
    register("staff.created", groups=groups.LABELS)
    register("subject.registered", kind=dict(CreditSubject.Kind.choices))
    register("subject.renamed", source=sources)
    for verb in ("responsible.set", "responsible.ended"):
        register(verb, capacity=dict(ResponsiblePerson.Capacity.choices))
    register(
        "access.opened",
        capacity=dict(SubjectAccess.Capacity.choices),
        scope=dict(SubjectAccess.Scope.choices),
        channel=dict(SubjectAccess.Channel.choices),
    )
    register("access.code", deed={"issued": "签发", "used": "已使用", "dead": "输错次数太多，作废"})
    register(
        "access.session",
        deed={"entered": "登录", "left": "退出", "staff": "同一浏览器登录工作人员账号，退出"},
    )
    register("access.ended", by={"staff": "工作人员", "subject": "主体", "system": "法定代表人变更"})
    register("evidence.stored", kind=dict(EvidenceFile.Kind.choices))
    register("entry.added", kind=kinds)
    register("entry.corrected", kind=kinds)
    register("entry.changed", before=states, after=states)
    register(
        "check.made",
        route={str(code): label for code, label in ROUTE_LABELS.items()},
        scrutiny={str(code): label for code, label in SCRUTINY_LABELS.items()},
    )
    register(
        "draft.presented",
        part={
            "notice": "告知书",
            "privacy": "个人信息处理告知",
            "text": "承诺书",
            "education": "诚信教育读本",
        },
    )
    register("duty.opened", rule={key: shape.label for key, shape in SHAPES.items()} | PROMISED)
    register("case.step", step=dict(CaseStep.Kind.choices))
    register(
        "breach.publication_decided",
        publicity_class=dict(PublicityClass.choices),
        reason=dict(BreachPublication.Reason.choices),
    )
    register("breach.publication_ended", ending=dict(BreachPublication.Ending.choices))
    proposal = {
        "proposed": "提出，等待第二人决定",
        "confirmed": "第二人同意",
        "approved": "另一人核准",
        "rejected": "第二人不同意",
        "cancelled": "提议人撤回",
    }
    register("breach.publication_proposal", deed=proposal)
    for verb in ("policy.loaded", "policy.ended"):
        register(verb, key={key: shape.label for key, shape in SHAPES.items()})
    register(
        "switch.order",
        deed={
            "proposed": "提出，等待另一人核准",
            "approved": "另一人核准",
            "rejected": "另一人不核准",
            "cancelled": "撤回",
            "started": "开始施行",
            "done": "施行完毕",
        },
    )
    register("policy.proposal", deed=proposal, key={key: shape.label for key, shape in SHAPES.items()})
    register(
        "entry.written",
        deed={
            "served": "送达",
            "publicity": "公示期",
            "publicity_ended": "停止公示",
            "objection_on": "异议处理中",
            "objection_off": "异议已办结",
            "corrected": "据异议更正",
        },
    )
    register("commitment.fulfilment", status=dict(Commitment.Fulfilment.choices))
    register("obligation.found", state=dict(Obligation.State.choices))
    register("obligation.corrected", state=dict(Obligation.State.choices))
    register(
        "recheck.plan",
        deed={"proposed": "提出，等待另一人批准", "approved": "批准", "rejected": "不批准", "ended": "停止"},
    )
    register("recheck.answered", finding=dict(Recheck.Finding.choices))
    register("commitment.imported", publicity_class=dict(PublicityClass.choices))
    register("commitment.captured", publicity_class=dict(PublicityClass.choices))
    register("publicity.decided", publicity_class=dict(PublicityClass.choices), reason=reasons)
    register("publicity.withdrawn", reason=reasons)
    register("act.entered", kind=dict(ActKind.choices), source=dict(AdministrativeAct.Source.choices))
    register(
        "act.decided",
        publicity_class=dict(PublicityClass.choices),
        reason=dict(AdministrativeAct.Reason.choices),
    )
    register("act.ended", ending=dict(AdministrativeAct.Ending.choices))
    register(
        "consequence.step",
        kind={
            "rectification": "限期整改",
            "interview": "约谈",
            "handoff": "移交撤销许可",
            "letter": "通报函",
        },
    )
    register("draft.photo", deed={"added": "上传", "removed": "移除"})
    register("reading.unusual", kind=dict(UnusualReading.Kind.choices))
    register("reading.avoided", relation=dict(AvoidedCode.Relation.choices))
    register("unit.contact", role=dict(UnitContact.Role.choices))
    register("unit.chased", what={"contact": "登记责任人", "training": "开展培训"})
    register("usage.note", kind=dict(UsageNote.Kind.choices))
    register("measure.ended", reason=dict(AppliedMeasure.EndReason.choices))
    register(
        "measure.lifting",
        deed={
            "asked": "申请",
            "allowed": "另一人同意",
            "declined": "另一人不同意",
            "alone": "解除激励",
            "moved": "申请随更正后的记录接续",
        },
    )
    register(
        "measure.listed", deed={"entered": "录入", "approved": "批准", "ended": "失效", "removed": "删除草稿"}
    )
    register("listing.step", state=dict(Listing.State.choices))
    register("recipient.saved", role=dict(Recipient.Role.choices))
    register("repair.help_service", offers=dict(HelpService.Offers.choices))
    register("launch.saved", what=dict(LaunchDate.What.choices))
    register("partner.saved", scopes=dict(Scope.choices))
    register(
        "publicity.proposal",
        deed={
            "proposed": "提出，等待第二人决定",
            "confirmed": "第二人同意",
            "rejected": "第二人不同意",
            "cancelled": "提议人撤回",
        },
    )
    register("reading.saved", domain=dict(Domain.choices), deed={"published": "发布", "withdrawn": "停用"})
    register("rule_document.saved", shown={"public": "公开", "hidden": "不公开"})
    register("record.refused", why=WHY_REFUSED)
    register(
        "grading.standard",
        deed={"drafted": "起草", "approved": "批准", "ended": "失效", "removed": "删除草稿"},
    )
    register(
        "evaluation.recipient",
        kind=dict(EvaluationRecipient.Kind.choices),
        deed={"added": "登记", "ended": "停用", "resumed": "恢复使用"},
    )
    register(
        "visit.step",
        step={
            "bundled": "归并",
            "planned": "安排",
            "confirmed": "确认参加",
            "declined": "不参加",
            "cancelled": "取消",
        },
    )
