from django.db import migrations

KEPT = ("progressversion", "progresscases")
FOR_EVER = ("progressreport", "assessment")
KEEP = "".join(
    f"CREATE TRIGGER disclosure_{name}_kept BEFORE UPDATE OR DELETE ON disclosure_{name}\n"
    "    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for name in KEPT
) + "".join(
    f"CREATE TRIGGER disclosure_{name}_kept BEFORE DELETE ON disclosure_{name}\n"
    "    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for name in FOR_EVER
)
KEEP += """
CREATE FUNCTION disclosure_refuse_summary_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (TG_OP = 'DELETE'
        OR (NEW.figures, NEW.units, NEW.effects, NEW.problems, NEW.plans, NEW.as_of, NEW.issued_on, NEW.document_id)
            IS DISTINCT FROM
            (OLD.figures, OLD.units, OLD.effects, OLD.problems, OLD.plans, OLD.as_of, OLD.issued_on, OLD.document_id)
        OR NEW.state = 'draft'
        OR (OLD.state = 'sent_up'
            AND (NEW.state, NEW.sent_up_on, NEW.sent_up_to)
                IS DISTINCT FROM (OLD.state, OLD.sent_up_on, OLD.sent_up_to))) THEN
        RAISE EXCEPTION '已经签发的总报告不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER disclosure_progresssummary_kept BEFORE UPDATE OR DELETE ON disclosure_progresssummary
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_summary_change();
CREATE FUNCTION disclosure_refuse_assessment_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.issued_on IS NOT NULL
        AND ((NEW.grade, NEW.result, NEW.report_file_id, NEW.units, NEW.received_on, NEW.issued_on, NEW.document_id)
                IS DISTINCT FROM
             (OLD.grade, OLD.result, OLD.report_file_id, OLD.units, OLD.received_on, OLD.issued_on, OLD.document_id)
            OR NEW.state IN ('commissioned', 'received', 'cancelled')) THEN
        RAISE EXCEPTION '已经签发的评估结果不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.sent_up_on IS NOT NULL
        AND (NEW.sent_up_on, NEW.sent_up_to) IS DISTINCT FROM (OLD.sent_up_on, OLD.sent_up_to) THEN
        RAISE EXCEPTION '已经登记的上报不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_assessment_issued BEFORE UPDATE ON disclosure_assessment
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_assessment_change();
"""
LET_GO = "".join(
    f"DROP TRIGGER disclosure_{name}_kept ON disclosure_{name};\n"
    for name in (*KEPT, *FOR_EVER, "progresssummary")
)
LET_GO += """
DROP TRIGGER disclosure_assessment_issued ON disclosure_assessment;
DROP FUNCTION disclosure_refuse_summary_change();
DROP FUNCTION disclosure_refuse_assessment_change();
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0015_progress"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
