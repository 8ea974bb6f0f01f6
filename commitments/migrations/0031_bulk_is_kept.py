from django.db import migrations

# An imported commitment was never signed here. It may be corrected by a later file, in the transaction that writes down
# what was changed and who confirmed it; which document it is (code, unit, region) stays. What was signed here stays frozen.
FREEZE = """
CREATE OR REPLACE FUNCTION commitments_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['fulfilment', 'publicity_class', 'public_from', 'withdrawn_at', 'voided_at'];
    correctable text[] := ARRAY['subject_id', 'subject_kind', 'subject_name', 'subject_code', 'commitment_type',
        'late_materials', 'item_name', 'content', 'text_sha256', 'valid_until', 'case_ref'];
BEGIN
    IF (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving) THEN
        IF NOT (OLD.channel = 'bulk' AND OLD.voided_at IS NULL
            AND (to_jsonb(NEW) - moving - correctable) IS NOT DISTINCT FROM (to_jsonb(OLD) - moving - correctable)
            AND EXISTS (SELECT FROM commitments_importedrevision AS one
                WHERE one.commitment_id = OLD.id AND one.transaction = txid_current())) THEN
            RAISE EXCEPTION '已签署的承诺 % 不能更改', OLD.code USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at THEN
        RAISE EXCEPTION '承诺 % 已作废', OLD.code USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE FUNCTION commitments_refuse_imported_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['breach', 'case_id', 'settled_at', 'settled_by_id', 'settled_note'];
BEGIN
    IF (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving)
        AND NOT EXISTS (SELECT FROM commitments_importedrevision AS one
            WHERE one.commitment_id = OLD.commitment_id AND one.transaction = txid_current()) THEN
        RAISE EXCEPTION '归集文件的内容 % 不能更改', OLD.commitment_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.commitment_id, OLD.department_id) IS DISTINCT FROM (NEW.commitment_id, NEW.department_id) THEN
        RAISE EXCEPTION '归集文件的内容 % 不能更改', OLD.commitment_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_importedcommitment_frozen BEFORE UPDATE ON commitments_importedcommitment
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_imported_change();
CREATE TRIGGER commitments_importedcommitment_kept BEFORE DELETE ON commitments_importedcommitment
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_importedrevision_kept BEFORE UPDATE OR DELETE ON commitments_importedrevision
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_bulkjob_kept BEFORE DELETE ON commitments_bulkjob
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
AS_BEFORE = """
DROP TRIGGER commitments_bulkjob_kept ON commitments_bulkjob;
DROP TRIGGER commitments_importedrevision_kept ON commitments_importedrevision;
DROP TRIGGER commitments_importedcommitment_kept ON commitments_importedcommitment;
DROP TRIGGER commitments_importedcommitment_frozen ON commitments_importedcommitment;
DROP FUNCTION commitments_refuse_imported_change();
CREATE OR REPLACE FUNCTION commitments_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("commitments", "0030_bulk"), ("audit", "0002_squashed_0003_reads_by_access")]

    operations = [migrations.RunSQL(FREEZE, AS_BEFORE)]
