from django.db import migrations

# What a complaint says moves with its entry only: to the one by which that is put right, and to what that one says. Its number
# stays.
FOLLOWS = """
CREATE OR REPLACE FUNCTION verification_refuse_complaint_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR ROW(NEW.hotline_no, NEW.subject_id, NEW.subject_kind, NEW.subject_name, NEW.subject_code, NEW.department_id,
               NEW.region_id, NEW.domain, NEW.source, NEW.entered_at, NEW.corrects_id)
           IS DISTINCT FROM
           ROW(OLD.hotline_no, OLD.subject_id, OLD.subject_kind, OLD.subject_name, OLD.subject_code, OLD.department_id,
               OLD.region_id, OLD.domain, OLD.source, OLD.entered_at, OLD.corrects_id)
        OR (ROW(NEW.entry_id, NEW.received_on, NEW.about) IS DISTINCT FROM ROW(OLD.entry_id, OLD.received_on, OLD.about)
            AND NOT EXISTS (SELECT 1 FROM verification_creditentry AS entry
                WHERE entry.id = NEW.entry_id AND entry.corrects_id = OLD.entry_id
                    AND NEW.received_on IN (OLD.received_on, entry.from_on)
                    AND NEW.about IN (OLD.about, entry.title)))
        OR (OLD.result <> '' AND ROW(NEW.result, NEW.result_text, NEW.handled_on)
            IS DISTINCT FROM ROW(OLD.result, OLD.result_text, OLD.handled_on))
        OR (OLD.ended_at IS NOT NULL AND ROW(NEW.ended_at, NEW.ending) IS DISTINCT FROM ROW(OLD.ended_at, OLD.ending)) THEN
        RAISE EXCEPTION '消费投诉的内容不能更改，有误的请更正' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
"""
FROZEN = """
CREATE OR REPLACE FUNCTION verification_refuse_complaint_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR ROW(NEW.hotline_no, NEW.subject_id, NEW.subject_kind, NEW.subject_name, NEW.subject_code, NEW.department_id,
               NEW.region_id, NEW.received_on, NEW.domain, NEW.about, NEW.source, NEW.entered_at, NEW.corrects_id, NEW.entry_id)
           IS DISTINCT FROM
           ROW(OLD.hotline_no, OLD.subject_id, OLD.subject_kind, OLD.subject_name, OLD.subject_code, OLD.department_id,
               OLD.region_id, OLD.received_on, OLD.domain, OLD.about, OLD.source, OLD.entered_at, OLD.corrects_id, OLD.entry_id)
        OR (OLD.result <> '' AND ROW(NEW.result, NEW.result_text, NEW.handled_on)
            IS DISTINCT FROM ROW(OLD.result, OLD.result_text, OLD.handled_on))
        OR (OLD.ended_at IS NOT NULL AND ROW(NEW.ended_at, NEW.ending) IS DISTINCT FROM ROW(OLD.ended_at, OLD.ending)) THEN
        RAISE EXCEPTION '消费投诉的内容不能更改，有误的请更正' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("verification", "0036_leaving_by_two")]
    operations = [migrations.RunSQL(FOLLOWS, FROZEN)]
