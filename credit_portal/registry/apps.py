from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.forms import CharField


class RegistryConfig(AppConfig):
    name = "credit_portal.registry"
    label = "registry"
    verbose_name = "主体与机构"

    def ready(self) -> None:
        from .forms import legible
        from .permissions import follow_table
        from .timeline import bring_arms

        # Of every field for text, in whatever form, those of other packages as well.
        CharField.default_validators = [legible]

        # Without a sender: each app's permissions are synced when that app has been migrated.
        post_migrate.connect(follow_table, dispatch_uid="registry.permissions")
        bring_arms()
