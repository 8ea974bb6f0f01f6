from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistryConfig(AppConfig):
    name = "credit_portal.registry"
    label = "registry"
    verbose_name = "主体与机构"

    def ready(self) -> None:
        from .permissions import follow_table

        # Without a sender: each app's permissions are synced when that app has been migrated.
        post_migrate.connect(follow_table, dispatch_uid="registry.permissions")
