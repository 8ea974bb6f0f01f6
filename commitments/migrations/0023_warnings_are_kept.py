import django.db.models.deletion
from django.db import migrations, models

# Readings were one a sector; each is now of the region of its department, the versions counted in their order. The
# constraint of the column is looked at before the column is altered.
FILL = """
UPDATE commitments_readingmaterial AS reading SET region_id = department.region_id
    FROM registry_department AS department WHERE department.id = reading.department_id;
UPDATE commitments_readingmaterial AS reading SET version = counted.number
    FROM (SELECT id, row_number() OVER (PARTITION BY domain, region_id ORDER BY id) AS number
          FROM commitments_readingmaterial) AS counted
    WHERE counted.id = reading.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
KEEP = """
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
LET_GO = """
DROP TRIGGER commitments_readingoffer_kept ON commitments_readingoffer;
DROP TRIGGER commitments_readingdraft_kept ON commitments_readingdraft;
DROP TRIGGER commitments_warningrule_kept ON commitments_warningrule;
DROP FUNCTION commitments_refuse_rule_change();
DROP TRIGGER commitments_clausewarning_kept ON commitments_clausewarning;
DROP FUNCTION commitments_refuse_warning_change();
"""


class Migration(migrations.Migration):
    dependencies = [("commitments", "0022_warnings_and_readings"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="readingmaterial",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.region",
                verbose_name="行政区划",
            ),
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
