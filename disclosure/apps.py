from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "disclosure"
    verbose_name = "公示"

    def ready(self) -> None:
        from commitments import hooks
        from credit_portal.deadlines import duties
        from credit_portal.outbox import effects, sweeping
        from credit_portal.registry import catalogue as item_catalogue
        from verification.consent import counting as releases
        from verification.consent import exceptions
        from verification.measures import feeding
        from verification.reports import verifying as credit_reports

        from . import (
            breach_proposals,
            breach_publishing,
            importing,
            publicity_switching,
            reporting,
            services,
            timeline,
            verifying,
        )
        from .acts import entering, uploading
        from .acts import publishing as act_publishing
        from .catalogue import own_rules
        from .exchange import batches, folder, interviews, measures, noting, pushing, released, scanning
        from .objections import filing, papers, reversals
        from .progress import reports as progress

        hooks.register_after_signing("publicity", services.decide_initial)
        hooks.register_class_by_rule(importing.class_by_rule)
        hooks.register_after_import("publicity", importing.on_imported)
        hooks.register_after_kept("publicity", importing.on_kept)
        hooks.register_after_revision("publicity", importing.on_revised)
        hooks.register_after_voiding("publicity", services.on_voided)
        hooks.register_after_correction("publicity", services.on_corrected)
        hooks.register_after_fulfilment("feed", services.on_fulfilment)
        hooks.register_after_statement("feed", breach_publishing.on_statement)
        hooks.register_after_service("publication", reporting.on_served)
        hooks.register_after_revocation("report", reporting.on_revoked)
        hooks.register_after_revocation("publication", breach_publishing.on_revoked)
        hooks.register_after_revocation("publication.proposals", breach_proposals.on_revoked)
        duties.register_matter(reporting.ROUND, "违诺上报", _report_page)
        publicity_switching.register()
        sweeping.register_step("publication", breach_publishing.follow_the_days)
        duties.register_matter(entering.MATTER, "行政行为信息", _act_page)
        sweeping.register_step("acts", act_publishing.follow_the_days)
        effects.register_effect(
            uploading.EFFECT, uploading.enter_all, label="录入行政行为文件", external=True
        )
        hooks.register_after_interview("exchange", interviews.on_interview)
        duties.register_matter("interview", "约谈", _no_page)
        sweeping.register_step("exchange.interviews", interviews.scan)
        sweeping.register_step("exchange.measures", measures.scan)
        feeding.register_receiver(measures.takes)
        hooks.register_after_licence_revoked("acts", act_publishing.on_licence_revoked)
        hooks.register_licences("acts", act_publishing.licences_of)
        hooks.register_after_voiding("exchange", noting.on_changed)
        hooks.register_after_correction("exchange", noting.on_changed)
        hooks.register_after_fulfilment("exchange", noting.on_fulfilment)
        hooks.register_after_revocation("exchange", noting.on_revoked)
        duties.register_matter(noting.COMMITMENT, "信用承诺", _no_page)
        sweeping.register_step("exchange", batches.push_waiting)
        sweeping.register_step("exchange.scan", scanning.scan)
        sweeping.register_step("exchange.receipts", folder.take_receipts)
        effects.register_effect(
            batches.PUSH, pushing.push, label="推送上级平台", external=True, max_attempts=pushing.MAX_ATTEMPTS
        )
        sweeping.register_step("progress", progress.open_reports)
        duties.register_matter(progress.MATTER, "半年进展报告", _progress_page)
        duties.register_matter(filing.MATTER, "异议", _objection_page)
        duties.register_matter(filing.SUPPLIED, "异议补正", _objection_page)
        sweeping.register_step("reversals", reversals.follow)
        verifying.register_paper("objection", papers.find_paper)
        effects.register_effect(batches.PACK, folder.pack_and_put, label="打包报送文件", external=True)
        item_catalogue.register_before_publishing("own_papers", own_rules.missing)
        releases.register_counter(exceptions.COLLECTION, released.count)
        verifying.register_paper("credit_report", credit_reports.find_report)
        timeline.register()


def _no_page(commitment_id: int) -> str | None:
    """It has no page of its own at the desk."""
    return None


def _report_page(round_id: int) -> str | None:
    from .models import ReportRound

    sent = ReportRound.objects.select_related("report").filter(pk=round_id).first()
    return f"/desk/reports/{sent.report.uuid}/" if sent else None


def _objection_page(objection_id: int) -> str | None:
    from .models import Objection

    found = Objection.objects.filter(pk=objection_id).values_list("uuid", flat=True).first()
    return f"/desk/objections/{found}/" if found else None


def _progress_page(report_id: int) -> str | None:
    from .models import ProgressReport

    found = ProgressReport.objects.filter(pk=report_id).values_list("uuid", flat=True).first()
    return f"/desk/progress/{found}/" if found else None


def _act_page(act_id: int) -> str | None:
    from .models import AdministrativeAct

    found = AdministrativeAct.objects.filter(pk=act_id).values_list("uuid", flat=True).first()
    return f"/desk/acts/{found}/" if found else None
