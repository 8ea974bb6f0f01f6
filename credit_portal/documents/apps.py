from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "credit_portal.documents"
    label = "documents"
    verbose_name = "文书与证据"
