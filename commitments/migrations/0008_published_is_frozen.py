from django.db import migrations

# The clauses and blanks of a version are part of it: they move while it is a draft, and not after.
REFUSE = """
CREATE TRIGGER commitments_textversion_frozen BEFORE UPDATE OR DELETE ON commitments_textversion
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_version_change();
CREATE FUNCTION commitments_refuse_part_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.version_id ELSE OLD.version_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM commitments_textversion WHERE id = parent AND status <> 'draft')
            OR (TG_OP = 'UPDATE' AND NEW.version_id <> OLD.version_id) THEN
        RAISE EXCEPTION '已发布文本的条款和填写项不能更改（%）', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER commitments_clause_frozen BEFORE INSERT OR UPDATE OR DELETE ON commitments_clause
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_part_change();
CREATE TRIGGER commitments_blank_frozen BEFORE INSERT OR UPDATE OR DELETE ON commitments_blank
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_part_change();
"""
ALLOW = """
DROP TRIGGER commitments_blank_frozen ON commitments_blank;
DROP TRIGGER commitments_clause_frozen ON commitments_clause;
DROP FUNCTION commitments_refuse_part_change();
DROP TRIGGER commitments_textversion_frozen ON commitments_textversion;
"""


class Migration(migrations.Migration):
    dependencies = [("commitments", "0007_draft_code_sealed"), ("registry", "0003_published_is_frozen")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
