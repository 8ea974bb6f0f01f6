from datetime import datetime, timezone

from django.db import migrations

from credit_portal.audit.migrating import kept_by
from credit_portal.deadlines.holiday_notices import shipped_notices


# The course of a duty is added to and never changed; a duty itself is never removed.
COURSE_IS_KEPT = """
CREATE TRIGGER deadlines_dutyevent_append_only BEFORE UPDATE OR DELETE ON deadlines_dutyevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER deadlines_dutyevent_no_truncate BEFORE TRUNCATE ON deadlines_dutyevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER deadlines_duty_kept BEFORE DELETE ON deadlines_duty
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# What an order did to a record is written once: planned, then carried out, then kept. Orders are never removed.
SWITCHING_IS_KEPT = """
CREATE FUNCTION deadlines_switchline_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'planned' AND NEW.order_id = OLD.order_id AND NEW.kind = OLD.kind
       AND NEW.record_id = OLD.record_id AND NEW.previewed = OLD.previewed THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on % is refused: a line of an order is written once', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER deadlines_switchline_written_once BEFORE UPDATE OR DELETE ON deadlines_switchline
    FOR EACH ROW EXECUTE FUNCTION deadlines_switchline_written_once();
CREATE TRIGGER deadlines_switchorder_kept BEFORE DELETE ON deadlines_switchorder
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""


def enter_notices(apps, schema_editor):
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

    replaces = [
        ('deadlines', '0008_switching_is_kept'),
    ]

    dependencies = [
        ('deadlines', '0001_tables'),
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        kept_by(COURSE_IS_KEPT),
        kept_by(SWITCHING_IS_KEPT),
        migrations.RunPython(enter_notices, migrations.RunPython.noop, elidable=False),
    ]
