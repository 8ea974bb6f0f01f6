from django.db import migrations

# What somebody said stays as it was said, a written answer as it was approved; steps are only added.
KEEP = """
CREATE FUNCTION disclosure_refuse_objection_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.number, NEW.token, NEW.way, NEW.of, NEW.publication_id, NEW.commitment_id, NEW.act_id, NEW.entry_id,
        NEW.typical_case_id, NEW.record_no, NEW.record_title, NEW.subject_id, NEW.department_id, NEW.office_id,
        NEW.by_name, NEW.capacity, NEW.points, NEW.wanted, NEW.reasons, NEW.filed_at)
        IS DISTINCT FROM
        (OLD.number, OLD.token, OLD.way, OLD.of, OLD.publication_id, OLD.commitment_id, OLD.act_id, OLD.entry_id,
        OLD.typical_case_id, OLD.record_no, OLD.record_title, OLD.subject_id, OLD.department_id, OLD.office_id,
        OLD.by_name, OLD.capacity, OLD.points, OLD.wanted, OLD.reasons, OLD.filed_at) THEN
        RAISE EXCEPTION '异议 % 的内容不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.approved_at IS NOT NULL
        AND (NEW.outcome, NEW.changes, NEW.answer, NEW.site_fault, NEW.proposed_by_id, NEW.approved_by_id, NEW.approved_at)
        IS DISTINCT FROM
        (OLD.outcome, OLD.changes, OLD.answer, OLD.site_fault, OLD.proposed_by_id, OLD.approved_by_id, OLD.approved_at) THEN
        RAISE EXCEPTION '异议 % 已书面答复，不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_objection_frozen BEFORE UPDATE ON disclosure_objection
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_objection_change();

CREATE FUNCTION disclosure_refuse_said_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.number, NEW.text, NEW.filed_at) IS DISTINCT FROM (OLD.number, OLD.text, OLD.filed_at) THEN
        RAISE EXCEPTION '% 的内容不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_complaint_frozen BEFORE UPDATE ON disclosure_complaint
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_said_change();
CREATE TRIGGER disclosure_errortip_frozen BEFORE UPDATE ON disclosure_errortip
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_said_change();
CREATE TRIGGER disclosure_objectionstep_kept BEFORE UPDATE OR DELETE ON disclosure_objectionstep
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
FOR_EVER = ("objection", "complaint", "errortip", "reversalrecipient")
KEEP += "".join(
    f"CREATE TRIGGER disclosure_{name}_kept BEFORE DELETE ON disclosure_{name}\n"
    "    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for name in FOR_EVER
)
LET_GO = "".join(
    f"DROP TRIGGER disclosure_{name}_kept ON disclosure_{name};\n" for name in (*FOR_EVER, "objectionstep")
)
LET_GO += """
DROP TRIGGER disclosure_objection_frozen ON disclosure_objection;
DROP TRIGGER disclosure_complaint_frozen ON disclosure_complaint;
DROP TRIGGER disclosure_errortip_frozen ON disclosure_errortip;
DROP FUNCTION disclosure_refuse_objection_change();
DROP FUNCTION disclosure_refuse_said_change();
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0018_objections"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
