from django.db import migrations

from credit_portal.audit.migrating import kept_by

# What was approved is what people were told: a standard can only end, and not later than was said. A draft may go, and its
# lines with it. Grades, runs, evaluations and what was passed on are added, never changed; a recipient only leaves or returns.
KEPT = """
CREATE FUNCTION verification_refuse_standard_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL AND (TG_OP = 'DELETE'
        OR (to_jsonb(NEW) - 'effective_to') IS DISTINCT FROM (to_jsonb(OLD) - 'effective_to')
        OR (OLD.effective_to IS NOT NULL AND (NEW.effective_to IS NULL OR NEW.effective_to > OLD.effective_to))) THEN
        RAISE EXCEPTION '已经批准的评级标准只能写明失效日期，不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER verification_gradingstandard_frozen BEFORE UPDATE OR DELETE ON verification_gradingstandard
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_standard_change();
CREATE FUNCTION verification_refuse_indicator_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM verification_gradingstandard AS one
        WHERE one.id = CASE WHEN TG_OP = 'INSERT' THEN NEW.standard_id ELSE OLD.standard_id END
            AND one.approved_at IS NOT NULL) THEN
        RAISE EXCEPTION '已经批准的评级标准不能更改指标' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER verification_gradeindicator_frozen BEFORE INSERT OR UPDATE OR DELETE ON verification_gradeindicator
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_indicator_change();
CREATE TRIGGER verification_graderun_kept BEFORE UPDATE OR DELETE ON verification_graderun
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_subjectgrade_kept BEFORE UPDATE OR DELETE ON verification_subjectgrade
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_evaluationupload_kept BEFORE UPDATE OR DELETE ON verification_evaluationupload
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_evaluation_kept BEFORE UPDATE OR DELETE ON verification_evaluation
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_evaluationpassing_kept BEFORE UPDATE OR DELETE ON verification_evaluationpassing
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_evaluationfetch_kept BEFORE UPDATE OR DELETE ON verification_evaluationfetch
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE FUNCTION verification_refuse_recipient_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'is_active') IS DISTINCT FROM (to_jsonb(OLD) - 'is_active') THEN
        RAISE EXCEPTION '接收单位只能停用或者恢复使用，不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verification_evaluationrecipient_kept BEFORE UPDATE OR DELETE ON verification_evaluationrecipient
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_recipient_change();
"""


class Migration(migrations.Migration):
    dependencies = [("verification", "0028_grades"), ("audit", "0002_squashed_0003_reads_by_access")]

    operations = [kept_by(KEPT)]
