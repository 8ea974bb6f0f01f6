from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "commitments"
    verbose_name = "信用承诺"

    def ready(self) -> None:
        from credit_portal.deadlines import duties
        from credit_portal.outbox import effects, sweeping
        from credit_portal.registry import site
        from verification import arrivals
        from verification.consent import counting as releases
        from verification.consent import exceptions
        from verification.grades import may_receive
        from verification.measures import previewing
        from verification.reports import sources
        from verification.tax_credit import declarations

        from . import drafting, hooks, in_reports, particulars, statements, term_switching, timeline
        from .associations import campaigns
        from .bulk import jobs, keeping, settling, takeover, writing
        from .consequences import released, undoing
        from .obligations import late, making
        from .rechecks import answering, drawing
        from .registrations import expected, filling, submitting
        from .registrations import following as registrations
        from .rosters import taking as rosters
        from .supplements import course, ending, immediate, reminding
        from .warnings import finding, following

        duties.register_matter("breach_case", "违诺认定", _case_page)
        duties.register_matter("rectification", "限期整改", _rectification_page)
        duties.register_matter("handoff", "移交撤销许可", _handoff_page)
        duties.register_matter(statements.MATTER, "主体说明", _statement_page)
        hooks.register_after_revocation("consequences", undoing.on_revoked)
        term_switching.register()
        hooks.register_after_revocation("statements", statements.on_revoked)
        site.add_page(site.NavItem("sign", "网上承诺", "/me/sign/"), to=site.ME_NAV, after="home")
        hooks.register_after_signing("obligations", making.on_signed)
        hooks.register_after_voiding("obligations", making.on_ended)
        hooks.register_after_correction("obligations", making.on_ended)
        duties.register_matter(drawing.MATTER, "承诺复核", _recheck_page)
        hooks.register_after_voiding("rechecks", answering.on_ended)
        hooks.register_after_correction("rechecks", answering.on_ended)
        sweeping.register_step("rechecks", drawing.follow_the_days)
        declarations.register(particulars.declaration)
        previewing.register_open("未办结的窗口草稿", drafting.open_on_checks)
        duties.register_matter(course.MATTER, "容缺受理", _supplement_page)
        duties.register_matter(immediate.MATTER, "即时办理", _immediate_page)
        hooks.register_after_late_materials("obligations", late.follow)
        hooks.register_after_signing("immediate", immediate.on_signed)
        for name, gone in (
            ("supplements", ending.on_commitment_gone),
            ("immediate", immediate.on_commitment_gone),
        ):
            hooks.register_after_voiding(name, gone)
            hooks.register_after_correction(name, gone)
        sweeping.register_step("supplements.remind", reminding.remind)
        sweeping.register_step("supplements", ending.end_overdue)
        effects.register_effect(reminding.SMS, reminding.send_sms, label="容缺材料短信提醒", external=True)
        duties.register_matter(finding.MATTER, "预警", _warning_page)
        arrivals.register_after_entries("warnings", finding.after_entries)
        hooks.register_after_signing("warnings", finding.after_signing)
        arrivals.register_after_correction("warnings", following.on_corrected)
        sweeping.register_step("warnings", following.follow)
        effects.register_effect(campaigns.SMS, campaigns.send_sms, label="协会承诺提醒短信", external=True)
        duties.register_matter(filling.MATTER, "自愿注册", _registration_page)
        hooks.register_after_signing("registrations", submitting.on_signed)
        hooks.register_after_voiding("registrations", registrations.on_gone)
        hooks.register_after_correction("registrations", registrations.on_gone)
        arrivals.register_after_correction("registrations", registrations.on_corrected)
        sweeping.register_step("registrations", registrations.follow)
        effects.register_effect(
            registrations.SMS, registrations.send_sms, label="自愿注册到期提醒短信", external=True
        )
        effects.register_effect(expected.SMS, expected.send_sms, label="自愿注册提醒短信", external=True)
        duties.register_matter(writing.MATTER, "归集的违诺", _imported_page)
        effects.register_effect(jobs.EFFECT, jobs.run, label="批量导入承诺", external=True)
        effects.register_effect(jobs.TAKE, takeover.run, label="采用归集文件的更正", external=True)
        effects.register_effect(jobs.KEEP, keeping.run, label="确认归集文件写明的全部履行", external=True)
        sweeping.register_step("bulk", jobs.follow)
        sweeping.register_step("bulk.breaches", settling.follow)
        sources.register_part("commitments", in_reports.tell)
        releases.register_counter(exceptions.NOTICE, released.count)
        may_receive.register_members(rosters.members_among)
        timeline.register()


def _case_page(case_id: int) -> str | None:
    from .models import BreachCase

    uuid = BreachCase.objects.filter(pk=case_id).values_list("uuid", flat=True).first()
    return f"/desk/cases/{uuid}/" if uuid else None


def _imported_page(commitment_id: int) -> str | None:
    return f"/desk/bulk/breaches/{commitment_id}/"


def _rectification_page(row_id: int) -> str | None:
    from .models import Rectification

    uuid = Rectification.objects.filter(pk=row_id).values_list("case__uuid", flat=True).first()
    return f"/desk/consequences/{uuid}/" if uuid else None


def _handoff_page(row_id: int) -> str | None:
    from .models import RevocationHandoff

    uuid = RevocationHandoff.objects.filter(pk=row_id).values_list("uuid", flat=True).first()
    return f"/desk/consequences/handoffs/{uuid}/" if uuid else None


def _statement_page(row_id: int) -> str | None:
    from .models import SubjectStatement

    uuid = SubjectStatement.objects.filter(pk=row_id).values_list("case__uuid", flat=True).first()
    return f"/desk/cases/{uuid}/#statement" if uuid else None


def _supplement_page(row_id: int) -> str | None:
    from .models import Supplement

    uuid = Supplement.objects.filter(pk=row_id).values_list("uuid", flat=True).first()
    return f"/desk/supplements/{uuid}/" if uuid else None


def _immediate_page(row_id: int) -> str | None:
    from .models import ImmediateResult

    code = ImmediateResult.objects.filter(pk=row_id).values_list("commitment__code", flat=True).first()
    return f"/desk/supplements/immediate/{code}/" if code else None


def _recheck_page(row_id: int) -> str | None:
    from .models import Recheck

    uuid = Recheck.objects.filter(pk=row_id).values_list("uuid", flat=True).first()
    return f"/desk/rechecks/{uuid}/" if uuid else None


def _warning_page(row_id: int) -> str | None:
    from .models import ClauseWarning

    uuid = ClauseWarning.objects.filter(pk=row_id).values_list("uuid", flat=True).first()
    return f"/desk/warnings/{uuid}/" if uuid else None


def _registration_page(row_id: int) -> str | None:
    from .models import Registration

    uuid = Registration.objects.filter(pk=row_id).values_list("uuid", flat=True).first()
    return f"/desk/registration/{uuid}/" if uuid else None
