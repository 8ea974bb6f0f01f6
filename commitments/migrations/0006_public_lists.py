from django.db import migrations, models

LISTED = models.Q(
    ("publicity_class", "public"),
    ("voided_at__isnull", True),
    ("withdrawn_at__isnull", True),
    models.Q(("subject_kind", "person"), _negated=True),
)


def listed(fields, name):
    return migrations.AddIndex("commitment", models.Index(fields=fields, name=name, condition=LISTED))


class Migration(migrations.Migration):
    dependencies = [("commitments", "0005_draft_corrects")]

    operations = [
        listed(["subject", "-id"], "listed_by_subject"),
        listed(["department", "-id"], "listed_by_department"),
        listed(["item", "-id"], "listed_by_item"),
        listed(["made_on", "id"], "listed_by_day"),
    ]
