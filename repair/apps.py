from django.apps import AppConfig


class RepairConfig(AppConfig):
    name = "repair"
    verbose_name = "信用修复"

    def ready(self) -> None:
        from commitments import hooks
        from credit_portal.deadlines import duties
        from credit_portal.outbox import effects, sweeping
        from credit_portal.registry import site
        from disclosure import hooks as taken_off
        from disclosure import verifying
        from verification import arrivals

        from . import applying, certifying, corrected_entries, locking_out, proving, timeline

        duties.register_matter(applying.MATTER, "信用修复申请", _application_page)
        hooks.register_after_service("repair.lockout", locking_out.on_served)
        hooks.register_after_revocation("repair.lockout", locking_out.on_revoked)
        hooks.register_after_revocation("repair", applying.on_revoked)
        item = site.NavItem("repair", "修复", "/desk/repair/", groups=site.AT_THE_DESK)
        site.add_page(item, to=site.STAFF_NAV, after="publications")
        at_window = site.NavItem("window_repair", "修复申请", "/window/repair/", groups=frozenset({"clerk"}))
        site.add_page(at_window, to=site.STAFF_NAV, after="window")
        taken_off.register_after_breach_ended("repair.proof", proving.on_breach_ended)
        taken_off.register_after_act_ended("repair.proof", proving.on_act_ended)
        mine = site.NavItem("repair", "修复", "/me/repair/")
        site.add_page(mine, to=site.ME_NAV, after="breaches")
        sweeping.register_step("repair.pledges", locking_out.look_for_broken)
        effects.register_effect(
            proving.EFFECT,
            proving.prove,
            label="核对停止公示",
            external=True,
            max_attempts=proving.MAX_ATTEMPTS,
        )
        duties.register_matter(proving.MATTER, "停止公示核对", _proof_page)
        verifying.register_paper("repair.proof", certifying.find_certificate)
        arrivals.register_before_correction("repair", corrected_entries.before_correction)
        arrivals.register_after_correction("repair", corrected_entries.on_corrected)
        timeline.register()


def _application_page(application_id: int) -> str | None:
    from .models import RepairApplication

    found = RepairApplication.objects.filter(pk=application_id).values_list("uuid", flat=True).first()
    return f"/desk/repair/{found}/" if found else None


def _proof_page(proof_id: int) -> str | None:
    from .models import UnpublicationProof

    found = UnpublicationProof.objects.filter(pk=proof_id).values_list("uuid", flat=True).first()
    return f"/desk/repair/proofs/{found}/" if found else None
