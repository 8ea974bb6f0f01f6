import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import InSteps


# An item's rules only end. What was packed for the province stays; its filing and its receipt are added once each. A file
# that became drafts stays as it was handed in.
KEEP = """
CREATE FUNCTION disclosure_refuse_rules_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.effective_to IS NULL
            AND (to_jsonb(NEW) - 'effective_to') = (to_jsonb(OLD) - 'effective_to') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '已印发的实施细则不能更改' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER disclosure_itemrules_kept BEFORE UPDATE OR DELETE ON disclosure_itemrules
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_rules_change();
CREATE FUNCTION disclosure_refuse_filing_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    filing text[] := ARRAY['filed_on', 'filed_by_id'];
    receipt text[] := ARRAY['receipt_no', 'receipt_on'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.filed_on IS NULL AND (to_jsonb(NEW) - filing) = (to_jsonb(OLD) - filing) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.filed_on IS NOT NULL AND OLD.receipt_no = ''
            AND (to_jsonb(NEW) - receipt) = (to_jsonb(OLD) - receipt) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '已编制的备案材料不能更改' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER disclosure_cataloguefiling_kept BEFORE UPDATE OR DELETE ON disclosure_cataloguefiling
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_filing_change();
CREATE FUNCTION disclosure_refuse_import_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'checked' AND NEW.content = OLD.content AND NEW.sha256 = OLD.sha256 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '已办结的目录文件不能更改' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER disclosure_catalogueimport_kept BEFORE UPDATE OR DELETE ON disclosure_catalogueimport
    FOR EACH ROW EXECUTE FUNCTION disclosure_refuse_import_change();
"""
LET_GO = """
DROP TRIGGER disclosure_catalogueimport_kept ON disclosure_catalogueimport;
DROP FUNCTION disclosure_refuse_import_change();
DROP TRIGGER disclosure_cataloguefiling_kept ON disclosure_cataloguefiling;
DROP FUNCTION disclosure_refuse_filing_change();
DROP TRIGGER disclosure_itemrules_kept ON disclosure_itemrules;
DROP FUNCTION disclosure_refuse_rules_change();
"""


class Migration(InSteps):

    dependencies = [
        ('disclosure', '0005_squashed_0021_pilots'),
        ('registry', '0012_versions_withdrawn'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CatalogueImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('sha256', models.CharField(max_length=64, verbose_name='校验值')),
                ('content', models.BinaryField(verbose_name='文件')),
                ('state', models.CharField(choices=[('checked', '已检查，待导入'), ('done', '已导入'), ('discarded', '已放弃')], default='checked', max_length=10, verbose_name='状态')),
                ('drafts', models.PositiveIntegerField(default=0, verbose_name='写成草稿')),
                ('same', models.PositiveIntegerField(default=0, verbose_name='没有变化')),
                ('refused', models.PositiveIntegerField(default=0, verbose_name='未采用')),
                ('written', models.JSONField(default=list, verbose_name='草稿')),
                ('uploaded_at', models.DateTimeField(verbose_name='上传时间')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='完成时间')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.department', verbose_name='部门')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='上传人')),
            ],
            options={
                'verbose_name': '目录文件',
                'verbose_name_plural': '目录文件',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CatalogueFiling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('number', models.CharField(max_length=30, unique=True, verbose_name='编号')),
                ('as_of', models.DateField(verbose_name='目录截至')),
                ('recipient', models.CharField(max_length=200, verbose_name='报送对象')),
                ('letter_no', models.CharField(max_length=60, verbose_name='文号')),
                ('changes', models.JSONField(default=list, verbose_name='变化')),
                ('snapshot', models.JSONField(default=dict, verbose_name='事项版本')),
                ('content', models.BinaryField(verbose_name='文件包')),
                ('sha256', models.CharField(max_length=64, verbose_name='校验值')),
                ('packed_at', models.DateTimeField(verbose_name='编制时间')),
                ('filed_on', models.DateField(blank=True, null=True, verbose_name='报送日期')),
                ('receipt_no', models.CharField(blank=True, max_length=60, verbose_name='回执编号')),
                ('receipt_on', models.DateField(blank=True, null=True, verbose_name='回执日期')),
                ('before', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='disclosure.cataloguefiling', verbose_name='上一次备案')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.department', verbose_name='报送单位')),
                ('filed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='报送人')),
                ('packed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='编制人')),
                ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.region', verbose_name='行政区划')),
            ],
            options={
                'verbose_name': '目录备案',
                'verbose_name_plural': '目录备案',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('filed_on__isnull', False), models.Q(('receipt_no', ''), ('receipt_on__isnull', True)), _connector='OR'), name='catalogue_filing_receipt_after_filing', violation_error_message='先登记报送，再登记回执。')],
            },
        ),
        migrations.CreateModel(
            name='ItemRules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='版本号')),
                ('title', models.CharField(max_length=200, verbose_name='名称')),
                ('document_no', models.CharField(blank=True, max_length=60, verbose_name='文号')),
                ('issuer', models.CharField(max_length=200, verbose_name='印发单位')),
                ('issued_on', models.DateField(verbose_name='印发日期')),
                ('scope', models.TextField(help_text='每段一行', verbose_name='适用范围')),
                ('conditions', models.TextField(verbose_name='承诺的条件')),
                ('procedure', models.TextField(verbose_name='办理流程')),
                ('supervision', models.TextField(verbose_name='事中事后监管')),
                ('consequences', models.TextField(verbose_name='违诺的后果')),
                ('repair', models.TextField(verbose_name='信用修复')),
                ('effective_from', models.DateField(verbose_name='施行日期')),
                ('effective_to', models.DateField(blank=True, null=True, verbose_name='施行至')),
                ('entered_at', models.DateTimeField(verbose_name='录入时间')),
                ('entered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='own_rules', to='registry.serviceitem', verbose_name='事项')),
            ],
            options={
                'verbose_name': '事项实施细则',
                'verbose_name_plural': '事项实施细则',
                'ordering': ['item', '-number'],
                'constraints': [models.UniqueConstraint(fields=('item', 'number'), name='item_rules_number'), models.UniqueConstraint(condition=models.Q(('effective_to__isnull', True)), fields=('item',), name='item_rules_one_open'), models.CheckConstraint(condition=models.Q(('effective_to__isnull', True), ('effective_to__gte', models.F('effective_from')), _connector='OR'), name='item_rules_dates_in_order', violation_error_message='新的实施细则须晚于现行的施行日期。')],
            },
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
