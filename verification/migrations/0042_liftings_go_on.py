from django.db import migrations

# What was asked of a measure is decided of the one that goes on in its place, with the record by which the old was put right.
GOES_ON = """
CREATE OR REPLACE FUNCTION verification_refuse_lifting_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'answer', 'decided_at', 'decided_by_id'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'asked'
        OR (to_jsonb(NEW) - decision - 'measure_id') IS DISTINCT FROM (to_jsonb(OLD) - decision - 'measure_id')
        OR (NEW.measure_id <> OLD.measure_id AND (NEW.state <> 'asked' OR NOT EXISTS (
            SELECT 1 FROM verification_appliedmeasure AS was
                JOIN verification_creditentry AS entry ON entry.corrects_id = was.entry_id
                JOIN verification_appliedmeasure AS goes_on ON goes_on.entry_id = entry.id
            WHERE was.id = OLD.measure_id AND goes_on.id = NEW.measure_id AND was.end_reason = 'corrected'
                AND (goes_on.check_made_id, goes_on.effect, goes_on.text)
                    = (was.check_made_id, was.effect, was.text)))) THEN
        RAISE EXCEPTION '提前解除的申请和决定不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
"""
FROZEN = """
CREATE OR REPLACE FUNCTION verification_refuse_lifting_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'answer', 'decided_at', 'decided_by_id'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'asked'
        OR (to_jsonb(NEW) - decision) IS DISTINCT FROM (to_jsonb(OLD) - decision) THEN
        RAISE EXCEPTION '提前解除的申请和决定不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("verification", "0041_method_as_asked")]
    operations = [migrations.RunSQL(GOES_ON, FROZEN)]
