import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


# What was approved is what people were told: it can only end, and not later than was said. A draft may go.
KEEP = """
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
LET_GO = """
DROP TRIGGER verification_listedmeasure_frozen ON verification_listedmeasure;
DROP FUNCTION verification_refuse_listed_change();
DROP TRIGGER verification_measurelifting_kept ON verification_measurelifting;
DROP FUNCTION verification_refuse_lifting_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('verification', '0017_memberships'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallistedmeasure',
            name='replaces',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='verification.listedmeasure', verbose_name='变更自'),
        ),
        migrations.AddField(
            model_name='listedmeasure',
            name='replaces',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='verification.listedmeasure', verbose_name='变更自'),
        ),
        migrations.CreateModel(
            name='MeasureLifting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('reason', models.CharField(max_length=500, verbose_name='解除理由')),
                ('asked_at', models.DateTimeField(verbose_name='申请时间')),
                ('state', models.CharField(choices=[('asked', '待决定'), ('allowed', '已同意'), ('declined', '未同意'), ('alone', '已解除（激励）')], max_length=10, verbose_name='状态')),
                ('answer', models.CharField(blank=True, max_length=500, verbose_name='决定理由')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='决定时间')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='申请人')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='决定人')),
                ('measure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='liftings', to='verification.appliedmeasure', verbose_name='已实施的措施')),
            ],
            options={
                'verbose_name': '提前解除',
                'verbose_name_plural': '提前解除',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('measure',), name='lifting_one_open', violation_error_message='这项措施已申请提前解除，等待决定。'), models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'alone']), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('answer', ''), _negated=True), models.Q(('decided_by', models.F('asked_by')), _negated=True)), _connector='OR'), name='lifting_decided_by_another', violation_error_message='惩戒措施的提前解除由申请人以外的另一人决定，并写明理由。')],
            },
        ),
        migrations.AddIndex(
            model_name='appliedmeasure',
            index=models.Index(fields=['department', 'ended_on'], name='applied_ended_by_department'),
        ),
        migrations.AddIndex(
            model_name='appliedmeasure',
            index=models.Index(condition=models.Q(('fed_back_at__isnull', True)), fields=['region'], name='applied_not_fed_back'),
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
