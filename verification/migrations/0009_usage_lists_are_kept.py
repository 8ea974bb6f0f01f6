from django.db import migrations

KEPT = ("usagenote", "usagesubmission", "usagerow")
KEEP = "".join(
    f"CREATE TRIGGER verification_{name}_kept BEFORE UPDATE OR DELETE ON verification_{name}\n"
    "    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for name in KEPT
)
KEEP += """
CREATE TRIGGER verification_usagelist_kept BEFORE DELETE ON verification_usagelist
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE FUNCTION verification_refuse_notice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (TG_OP = 'DELETE' OR NEW.units IS DISTINCT FROM OLD.units
        OR NEW.issued_on IS DISTINCT FROM OLD.issued_on OR NEW.document_id IS DISTINCT FROM OLD.document_id) THEN
        RAISE EXCEPTION '已经签发的通报不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER verification_usagenotice_kept BEFORE UPDATE OR DELETE ON verification_usagenotice
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_notice_change();
"""
LET_GO = "".join(f"DROP TRIGGER verification_{name}_kept ON verification_{name};\n" for name in KEPT)
LET_GO += """
DROP TRIGGER verification_usagelist_kept ON verification_usagelist;
DROP TRIGGER verification_usagenotice_kept ON verification_usagenotice;
DROP FUNCTION verification_refuse_notice_change();
"""


class Migration(migrations.Migration):
    dependencies = [("verification", "0008_usage_lists"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
