from django.db import migrations

# The course of a duty is added to and never changed; a duty itself is never removed.
KEEP = """
CREATE TRIGGER deadlines_dutyevent_append_only BEFORE UPDATE OR DELETE ON deadlines_dutyevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER deadlines_dutyevent_no_truncate BEFORE TRUNCATE ON deadlines_dutyevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER deadlines_duty_kept BEFORE DELETE ON deadlines_duty
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
LET_GO = """
DROP TRIGGER deadlines_dutyevent_append_only ON deadlines_dutyevent;
DROP TRIGGER deadlines_dutyevent_no_truncate ON deadlines_dutyevent;
DROP TRIGGER deadlines_duty_kept ON deadlines_duty;
"""


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0003_calendar_and_duties"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
