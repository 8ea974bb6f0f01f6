from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "credit_portal.deadlines"
    label = "deadlines"
    verbose_name = "期限与规则"

    def ready(self) -> None:
        from credit_portal.outbox import sweeping

        from . import reminders
        from .switching import carrying_out, duty_kinds

        sweeping.register_step("duties", reminders.remind)
        duty_kinds.register_plain()
        sweeping.register_step("switching", carrying_out.follow_the_days)
