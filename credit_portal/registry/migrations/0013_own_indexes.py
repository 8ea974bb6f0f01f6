from collections.abc import Iterator
from typing import Any

from django.db import migrations

from credit_portal.registry import crypto

# Until now the number of a person had one index wherever it stood; whoever saw two columns could tell that they were of one.
FIELDS = {
    "SubjectAccess": ("access", "access_id_number"),
    "ResponsiblePerson": ("responsible", "responsible_id_number"),
}
PART = 1_000


def rows_of(model: Any) -> Iterator[list[Any]]:
    last = 0
    key = "history_id" if hasattr(model, "history_id") else "pk"
    while True:
        rows = list(
            model.objects.filter(id_number_index__isnull=False, **{f"{key}__gt": last})
            .only("uuid", "id_number_sealed", "id_number_index")
            .order_by(key)[:PART]
        )
        if not rows:
            return
        last = rows[-1].pk
        yield rows


def index_anew(apps: Any, purpose_of: Any) -> None:
    for name, (label, purpose) in FIELDS.items():
        for model in (apps.get_model("registry", name), apps.get_model("registry", f"Historical{name}")):
            for rows in rows_of(model):
                for row in rows:
                    number = crypto.open_sealed(row.id_number_sealed, aad=f"{label}:{row.uuid}:id_number_sealed")
                    row.id_number_index = crypto.blind_index(number, purpose=purpose_of(purpose))
                model.objects.bulk_update(rows, ["id_number_index"])


def apart(apps: Any, schema_editor: Any) -> None:
    index_anew(apps, lambda purpose: purpose)


def alike(apps: Any, schema_editor: Any) -> None:
    index_anew(apps, lambda purpose: "id_number_index")


class Migration(migrations.Migration):
    dependencies = [("registry", "0012_versions_withdrawn")]

    operations = [migrations.RunPython(apart, alike)]
