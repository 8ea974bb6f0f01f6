from django.db import migrations

from credit_portal.audit.migrating import kept_by


# The columns named here move after signing, each through its service; every other change is refused.
SIGNED_IS_FROZEN = """
CREATE FUNCTION commitments_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['fulfilment', 'publicity_class', 'public_from', 'withdrawn_at', 'voided_at'];
BEGIN
    IF (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving) THEN
        RAISE EXCEPTION '已签署的承诺 % 不能更改', OLD.code USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at THEN
        RAISE EXCEPTION '承诺 % 已作废', OLD.code USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_commitment_frozen BEFORE UPDATE ON commitments_commitment
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_change();
CREATE TRIGGER commitments_commitment_kept BEFORE DELETE ON commitments_commitment
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_event_append_only BEFORE UPDATE OR DELETE ON commitments_commitmentevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# The clauses and blanks of a version are part of it: they move while it is a draft, and not after.
PUBLISHED_IS_FROZEN = """
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
# Reading names from the index alone works for pages that a vacuum has seen: it comes by every few thousand rows,
# where the default waits for a fifth of the table.
VACUUM_OFTEN = """
ALTER TABLE commitments_commitment SET (
    autovacuum_vacuum_insert_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.01
)
"""
AS_BEFORE = """
ALTER TABLE commitments_commitment RESET (
    autovacuum_vacuum_insert_threshold, autovacuum_vacuum_insert_scale_factor,
    autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor
)
"""
# What was determined is frozen with its document; only what follows from it may still move. Steps are added only.
DETERMINED_IS_FROZEN = """
CREATE FUNCTION commitments_refuse_case_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'entry_id', 'served_on', 'service_method', 'service_proof_id',
        'subject_statement', 'subject_statement_on', 'revoked_on', 'revocation_reason', 'revocation_document_no'];
BEGIN
    IF OLD.determined_on IS NOT NULL
        AND (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving) THEN
        RAISE EXCEPTION '认定 % 已作出，不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.served_on IS NOT NULL AND (NEW.served_on, NEW.service_method, NEW.service_proof_id)
        IS DISTINCT FROM (OLD.served_on, OLD.service_method, OLD.service_proof_id) THEN
        RAISE EXCEPTION '认定 % 已送达，不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_breachcase_frozen BEFORE UPDATE ON commitments_breachcase
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_case_change();
CREATE TRIGGER commitments_breachcase_kept BEFORE DELETE ON commitments_breachcase
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

CREATE FUNCTION commitments_refuse_clause_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM commitments_breachcase
        WHERE id = COALESCE(NEW.case_id, OLD.case_id) AND determined_on IS NOT NULL) THEN
        RAISE EXCEPTION '认定已作出，未履行的条款不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END
$$;
CREATE TRIGGER commitments_breachedclause_frozen BEFORE INSERT OR UPDATE OR DELETE ON commitments_breachedclause
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_clause_change();

CREATE TRIGGER commitments_casestep_append_only BEFORE UPDATE OR DELETE ON commitments_casestep
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_casestep_no_truncate BEFORE TRUNCATE ON commitments_casestep
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""
CONSEQUENCES_ARE_KEPT = """
CREATE TRIGGER commitments_rectification_kept BEFORE DELETE ON commitments_rectification FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_interview_kept BEFORE DELETE ON commitments_interview FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_revocationhandoff_kept BEFORE DELETE ON commitments_revocationhandoff FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_letter_kept BEFORE DELETE ON commitments_letter FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# The words that a subject has handed in stay as they are; what becomes of them is said once.
SUBJECTS_OWN_PAGES = """
CREATE FUNCTION commitments_refuse_statement_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.case_id, NEW.access_id, NEW.text, NEW.submitted_at)
        IS DISTINCT FROM (OLD.case_id, OLD.access_id, OLD.text, OLD.submitted_at) OR OLD.state <> 'waiting' THEN
        RAISE EXCEPTION '主体说明 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_subjectstatement_frozen BEFORE UPDATE ON commitments_subjectstatement
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_statement_change();
CREATE TRIGGER commitments_subjectstatement_kept BEFORE DELETE ON commitments_subjectstatement
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_accessgrounds_kept BEFORE UPDATE OR DELETE ON commitments_accessgrounds
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# What was promised, and what was decided or recorded once, stays as it is.
LATE_MATERIALS = """
CREATE FUNCTION commitments_refuse_promise_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.supplement_id, NEW.number, NEW.name, NEW.source, NEW.promised_on)
        IS DISTINCT FROM (OLD.supplement_id, OLD.number, OLD.name, OLD.source, OLD.promised_on)
        OR OLD.state = 'received' OR NEW.due_on < OLD.due_on THEN
        RAISE EXCEPTION '承诺补交的材料 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_promisedmaterial_frozen BEFORE UPDATE ON commitments_promisedmaterial
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_promise_change();
CREATE FUNCTION commitments_refuse_supplement_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.commitment_id, NEW.department_id, NEW.region_id, NEW.signed_on)
        IS DISTINCT FROM (OLD.commitment_id, OLD.department_id, OLD.region_id, OLD.signed_on)
        OR OLD.state IN ('done', 'case', 'closed', 'cancelled')
        OR (OLD.state = 'overdue' AND NEW.state = 'open') THEN
        RAISE EXCEPTION '容缺受理 % 已经办结，不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_supplement_frozen BEFORE UPDATE ON commitments_supplement
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_supplement_change();
CREATE FUNCTION commitments_refuse_extension_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'asked' OR (NEW.supplement_id, NEW.working_days, NEW.reason, NEW.evidence_id, NEW.asked_by_id)
        IS DISTINCT FROM (OLD.supplement_id, OLD.working_days, OLD.reason, OLD.evidence_id, OLD.asked_by_id) THEN
        RAISE EXCEPTION '容缺延长 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_supplementextension_frozen BEFORE UPDATE ON commitments_supplementextension
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_extension_change();
CREATE FUNCTION commitments_refuse_result_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.recorded_on IS NOT NULL OR NEW.commitment_id <> OLD.commitment_id THEN
        RAISE EXCEPTION '办理结果 % 已经登记，不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_immediateresult_frozen BEFORE UPDATE ON commitments_immediateresult
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_result_change();
CREATE TRIGGER commitments_promisedmaterial_kept BEFORE DELETE ON commitments_promisedmaterial
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_supplement_kept BEFORE DELETE ON commitments_supplement
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_supplementextension_kept BEFORE DELETE ON commitments_supplementextension
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_immediateresult_kept BEFORE DELETE ON commitments_immediateresult
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# A finding, a round, its population and an answer stay as they are; a plan is what two people agreed on.
OBLIGATIONS = """
CREATE TRIGGER commitments_obligationfinding_kept BEFORE UPDATE OR DELETE ON commitments_obligationfinding
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_obligationfinding_evidence_kept BEFORE UPDATE OR DELETE ON commitments_obligationfinding_evidence
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_recheckround_kept BEFORE UPDATE OR DELETE ON commitments_recheckround
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_recheckmember_kept BEFORE UPDATE OR DELETE ON commitments_recheckmember
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_recheck_evidence_kept BEFORE UPDATE OR DELETE ON commitments_recheck_evidence
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_obligation_kept BEFORE DELETE ON commitments_obligation
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_recheck_kept BEFORE DELETE ON commitments_recheck
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_recheckplan_kept BEFORE DELETE ON commitments_recheckplan
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

CREATE FUNCTION commitments_refuse_recheck_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finding <> '' AND (to_jsonb(NEW) - 'has_duty') IS DISTINCT FROM (to_jsonb(OLD) - 'has_duty')
        OR (NEW.round_id, NEW.commitment_id) IS DISTINCT FROM (OLD.round_id, OLD.commitment_id) THEN
        RAISE EXCEPTION '复核 % 的结果不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_recheck_frozen BEFORE UPDATE ON commitments_recheck
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_recheck_change();
CREATE FUNCTION commitments_refuse_plan_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'next_on', 'decided_by_id', 'decided_at', 'decision_note', 'ended_by_id',
        'ended_at', 'end_reason'];
BEGIN
    IF (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving) THEN
        RAISE EXCEPTION '复核计划 % 不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_recheckplan_frozen BEFORE UPDATE ON commitments_recheckplan
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_plan_change();
"""
# Readings were one a sector; each is now of the region of its department, the versions counted in their order. The
# constraint of the column is looked at before the column is altered.
WARNINGS_ARE_KEPT = """
CREATE FUNCTION commitments_refuse_warning_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR ROW(NEW.rule_id, NEW.family, NEW.entry_id, NEW.commitment_id, NEW.subject_id, NEW.department_id, NEW.clauses,
               NEW.note, NEW.found_at)
           IS DISTINCT FROM
           ROW(OLD.rule_id, OLD.family, OLD.entry_id, OLD.commitment_id, OLD.subject_id, OLD.department_id, OLD.clauses,
               OLD.note, OLD.found_at)
        OR (OLD.state <> 'open' AND ROW(NEW.state, NEW.answer, NEW.answered_at, NEW.answered_by_id)
            IS DISTINCT FROM ROW(OLD.state, OLD.answer, OLD.answered_at, OLD.answered_by_id)) THEN
        RAISE EXCEPTION '预警的内容和答复不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_clausewarning_kept BEFORE UPDATE OR DELETE ON commitments_clausewarning
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_warning_change();
CREATE FUNCTION commitments_refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL AND (TG_OP = 'DELETE'
        OR ROW(NEW.region_id, NEW.sort, NEW.family, NEW.name, NEW.version, NEW.entry_kinds, NEW.grades, NEW.list_codes,
               NEW.keywords, NEW.contents, NEW.domains, NEW.types, NEW.says, NEW.basis, NEW.effective_from, NEW.approved_at)
           IS DISTINCT FROM
           ROW(OLD.region_id, OLD.sort, OLD.family, OLD.name, OLD.version, OLD.entry_kinds, OLD.grades, OLD.list_codes,
               OLD.keywords, OLD.contents, OLD.domains, OLD.types, OLD.says, OLD.basis, OLD.effective_from, OLD.approved_at)) THEN
        RAISE EXCEPTION '已批准的预警规则不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER commitments_warningrule_kept BEFORE UPDATE OR DELETE ON commitments_warningrule
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_rule_change();
CREATE TRIGGER commitments_readingdraft_kept BEFORE DELETE ON commitments_readingdraft
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_readingoffer_kept BEFORE DELETE ON commitments_readingoffer
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
ONLINE_IS_KEPT = """
CREATE FUNCTION commitments_refuse_photo_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'removed_at') IS DISTINCT FROM (to_jsonb(OLD) - 'removed_at') THEN
        RAISE EXCEPTION '网上提交的照片 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_draftphoto_frozen BEFORE UPDATE ON commitments_draftphoto
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_photo_change();
CREATE TRIGGER commitments_draftphoto_kept BEFORE DELETE ON commitments_draftphoto
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_particulars_kept BEFORE UPDATE OR DELETE ON commitments_commitmentparticulars
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):

    replaces = [
        ('commitments', '0025_online_is_kept'),
    ]

    dependencies = [
        ('commitments', '0004_fulfilment_and_warnings'),
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        kept_by(SIGNED_IS_FROZEN),
        kept_by(PUBLISHED_IS_FROZEN),
        migrations.RunSQL(VACUUM_OFTEN, AS_BEFORE),
        kept_by(DETERMINED_IS_FROZEN),
        kept_by(CONSEQUENCES_ARE_KEPT),
        kept_by(SUBJECTS_OWN_PAGES),
        kept_by(LATE_MATERIALS),
        kept_by(OBLIGATIONS),
        kept_by(WARNINGS_ARE_KEPT),
        kept_by(ONLINE_IS_KEPT),
    ]
