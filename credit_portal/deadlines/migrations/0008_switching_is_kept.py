from django.db import migrations

# What an order did to a record is written once: planned, then carried out, then kept. Orders are never removed.
KEEP = """
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
LET_GO = """
DROP TRIGGER deadlines_switchline_written_once ON deadlines_switchline;
DROP TRIGGER deadlines_switchorder_kept ON deadlines_switchorder;
DROP FUNCTION deadlines_switchline_written_once();
"""


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0007_law_switching"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
