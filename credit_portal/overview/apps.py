from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "credit_portal.overview"
    label = "overview"
    verbose_name = "总览"

    def ready(self) -> None:
        from credit_portal.registry import site

        from .log_words import bring_words

        bring_words()
        reads = site.AT_THE_DESK | {"auditor"}
        page = site.NavItem("record", "主体记录", "/desk/record/", groups=reads, rare=True)
        site.add_page(page, to=site.STAFF_NAV, after="checks")
