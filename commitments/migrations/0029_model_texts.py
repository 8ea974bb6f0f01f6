import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import InSteps


# The document that issued a model is part of the version: it moves while that is a draft, and not after.
KEEP = """
CREATE TRIGGER commitments_modelissue_frozen BEFORE INSERT OR UPDATE OR DELETE ON commitments_modelissue
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_part_change();
"""
LET_GO = "DROP TRIGGER commitments_modelissue_frozen ON commitments_modelissue;"


class Migration(InSteps):

    dependencies = [
        ('commitments', '0028_associations_and_registration'),
        ('registry', '0012_versions_withdrawn'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='commitmenttext',
            name='model',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adoptions', to='commitments.commitmenttext', verbose_name='采用的示范文本'),
        ),
        migrations.AddField(
            model_name='historicaltextversion',
            name='adopts',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='commitments.textversion'),
        ),
        migrations.AddField(
            model_name='historicaltextversion',
            name='place_values',
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name='本地填写内容'),
        ),
        migrations.AddField(
            model_name='historicaltextversion',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='撤回时间'),
        ),
        migrations.AddField(
            model_name='historicaltextversion',
            name='withdrawn_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='撤回人'),
        ),
        migrations.AddField(
            model_name='historicaltextversion',
            name='withdrawn_reason',
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name='撤回理由'),
        ),
        migrations.AddField(
            model_name='textversion',
            name='adopts',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adopted_as', to='commitments.textversion'),
        ),
        migrations.AddField(
            model_name='textversion',
            name='place_values',
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name='本地填写内容'),
        ),
        migrations.AddField(
            model_name='textversion',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='撤回时间'),
        ),
        migrations.AddField(
            model_name='textversion',
            name='withdrawn_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='撤回人'),
        ),
        migrations.AddField(
            model_name='textversion',
            name='withdrawn_reason',
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name='撤回理由'),
        ),
        migrations.AlterField(
            model_name='historicaltextversion',
            name='status',
            field=models.CharField(choices=[('draft', '草稿'), ('published', '现行'), ('frozen', '历史'), ('withdrawn', '已撤回')], default='draft', max_length=10, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='textversion',
            name='status',
            field=models.CharField(choices=[('draft', '草稿'), ('published', '现行'), ('frozen', '历史'), ('withdrawn', '已撤回')], default='draft', max_length=10, verbose_name='状态'),
        ),
        migrations.CreateModel(
            name='ModelIssue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document', models.CharField(max_length=200, verbose_name='印发文件')),
                ('number', models.CharField(max_length=60, verbose_name='文号')),
                ('issued_on', models.DateField(verbose_name='印发日期')),
                ('file_sha256', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('\\A[0-9a-f]{64}\\Z', '应为 64 位十六进制的校验值。')], verbose_name='印发文件的校验值')),
                ('place_keys', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, size=None, verbose_name='由采用地区填写的空白')),
                ('version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='issue', to='commitments.textversion', verbose_name='文本版本')),
            ],
            options={
                'verbose_name': '示范文本印发文件',
                'verbose_name_plural': '示范文本印发文件',
            },
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
