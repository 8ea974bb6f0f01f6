from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "commitments"
    verbose_name = "信用承诺"

    def ready(self) -> None:
        from credit_portal.deadlines import duties
        from credit_portal.registry import site
        from verification.measures import previewing

        from . import drafting, hooks, statements, term_switching
        from .consequences import undoing

        duties.register_matter("breach_case", "违诺认定", _case_page)
        duties.register_matter("rectification", "限期整改", _rectification_page)
        duties.register_matter("handoff", "移交撤销许可", _handoff_page)
        duties.register_matter(statements.MATTER, "主体说明", _statement_page)
        hooks.register_after_revocation("consequences", undoing.on_revoked)
        term_switching.register()
        hooks.register_after_revocation("statements", statements.on_revoked)
        site.add_page(site.NavItem("sign", "网上承诺", "/me/sign/"), to=site.ME_NAV, after="home")
        previewing.register_open("未办结的窗口草稿", drafting.open_on_checks)


def _case_page(case_id: int) -> str | None:
    from .models import BreachCase

    uuid = BreachCase.objects.filter(pk=case_id).values_list("uuid", flat=True).first()
    return f"/desk/cases/{uuid}/" if uuid else None


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
