from datetime import date

from django.db import migrations

# What an act says stays as it was entered; its class is given once, and an end is final.
KEEP = """
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
LET_GO = """
DROP TRIGGER disclosure_act_frozen ON disclosure_administrativeact;
DROP TRIGGER disclosure_act_kept ON disclosure_administrativeact;
DROP FUNCTION disclosure_refuse_act_change();
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
    dependencies = [
        ("disclosure", "0010_acts"),
        ("audit", "0002_append_only"),
        ("registry", "0002_regions"),
    ]

    operations = [
        migrations.RunSQL(KEEP, LET_GO),
        migrations.RunPython(name_the_days, migrations.RunPython.noop),
    ]
