from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "credit_portal.overview"
    label = "overview"
    verbose_name = "总览"

    def ready(self) -> None:
        from .log_words import bring_words

        bring_words()
