from django.db import migrations, models

# What the public was asked on stays as it was.
KEPT = """
CREATE FUNCTION verification_refuse_asked_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.asked_parts <> '{}'::jsonb AND NEW.asked_parts IS DISTINCT FROM OLD.asked_parts THEN
        RAISE EXCEPTION '公开征求过意见的内容不能更改' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verification_listmethod_as_asked BEFORE UPDATE ON verification_listmethod
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_asked_change();
"""
UNDONE = """
DROP TRIGGER verification_listmethod_as_asked ON verification_listmethod;
DROP FUNCTION verification_refuse_asked_change();
"""


class Migration(migrations.Migration):
    dependencies = [("verification", "0040_evaluations_of_a_file")]
    operations = [
        migrations.AddField(
            model_name=name,
            name="asked_parts",
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name="征求意见的内容"),
        )
        for name in ("listmethod", "historicallistmethod")
    ] + [migrations.RunSQL(KEPT, UNDONE)]
