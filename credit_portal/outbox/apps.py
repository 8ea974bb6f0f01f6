from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "credit_portal.outbox"
    label = "outbox"
    verbose_name = "待办与外发"

    def ready(self) -> None:
        from credit_portal.registry import readers

        from . import changes, effects, notices, partners, services, sweeping

        readers.name_systems_by(partners.owners_of)
        effects.register_effect(notices.EMAIL, notices.send_email, label="电子邮件通知", external=True)
        effects.register_effect(notices.SMS, notices.send_sms, label="短信通知", external=True)
        sweeping.register_step("messages", services.deliver_due)
        sweeping.register_step("changes", changes.number_new)
