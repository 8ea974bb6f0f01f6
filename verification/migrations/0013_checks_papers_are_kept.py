from django.db import migrations

# What was looked at, told, taken in and decided is added and never changed.
KEPT = ("checklook", "outsidereport", "checknotice", "checkoutcome")
KEEP = "".join(
    f"CREATE TRIGGER verification_{name}_kept BEFORE UPDATE OR DELETE ON verification_{name}\n"
    "    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for name in KEPT
)
KEEP += """
CREATE TRIGGER verification_checkobjection_kept BEFORE DELETE ON verification_checkobjection
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_checkoverride_kept BEFORE DELETE ON verification_checkoverride
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE FUNCTION verification_refuse_applied_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.ended_on IS NOT NULL AND NEW.ended_on IS DISTINCT FROM OLD.ended_on
        OR (to_jsonb(NEW) - 'ended_on' - 'end_reason' - 'fed_back_at')
           IS DISTINCT FROM (to_jsonb(OLD) - 'ended_on' - 'end_reason' - 'fed_back_at') THEN
        RAISE EXCEPTION '已实施的措施只能结束，不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verification_appliedmeasure_kept BEFORE UPDATE OR DELETE ON verification_appliedmeasure
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_applied_change();
"""
LET_GO = "".join(f"DROP TRIGGER verification_{name}_kept ON verification_{name};\n" for name in KEPT)
LET_GO += """
DROP TRIGGER verification_checkobjection_kept ON verification_checkobjection;
DROP TRIGGER verification_checkoverride_kept ON verification_checkoverride;
DROP TRIGGER verification_appliedmeasure_kept ON verification_appliedmeasure;
DROP FUNCTION verification_refuse_applied_change();
"""


class Migration(migrations.Migration):
    dependencies = [("verification", "0012_fields_and_measures"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
