from django.db import migrations

from credit_portal.audit.migrating import kept_by


CHECKS_ARE_KEPT = """
CREATE TRIGGER verification_check_append_only BEFORE UPDATE OR DELETE ON verification_check
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
LISTINGS_ARE_KEPT = """
CREATE TRIGGER verification_listing_kept BEFORE DELETE ON verification_listing
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_listingstep_kept BEFORE UPDATE OR DELETE ON verification_listingstep
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
USAGE_LISTS_ARE_KEPT = """
CREATE TRIGGER verification_usagenote_kept BEFORE UPDATE OR DELETE ON verification_usagenote
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_usagesubmission_kept BEFORE UPDATE OR DELETE ON verification_usagesubmission
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_usagerow_kept BEFORE UPDATE OR DELETE ON verification_usagerow
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

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
# What was looked at, told, taken in and decided is added and never changed.
CHECKS_PAPERS_ARE_KEPT = """
CREATE TRIGGER verification_checklook_kept BEFORE UPDATE OR DELETE ON verification_checklook
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_outsidereport_kept BEFORE UPDATE OR DELETE ON verification_outsidereport
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_checknotice_kept BEFORE UPDATE OR DELETE ON verification_checknotice
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_checkoutcome_kept BEFORE UPDATE OR DELETE ON verification_checkoutcome
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

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
# What was recorded stays.
TRAINING = """
CREATE TRIGGER verification_trainingsession_kept BEFORE UPDATE OR DELETE ON verification_trainingsession
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_trainingline_kept BEFORE UPDATE OR DELETE ON verification_trainingline
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# Which file has brought whom is kept, and what a file that was taken in has done stays as it was.
MEMBERSHIPS = """
CREATE FUNCTION verification_refuse_upload_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state IN ('done', 'discarded') THEN
        RAISE EXCEPTION '已经办完的名单文件不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verification_membershipupload_kept BEFORE UPDATE OR DELETE ON verification_membershipupload
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_upload_change();
"""
# What was approved is what people were told: it can only end, and not later than was said. A draft may go.
LISTED_MEASURES_ARE_FROZEN = """
CREATE FUNCTION verification_refuse_listed_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL AND (TG_OP = 'DELETE'
        OR (to_jsonb(NEW) - 'effective_to') IS DISTINCT FROM (to_jsonb(OLD) - 'effective_to')
        OR (OLD.effective_to IS NOT NULL AND (NEW.effective_to IS NULL OR NEW.effective_to > OLD.effective_to))) THEN
        RAISE EXCEPTION '已经批准的措施只能写明失效日期，不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER verification_listedmeasure_frozen BEFORE UPDATE OR DELETE ON verification_listedmeasure
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_listed_change();
CREATE FUNCTION verification_refuse_lifting_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'answer', 'decided_at', 'decided_by_id'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'asked'
        OR (to_jsonb(NEW) - decision) IS DISTINCT FROM (to_jsonb(OLD) - decision) THEN
        RAISE EXCEPTION '提前解除的申请和决定不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verification_measurelifting_kept BEFORE UPDATE OR DELETE ON verification_measurelifting
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_lifting_change();
"""
OWN_RECORD = """
CREATE TRIGGER verification_ownrecordrequest_kept BEFORE UPDATE OR DELETE ON verification_ownrecordrequest
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
CONSUMER_COMPLAINTS = """
CREATE FUNCTION verification_refuse_complaint_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR ROW(NEW.hotline_no, NEW.subject_id, NEW.subject_kind, NEW.subject_name, NEW.subject_code, NEW.department_id,
               NEW.region_id, NEW.received_on, NEW.domain, NEW.about, NEW.source, NEW.entered_at, NEW.corrects_id, NEW.entry_id)
           IS DISTINCT FROM
           ROW(OLD.hotline_no, OLD.subject_id, OLD.subject_kind, OLD.subject_name, OLD.subject_code, OLD.department_id,
               OLD.region_id, OLD.received_on, OLD.domain, OLD.about, OLD.source, OLD.entered_at, OLD.corrects_id, OLD.entry_id)
        OR (OLD.result <> '' AND ROW(NEW.result, NEW.result_text, NEW.handled_on)
            IS DISTINCT FROM ROW(OLD.result, OLD.result_text, OLD.handled_on))
        OR (OLD.ended_at IS NOT NULL AND ROW(NEW.ended_at, NEW.ending) IS DISTINCT FROM ROW(OLD.ended_at, OLD.ending)) THEN
        RAISE EXCEPTION '消费投诉的内容不能更改，有误的请更正' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verification_consumercomplaint_kept BEFORE UPDATE OR DELETE ON verification_consumercomplaint
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_complaint_change();
"""
# What was recorded stays; that it was repaired, corrected or withdrawn is said beside it.
TAX_CREDIT = """
CREATE FUNCTION verification_refuse_tax_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'closed_on', 'reason'];
BEGIN
    IF (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving)
            OR OLD.state IN ('corrected', 'withdrawn') THEN
        RAISE EXCEPTION '纳税信用信息 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verification_taxcreditentry_frozen BEFORE UPDATE ON verification_taxcreditentry
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_tax_change();
CREATE TRIGGER verification_taxcreditentry_kept BEFORE DELETE ON verification_taxcreditentry
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):

    replaces = [
        ('verification', '0024_tax_credit'),
    ]

    dependencies = [
        ('verification', '0003_training_and_complaints'),
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        kept_by(CHECKS_ARE_KEPT),
        kept_by(LISTINGS_ARE_KEPT),
        kept_by(USAGE_LISTS_ARE_KEPT),
        kept_by(CHECKS_PAPERS_ARE_KEPT),
        kept_by(TRAINING),
        kept_by(MEMBERSHIPS),
        kept_by(LISTED_MEASURES_ARE_FROZEN),
        kept_by(OWN_RECORD),
        kept_by(CONSUMER_COMPLAINTS),
        kept_by(TAX_CREDIT),
    ]
