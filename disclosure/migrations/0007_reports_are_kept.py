from django.db import migrations

# What was sent stays as sent, and is answered once; a publication that has ended does not come back (a new one may).
KEEP = """
CREATE FUNCTION disclosure_refuse_round_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    answer text[] := ARRAY['accepted', 'answered_at', 'answered_by_id', 'reasons'];
BEGIN
    IF OLD.accepted IS NOT NULL OR (to_jsonb(NEW) - answer) IS DISTINCT FROM (to_jsonb(OLD) - answer) THEN
        RAISE EXCEPTION '报送内容和答复不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_reportround_frozen BEFORE UPDATE ON disclosure_reportround
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_round_change();
CREATE TRIGGER disclosure_reportround_kept BEFORE DELETE ON disclosure_reportround
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_breachreport_kept BEFORE DELETE ON disclosure_breachreport
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

CREATE FUNCTION disclosure_refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
        RAISE EXCEPTION '已停止的公示不能恢复' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_publication_ends_once BEFORE UPDATE ON disclosure_breachpublication
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_revival();
CREATE TRIGGER disclosure_publication_kept BEFORE DELETE ON disclosure_breachpublication
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
LET_GO = """
DROP TRIGGER disclosure_reportround_frozen ON disclosure_reportround;
DROP TRIGGER disclosure_reportround_kept ON disclosure_reportround;
DROP TRIGGER disclosure_breachreport_kept ON disclosure_breachreport;
DROP TRIGGER disclosure_publication_ends_once ON disclosure_breachpublication;
DROP TRIGGER disclosure_publication_kept ON disclosure_breachpublication;
DROP FUNCTION disclosure_refuse_round_change();
DROP FUNCTION disclosure_refuse_revival();
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0006_breach_publication"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
