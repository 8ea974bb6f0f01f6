from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "credit_portal.deadlines"
    label = "deadlines"
    verbose_name = "期限与规则"
