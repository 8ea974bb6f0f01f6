from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "disclosure"
    verbose_name = "公示"

    def ready(self) -> None:
        from commitments import hooks

        from . import services

        hooks.register_after_signing("publicity", services.decide_initial)
        hooks.register_after_voiding("publicity", services.on_voided)
        hooks.register_after_correction("publicity", services.on_corrected)
