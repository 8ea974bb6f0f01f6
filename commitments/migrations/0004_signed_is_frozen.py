from django.db import migrations

# The columns named here move after signing, each through its service; every other change is refused.
FREEZE = """
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
UNFREEZE = """
DROP TRIGGER commitments_commitment_frozen ON commitments_commitment;
DROP TRIGGER commitments_commitment_kept ON commitments_commitment;
DROP TRIGGER commitments_event_append_only ON commitments_commitmentevent;
DROP FUNCTION commitments_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("commitments", "0003_initial"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(FREEZE, UNFREEZE)]
