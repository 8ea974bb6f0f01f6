from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "commitments"
    verbose_name = "信用承诺"

    def ready(self) -> None:
        from credit_portal.deadlines import duties

        duties.register_matter("breach_case", "违诺认定", _case_page)


def _case_page(case_id: int) -> str | None:
    from .models import BreachCase

    uuid = BreachCase.objects.filter(pk=case_id).values_list("uuid", flat=True).first()
    return f"/desk/cases/{uuid}/" if uuid else None
