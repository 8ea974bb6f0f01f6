from django.db import migrations

# A written answer stays as it was approved. It stands no more where the site cannot carry it out and it is looked into again.
LOOKED_INTO_AGAIN = """
CREATE OR REPLACE FUNCTION disclosure_refuse_objection_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
        (OLD.outcome, OLD.changes, OLD.answer, OLD.site_fault, OLD.proposed_by_id, OLD.approved_by_id, OLD.approved_at)
        AND NOT (OLD.state = 'approved' AND NEW.state = 'checking'
            AND NEW.approved_by_id IS NULL AND NEW.approved_at IS NULL
            AND (NEW.outcome, NEW.changes, NEW.answer, NEW.site_fault, NEW.proposed_by_id)
                IS NOT DISTINCT FROM
                (OLD.outcome, OLD.changes, OLD.answer, OLD.site_fault, OLD.proposed_by_id)) THEN
        RAISE EXCEPTION '异议 % 已书面答复，不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
"""
STANDS = """
CREATE OR REPLACE FUNCTION disclosure_refuse_objection_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0022_catalogue_at_work")]
    operations = [migrations.RunSQL(LOOKED_INTO_AGAIN, STANDS)]
