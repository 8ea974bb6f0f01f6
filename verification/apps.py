from django.apps import AppConfig
from django.urls import reverse


class VerificationConfig(AppConfig):
    name = "verification"
    verbose_name = "信用记录与核查"

    def ready(self) -> None:
        from credit_portal.deadlines import duties
        from credit_portal.outbox import effects, sweeping

        from . import arrivals, listing, term_switching, timeline
        from .complaints import taking
        from .grades import grading, in_reports
        from .measures import ending
        from .memberships import uploading
        from .reading_watch import counting
        from .reports import sources
        from .usage import lists

        sweeping.register_step("listings", listing.follow_the_days)
        sweeping.register_step("measures", ending.follow_the_days)
        sweeping.register_step("usage", lists.open_lists)
        sweeping.register_step("reading_watch", counting.follow_the_days)
        sweeping.register_step("grades", grading.follow_the_days)
        effects.register_effect(uploading.EFFECT, uploading.take_in, label="录入名单文件")
        sources.register_part("evaluations", in_reports.tell)
        arrivals.register_after_correction("complaints", taking.on_corrected)
        term_switching.register()
        duties.register_matter(lists.MATTER, "使用情况月报", _usage_page)
        timeline.register()


def _usage_page(list_id: int) -> str | None:
    from .models import UsageList

    row = UsageList.objects.filter(pk=list_id).only("uuid").first()
    return reverse("usage:list", args=[row.uuid]) if row else None
