from collections import defaultdict

from django.db import migrations, transaction

from commitments.obligations.making import FOUND, MAKE
from commitments.obligations.rules import days_of

AT_ONCE = 20_000


def make_all(apps, schema_editor):
    """Every commitment gets the obligations that signing would have given it, as far as they were kept by now: in sets,
    each in a transaction of its own; begun again, it goes on where it stopped."""
    commitments = apps.get_model("commitments", "Commitment").objects
    last = commitments.order_by("-pk").values_list("pk", flat=True).first() or 0
    first = commitments.order_by("pk").values_list("pk", flat=True).first() or 0
    while first and first <= last:
        span = {"first": first, "last": min(first + AT_ONCE - 1, last), "ids": None}
        with transaction.atomic(), schema_editor.connection.cursor() as cursor:
            cursor.execute(MAKE, span)
            cursor.execute(FOUND, span)
            set_days(apps, span)
        first += AT_ONCE


def set_days(apps, span):
    commitments, obligations, blanks, clauses = (
        apps.get_model("commitments", name).objects for name in ("Commitment", "Obligation", "Blank", "Clause")
    )
    signed = list(
        commitments.filter(pk__gte=span["first"], pk__lte=span["last"], text_version__blanks__kind="date")
        .distinct()
        .values_list("pk", "text_version_id", "content")
    )
    versions = {version for _, version, _ in signed}
    dates = defaultdict(set)
    for version, key in blanks.filter(version__in=versions, kind="date").values_list("version_id", "key"):
        dates[version].add(key)
    bodies = dict(clauses.filter(version__in=versions).values_list("pk", "body"))
    days = {pk: days_of(content, bodies, dates[version]) for pk, version, content in signed}
    changed = []
    for row in obligations.filter(commitment__in=[pk for pk, found in days.items() if found]):
        day = days[row.commitment_id].get(row.clause_no)
        if day is not None and day != row.due_on:
            row.due_on = day
            changed.append(row)
    obligations.bulk_update(changed, ["due_on"], batch_size=1_000)


class Migration(migrations.Migration):
    # Millions of rows: not in one transaction.
    atomic = False
    dependencies = [("commitments", "0020_obligations")]

    operations = [migrations.RunPython(make_all, migrations.RunPython.noop)]
