from django.apps import AppConfig


class VerificationConfig(AppConfig):
    name = "verification"
    verbose_name = "信用记录与核查"

    def ready(self) -> None:
        from credit_portal.outbox import sweeping

        from . import listing

        sweeping.register_step("listings", listing.follow_the_days)
