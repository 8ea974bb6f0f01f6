"""Whoever stands on a list by a procedure of ours stands on the list that the public measures name: those who were put on it
before said so only in words."""

from django.db import migrations

LISTS = {"joint": "joint_sanction", "watch": "watch"}


def name_their_list(apps, schema_editor):
    lists = dict(apps.get_model("verification", "CreditList").objects.values_list("code", "pk"))
    entries = apps.get_model("verification", "CreditEntry").objects
    for kind, code in LISTS.items():
        if code in lists:
            rows = apps.get_model("verification", "Listing").objects.filter(kind=kind, entry__isnull=False)
            entries.filter(pk__in=rows.values("entry"), credit_list=None).update(credit_list=lists[code])


class Migration(migrations.Migration):
    dependencies = [("verification", "0032_evaluations_by_consent")]

    operations = [migrations.RunPython(name_their_list, migrations.RunPython.noop)]
