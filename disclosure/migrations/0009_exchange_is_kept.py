from django.db import migrations

# A version stays as it was made; only what becomes of it moves, and an answer is final. Receipts are never changed.
KEEP = """
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
LET_GO = """
DROP TRIGGER disclosure_exchangerecord_frozen ON disclosure_exchangerecord;
DROP TRIGGER disclosure_exchangerecord_kept ON disclosure_exchangerecord;
DROP TRIGGER disclosure_exchangereceipt_kept ON disclosure_exchangereceipt;
DROP TRIGGER disclosure_exchangeanswer_kept ON disclosure_exchangeanswer;
DROP TRIGGER disclosure_exchangebatch_kept ON disclosure_exchangebatch;
DROP FUNCTION disclosure_refuse_record_change();
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0008_exchange"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
