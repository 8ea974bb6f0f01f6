from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "credit_portal.audit"
    label = "audit"
    verbose_name = "审计"
