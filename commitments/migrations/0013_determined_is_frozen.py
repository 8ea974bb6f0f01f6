from django.db import migrations

# What was determined is frozen with its document; only what follows from it may still move. Steps are added only.
FREEZE = """
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
UNFREEZE = """
DROP TRIGGER commitments_breachcase_frozen ON commitments_breachcase;
DROP TRIGGER commitments_breachcase_kept ON commitments_breachcase;
DROP TRIGGER commitments_breachedclause_frozen ON commitments_breachedclause;
DROP TRIGGER commitments_casestep_append_only ON commitments_casestep;
DROP TRIGGER commitments_casestep_no_truncate ON commitments_casestep;
DROP FUNCTION commitments_refuse_case_change();
DROP FUNCTION commitments_refuse_clause_change();
"""


class Migration(migrations.Migration):
    dependencies = [("commitments", "0012_breach_cases"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(FREEZE, UNFREEZE)]
