from datetime import date

from django.db import migrations

from credit_portal.audit.migrating import kept_by


DECISIONS_ARE_KEPT = """
CREATE TRIGGER disclosure_decision_append_only BEFORE UPDATE OR DELETE ON disclosure_publicitydecision
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# What was sent stays as sent, and is answered once; a publication that has ended does not come back (a new one may).
REPORTS_ARE_KEPT = """
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
# A version stays as it was made; only what becomes of it moves, and an answer is final. Receipts are never changed.
EXCHANGE_IS_KEPT = """
CREATE FUNCTION disclosure_refuse_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    course text[] := ARRAY['state', 'batch_id', 'place', 'reasons', 'reference', 'answered_at'];
BEGIN
    IF (to_jsonb(NEW) - course) IS DISTINCT FROM (to_jsonb(OLD) - course) THEN
        RAISE EXCEPTION '报送记录的内容不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('accepted', 'rejected', 'replaced') AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION '报送记录已有结果，不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_exchangerecord_frozen BEFORE UPDATE ON disclosure_exchangerecord
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_record_change();
CREATE TRIGGER disclosure_exchangerecord_kept BEFORE DELETE ON disclosure_exchangerecord
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_exchangereceipt_kept BEFORE UPDATE OR DELETE ON disclosure_exchangereceipt
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_exchangeanswer_kept BEFORE UPDATE OR DELETE ON disclosure_exchangeanswer
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_exchangebatch_kept BEFORE DELETE ON disclosure_exchangebatch
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# What an act says stays as it was entered; its class is given once, and an end is final.
ACTS_ARE_KEPT = """
CREATE FUNCTION disclosure_refuse_act_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    course text[] := ARRAY['proposed_by_id', 'proposed_at', 'publicity_class', 'class_reason', 'class_note',
        'decided_at', 'decided_by_id', 'second_id', 'public_from', 'public_until', 'rule_basis', 'ended_at',
        'ending', 'ending_note', 'ended_by_id'];
    ends text[] := ARRAY['ended_at', 'ending', 'ending_note', 'ended_by_id'];
BEGIN
    IF (to_jsonb(NEW) - course) IS DISTINCT FROM (to_jsonb(OLD) - course) THEN
        RAISE EXCEPTION '行政行为信息的内容不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION '已经停止的行政行为信息不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.decided_at IS NOT NULL AND (to_jsonb(NEW) - ends) IS DISTINCT FROM (to_jsonb(OLD) - ends) THEN
        RAISE EXCEPTION '已经确定的公开类型不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_act_frozen BEFORE UPDATE ON disclosure_administrativeact
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_act_change();
CREATE TRIGGER disclosure_act_kept BEFORE DELETE ON disclosure_administrativeact
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# What was recorded stays.
TYPICAL_CASES = """
CREATE FUNCTION disclosure_refuse_case_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION '已经报送的典型案例不能删除' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state = 'accepted' AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION '已经采用的典型案例不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER disclosure_typicalcase_kept BEFORE UPDATE OR DELETE ON disclosure_typicalcase
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_case_change();
CREATE TRIGGER disclosure_typicalreport_kept BEFORE UPDATE OR DELETE ON disclosure_typicalreport
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_typicalpublication_kept BEFORE DELETE ON disclosure_typicalpublication
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
PROGRESS_IS_KEPT = """
CREATE TRIGGER disclosure_progressversion_kept BEFORE UPDATE OR DELETE ON disclosure_progressversion
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_progresscases_kept BEFORE UPDATE OR DELETE ON disclosure_progresscases
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_progressreport_kept BEFORE DELETE ON disclosure_progressreport
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_assessment_kept BEFORE DELETE ON disclosure_assessment
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

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
# What somebody said stays as it was said, a written answer as it was approved; steps are only added.
OBJECTIONS_ARE_KEPT = """
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
CREATE TRIGGER disclosure_objection_kept BEFORE DELETE ON disclosure_objection
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_complaint_kept BEFORE DELETE ON disclosure_complaint
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_errortip_kept BEFORE DELETE ON disclosure_errortip
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_reversalrecipient_kept BEFORE DELETE ON disclosure_reversalrecipient
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# A draft of a region's report that is given up takes its cases with it; those of a signed one stay.
PILOTS = """
CREATE FUNCTION disclosure_refuse_summary_cases_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR EXISTS (
        SELECT 1 FROM disclosure_progresssummary WHERE id = OLD.summary_id AND state <> 'draft') THEN
        RAISE EXCEPTION '总报告所据案件不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER disclosure_summarycases_kept BEFORE UPDATE OR DELETE ON disclosure_summarycases
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_summary_cases_change();
CREATE TRIGGER disclosure_pilotnote_kept BEFORE UPDATE OR DELETE ON disclosure_pilotnote
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER disclosure_pilot_kept BEFORE DELETE ON disclosure_pilot
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""


# When the documents wanted them to be there; since when they are, each office enters itself.
DUE = [
    ("130000", "item_catalogue", date(2021, 11, 30), "S2 四（一）"),
    ("130000", "column", date(2021, 11, 30), "S2 四（三）"),
    ("130100", "column", date(2019, 12, 31), "S1 一（一）"),
]


def name_the_days(apps, schema_editor):
    regions = set(apps.get_model("registry", "Region").objects.values_list("code", flat=True))
    model = apps.get_model("disclosure", "LaunchDate")
    model.objects.bulk_create(
        model(region_id=region, what=what, due_on=due, basis=basis)
        for region, what, due, basis in DUE
        if region in regions
    )


class Migration(migrations.Migration):

    replaces = [
        ('disclosure', '0021_pilots'),
    ]

    dependencies = [
        ('disclosure', '0004_objections_and_pilots'),
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        kept_by(DECISIONS_ARE_KEPT),
        kept_by(REPORTS_ARE_KEPT),
        kept_by(EXCHANGE_IS_KEPT),
        kept_by(ACTS_ARE_KEPT),
        kept_by(TYPICAL_CASES),
        kept_by(PROGRESS_IS_KEPT),
        kept_by(OBJECTIONS_ARE_KEPT),
        kept_by(PILOTS),
        migrations.RunPython(name_the_days, migrations.RunPython.noop, elidable=False),
    ]
