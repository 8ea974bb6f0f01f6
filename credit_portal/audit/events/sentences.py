"""What the log says, in Chinese, event by event. Filled with the event's facts when a person reads the log."""

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.wording import facts_in_words

SENTENCES: dict[str, str] = {
    "staff.created": "建立账号 {username}，角色 {groups}",
    "staff.changed": "变更账号 {username}：{changed}",
    "staff.left": "停用离岗账号 {username}",
    "staff.link_issued": "为账号 {username} 签发一次性设置密码链接",
    "department.saved": "保存部门 {uscc}",
    "subject.registered": "登记主体（{kind}）",
    "subject.renamed": "主体更名，新名称来源 {source}",
    "subject.contact_changed": "变更主体联系方式",
    "responsible.set": "登记责任人员（{capacity}）",
    "responsible.ended": "责任人员任职结束（{capacity}）",
    "item.drafted": "起草事项 {code} 第 {number} 版",
    "item.published": "发布事项 {code} 第 {number} 版",
    "item.retired": "停用事项 {code}",
    "policy.loaded": "载入规则 {region} {key}，自 {effective_from} 起",
    "evidence.stored": "存入证据（{kind}），校验值 {sha256}",
    "text.drafted": "起草文本 {code} 第 {number} 版",
    "text.published": "发布文本 {code} 第 {number} 版，校验值 {sha256}",
    "reading.saved": "诚信教育读本（{domain}）：{deed}",
    "entry.added": "信用记录新增一条（{kind}）",
    "entry.changed": "信用记录状态由 {before} 变为 {after}",
    "check.made": "信用核查 {number}：{route} / {scrutiny}",
    "draft.opened": "开始办理",
    "draft.discarded": "放弃草稿",
    "draft.presented": "向申请人展示（{part}）{seconds} 秒",
    "commitment.signed": "签署承诺 {code}，文本校验值 {text_sha256}",
    "commitment.printed": "打印 {code}（{paper}）",
    "commitment.voided": "作废承诺 {code}",
    "commitment.corrected": "承诺 {code} 由 {replacement} 更正",
    "commitment.fulfilment": "承诺 {code} 履行状态：{status}",
    "publicity.decided": "公开类型 {publicity_class}，理由 {reason}",
    "publicity.proposal": "公开自然人承诺的提议：{deed}",
    "publicity.withdrawn": "撤下公示，理由 {reason}",
    "rule_document.saved": "保存制度文件（{shown}）",
    "notice.printed": "打印告知书 {number}",
    "duty.opened": "产生期限（{rule}），到期日 {due_on}",
    "duty.met": "履行期限，履行日 {on}，到期日 {due_on}",
    "duty.reopened": "期限继续，到期日 {due_on} 不变",
    "duty.cancelled": "取消期限",
    "duty.suspended": "中止期限，自 {on} 起",
    "duty.resumed": "恢复期限，到期日由 {before} 变为 {after}",
    "duty.moved": "到期日由 {before} 重算为 {after}（{cause}）",
    "duty.reminded": "{number} 项期限进入提醒阶段 {stage}",
    "calendar.loaded": "载入 {year} 年放假安排 {number}，{days} 天",
    "policy.ended": "规则 {region} {key} 至 {effective_to} 止",
    "policy.proposal": "规则变更提议 {region} {key}，自 {effective_from} 起：{deed}",
    "message.retried": "重新发送外发事项（{effect}）",
    "message.failed": "外发事项（{effect}）尝试 {attempts} 次后失败",
    "case.step": "违诺认定 {number}：{step}，{on}",
    "report.submitted": "上报违诺 {number}（第 {round} 次），校验值 {sha256}",
    "report.accepted": "受理违诺上报 {number}（第 {round} 次）",
    "report.returned": "退回违诺上报 {number}（第 {round} 次）",
    "report.withdrawn": "撤回违诺上报 {number}",
    "breach.publication_decided": "决定违诺公开类型 {publicity_class}，理由 {reason}，{public_from} 至 {public_until}",
    "breach.publication_proposal": "公示自然人违诺的提议：{deed}",
    "breach.published": "违诺信息进入公示",
    "breach.publication_ended": "停止公示违诺信息：{ending}",
    "breach.objection_marked": "标注异议处理中：{under_way}",
    "entry.written": "信用记录登记：{deed}",
    "exchange.batched": "编成报送批次 {number}，{rows} 条",
    "exchange.receipt": "收到平台回执：接收 {accepted} 条，退回 {rejected} 条，校验值 {sha256}",
    "exchange.forwarded": "登记批次已于 {on} 上送省平台",
    "exchange.downloaded": "下载报送文件包，校验值 {sha256}",
    "exchange.platform_saved": "设置上级平台：{changed}",
    "exchange.corrected": "更正报送记录第 {fields} 项，校验值 {sha256}",
    "consequence.step": "{kind} {number}：{step}，{on}",
    "listing.step": "名单 {number}：{state}，{on}",
    "recipient.saved": "登记通报对象（{role}）",
    "partner.saved": "登记对接系统（{scopes}，{state}）",
    "partner.token": "{deed}对接令牌 {prefix}…，有效期至 {expires_on}",
    "act.entered": "录入{kind} {number}（{source}），校验值 {sha256}",
    "act.proposed": "提议公开自然人的 {number}",
    "act.decided": "确定 {number} 的公开类型 {publicity_class}，理由 {reason}，{public_from} 至 {public_until}",
    "act.ended": "停止 {number}：{ending}",
    "act.upload": "{deed}行政行为文件，{rows} 行，校验值 {sha256}",
    "launch.saved": "登记上线日期（{what}）：{launched_on}",
    "information.saved": "保存信用信息目录 {code}",
}


def sentence(event: AuditEvent) -> str:
    """The event as a Chinese sentence; an unknown verb is shown by its name rather than hidden."""
    template = SENTENCES.get(event.verb)
    if template is None:
        return event.verb
    try:
        return template.format_map(facts_in_words(event))
    except KeyError as missing:
        return f"{event.verb}（缺 {missing.args[0]}）"
