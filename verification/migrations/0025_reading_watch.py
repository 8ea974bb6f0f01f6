import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import InSteps


KEPT = """
CREATE TRIGGER verification_readerday_kept BEFORE UPDATE OR DELETE ON verification_readerday
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_avoidedcode_kept BEFORE DELETE ON verification_avoidedcode
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_avoidedcode_ended BEFORE UPDATE ON verification_avoidedcode
    FOR EACH ROW WHEN (OLD.until_on IS NOT NULL OR ROW (NEW.user_id, NEW.relation, NEW.uscc, NEW.id_number_index, NEW.from_on)
        IS DISTINCT FROM ROW (OLD.user_id, OLD.relation, OLD.uscc, OLD.id_number_index, OLD.from_on))
    EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_unusualreading_kept BEFORE DELETE ON verification_unusualreading
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_unusualreading_decided BEFORE UPDATE ON verification_unusualreading
    FOR EACH ROW WHEN (OLD.state <> 'open' OR ROW (NEW.reader_id, NEW.kind, NEW.day, NEW.readings, NEW.subjects, NEW.avoided_id)
        IS DISTINCT FROM ROW (OLD.reader_id, OLD.kind, OLD.day, OLD.readings, OLD.subjects, OLD.avoided_id))
    EXECUTE FUNCTION audit_refuse_change();
"""
AS_BEFORE = """
DROP TRIGGER verification_readerday_kept ON verification_readerday;
DROP TRIGGER verification_avoidedcode_kept ON verification_avoidedcode;
DROP TRIGGER verification_avoidedcode_ended ON verification_avoidedcode;
DROP TRIGGER verification_unusualreading_kept ON verification_unusualreading;
DROP TRIGGER verification_unusualreading_decided ON verification_unusualreading;
"""


class Migration(InSteps):

    dependencies = [
        ('audit', '0002_squashed_0003_reads_by_access'),
        ('verification', '0004_squashed_0024_tax_credit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AvoidedCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('relation', models.CharField(choices=[('self', '本人'), ('spouse', '配偶'), ('parent', '父母'), ('child', '子女'), ('sibling', '兄弟姐妹'), ('other', '其他近亲属或者姻亲'), ('company', '本人或者亲属任职、持股的单位')], max_length=10, verbose_name='关系')),
                ('uscc', models.CharField(editable=False, max_length=18, null=True, verbose_name='统一社会信用代码')),
                ('id_number_index', models.CharField(editable=False, max_length=64, null=True)),
                ('shown', models.CharField(editable=False, max_length=20, verbose_name='代码')),
                ('from_on', models.DateField(verbose_name='自')),
                ('until_on', models.DateField(null=True, verbose_name='至')),
                ('entered_at', models.DateTimeField(verbose_name='登记时间')),
                ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                ('entered_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='avoided_codes', to=settings.AUTH_USER_MODEL, verbose_name='工作人员')),
            ],
            options={
                'verbose_name': '回避登记',
                'verbose_name_plural': '回避登记',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ReaderDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(db_index=True, verbose_name='日期')),
                ('readings', models.PositiveIntegerField(verbose_name='查阅次数')),
                ('subjects', models.PositiveIntegerField(verbose_name='查阅主体数')),
                ('off_hours', models.PositiveIntegerField(verbose_name='工作时间以外的次数')),
                ('reader', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reader_days', to=settings.AUTH_USER_MODEL, verbose_name='查阅人')),
            ],
            options={
                'verbose_name': '每日查阅',
                'verbose_name_plural': '每日查阅',
                'ordering': ['-day'],
            },
        ),
        migrations.CreateModel(
            name='UnusualReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('volume', '查阅主体明显多于平常'), ('off_hours', '工作时间以外查阅'), ('avoided', '查阅回避登记的主体')], max_length=10, verbose_name='情形')),
                ('day', models.DateField(verbose_name='日期')),
                ('readings', models.PositiveIntegerField(verbose_name='查阅次数')),
                ('subjects', models.PositiveIntegerField(verbose_name='查阅主体数')),
                ('usual', models.PositiveIntegerField(null=True, verbose_name='平常每日主体数')),
                ('limit', models.PositiveIntegerField(null=True, verbose_name='提示线')),
                ('found_at', models.DateTimeField(verbose_name='发现时间')),
                ('state', models.CharField(choices=[('open', '待核实'), ('explained', '已说明'), ('referred', '移送处理')], default='open', max_length=10, verbose_name='状态')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='核实情况')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='办结时间')),
                ('avoided', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='found', to='verification.avoidedcode', verbose_name='回避登记')),
                ('decided_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核实人')),
                ('reader', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unusual_readings', to=settings.AUTH_USER_MODEL, verbose_name='查阅人')),
            ],
            options={
                'verbose_name': '异常查阅',
                'verbose_name_plural': '异常查阅',
                'ordering': ['-day', '-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='avoidedcode',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('id_number_index__isnull', True), ('uscc__isnull', False)), models.Q(('id_number_index__isnull', False), ('uscc__isnull', True)), _connector='OR'), name='avoided_one_code', violation_error_message='统一社会信用代码和身份证号码二者其一。'),
        ),
        migrations.AddConstraint(
            model_name='avoidedcode',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__isnull', True), ('until_on__gte', models.F('from_on')), _connector='OR'), name='avoided_in_order', violation_error_message='结束日期不能早于开始日期。'),
        ),
        migrations.AddConstraint(
            model_name='avoidedcode',
            constraint=models.UniqueConstraint(condition=models.Q(('until_on__isnull', True), ('uscc__isnull', False)), fields=('user', 'uscc'), name='avoided_once_uscc'),
        ),
        migrations.AddConstraint(
            model_name='avoidedcode',
            constraint=models.UniqueConstraint(condition=models.Q(('id_number_index__isnull', False), ('until_on__isnull', True)), fields=('user', 'id_number_index'), name='avoided_once_person'),
        ),
        migrations.AddConstraint(
            model_name='readerday',
            constraint=models.UniqueConstraint(fields=('reader', 'day'), name='reader_day_once'),
        ),
        migrations.AddIndex(
            model_name='unusualreading',
            index=models.Index(fields=['state', '-day'], name='unusual_by_state'),
        ),
        migrations.AddConstraint(
            model_name='unusualreading',
            constraint=models.UniqueConstraint(fields=('reader', 'day', 'kind', 'avoided'), name='unusual_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='unusualreading',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('avoided__isnull', False), ('kind', 'avoided')), models.Q(models.Q(('kind', 'avoided'), _negated=True), ('avoided__isnull', True)), _connector='OR'), name='unusual_avoided_named', violation_error_message='查阅回避登记的主体，须写明是哪一条登记。'),
        ),
        migrations.AddConstraint(
            model_name='unusualreading',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('note', ''), _negated=True)), _connector='OR'), name='unusual_decided_by_somebody', violation_error_message='办结须写明核实情况。'),
        ),
        migrations.RunSQL(KEPT, AS_BEFORE),
    ]
