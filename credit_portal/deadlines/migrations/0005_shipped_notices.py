from datetime import datetime, timezone

from django.db import migrations

from credit_portal.deadlines.holiday_notices import shipped_notices


def load(apps, schema_editor):
    """The years that the system comes with; whoever has entered one already keeps it."""
    CalendarNotice = apps.get_model("deadlines", "CalendarNotice")
    CalendarDay = apps.get_model("deadlines", "CalendarDay")
    for notice in shipped_notices():
        row, created = CalendarNotice.objects.get_or_create(
            year=notice.year,
            defaults={
                "number": notice.number,
                "source": notice.source,
                "issued_on": notice.issued_on,
                "loaded_at": datetime(2026, 1, 1, tzinfo=timezone.utc),
            },
        )
        if created:
            CalendarDay.objects.bulk_create(
                CalendarDay(day=day.day, notice=row, kind=day.kind, name=day.name) for day in notice.days
            )


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0004_course_is_kept")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
