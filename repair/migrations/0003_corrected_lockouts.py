from django.db import migrations

from credit_portal.audit.migrating import kept_by

KEPT = """
CREATE TRIGGER repair_lockout_kept BEFORE UPDATE OR DELETE ON repair_lockout
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# An entry was put right in place before.
ALIGNED = """
UPDATE repair_lockout SET until_on = entry.until_on FROM verification_creditentry AS entry
    WHERE entry.id = repair_lockout.entry_id AND entry.until_on <> repair_lockout.until_on;
"""
# It moves with its entry only: to the one by which that is put right, with the last day of that one.
FOLLOWS = """
CREATE FUNCTION repair_refuse_lockout_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    following text[] := ARRAY['entry_id', 'until_on'];
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - following) IS DISTINCT FROM (to_jsonb(OLD) - following)
        OR NOT EXISTS (SELECT 1 FROM verification_creditentry AS entry
            WHERE entry.id = NEW.entry_id AND entry.corrects_id = OLD.entry_id AND entry.until_on = NEW.until_on) THEN
        RAISE EXCEPTION '修复限制不能更改，只随记录更正' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER repair_lockout_follows BEFORE UPDATE OR DELETE ON repair_lockout
    FOR EACH ROW EXECUTE FUNCTION repair_refuse_lockout_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("repair", "0002_squashed_0005_expected_again"),
        ("verification", "0037_corrected_complaints"),
    ]
    operations = [
        migrations.RunSQL("DROP TRIGGER repair_lockout_kept ON repair_lockout;", KEPT),
        migrations.RunSQL(ALIGNED, migrations.RunSQL.noop),
        kept_by(FOLLOWS),
    ]
