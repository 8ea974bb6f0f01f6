import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import Together


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('outbox', '0001_messages'),
        ('outbox', '0002_partners'),
        ('outbox', '0003_check_scope'),
        ('outbox', '0004_partner_scopes'),
    ]

    dependencies = [
        ('registry', '0003_squashed_0010_self_service'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Message',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(max_length=200, unique=True, verbose_name='唯一键')),
                    ('effect', models.CharField(max_length=60, verbose_name='事项')),
                    ('payload', models.JSONField(default=dict, help_text='只含编号，不含个人信息', verbose_name='内容')),
                    ('created_at', models.DateTimeField(verbose_name='写入时间')),
                    ('due_at', models.DateTimeField(verbose_name='下次尝试')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='已尝试')),
                    ('claimed_until', models.DateTimeField(blank=True, null=True, verbose_name='占用至')),
                    ('state', models.CharField(choices=[('waiting', '待发'), ('done', '已完成'), ('failed', '失败'), ('cancelled', '已取消')], default='waiting', max_length=10, verbose_name='状态')),
                    ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='完成时间')),
                    ('last_error', models.CharField(blank=True, max_length=500, verbose_name='最近错误')),
                ],
                options={
                    'verbose_name': '外发事项',
                    'verbose_name_plural': '外发事项',
                    'ordering': ['-id'],
                    'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at', 'id'], name='message_waiting'), models.Index(condition=models.Q(('state', 'failed')), fields=['-id'], name='message_failed')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('done_at__isnull', True)), _connector='OR'), name='message_done_is_dated', violation_error_message='已完成的事项须有完成时间。')],
                },
            ),
            migrations.CreateModel(
                name='PublicChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(max_length=200, unique=True, verbose_name='唯一键')),
                    ('position', models.BigIntegerField(null=True, unique=True, verbose_name='次序')),
                    ('kind', models.CharField(choices=[('published', '公示'), ('changed', '变更'), ('withdrawn', '停止公示')], max_length=10, verbose_name='类别')),
                    ('resource', models.CharField(help_text='commitment、breach 或 act', max_length=20, verbose_name='对象')),
                    ('reference', models.CharField(help_text='承诺编码，或者违诺、行政行为的公示编号；停止公示后不再给出', max_length=64, verbose_name='公开编号')),
                    ('opaque', models.UUIDField(default=uuid.uuid4, verbose_name='不透明编号')),
                    ('at', models.DateTimeField(verbose_name='时间')),
                ],
                options={
                    'verbose_name': '公示变更',
                    'verbose_name_plural': '公示变更',
                    'ordering': ['-id'],
                    'indexes': [models.Index(condition=models.Q(('position__isnull', True)), fields=['id'], name='change_unnumbered'), models.Index(fields=['resource', 'reference'], name='change_by_reference')],
                },
            ),
            migrations.CreateModel(
                name='Notice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(max_length=200, verbose_name='唯一键')),
                    ('kind', models.CharField(max_length=40, verbose_name='类别')),
                    ('title', models.CharField(max_length=120, verbose_name='标题')),
                    ('body', models.TextField(blank=True, verbose_name='内容')),
                    ('link', models.CharField(blank=True, max_length=300, verbose_name='去处')),
                    ('created_at', models.DateTimeField(verbose_name='时间')),
                    ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='已读时间')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to=settings.AUTH_USER_MODEL, verbose_name='收件人')),
                ],
                options={
                    'verbose_name': '通知',
                    'verbose_name_plural': '通知',
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['user', '-id'], name='notice_by_user'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['user'], name='notice_unread')],
                    'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='notice_once')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalPartnerSystem',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('name', models.CharField(db_index=True, max_length=100, verbose_name='系统名称')),
                    ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('credit_entries.write', '推送行政许可、行政处罚等信用信息'), ('checks.write', '核查信用记录'), ('commitments.write', '递交在本部门签署的承诺'), ('commitments.read', '读取本部门的承诺和办理期限'), ('fulfilments.write', '报告承诺的履行'), ('breaches.write', '提请违诺立案')], max_length=40), default=list, size=None, verbose_name='权限范围')),
                    ('contact', models.CharField(blank=True, help_text='姓名和办公电话', max_length=100, verbose_name='联系人')),
                    ('is_active', models.BooleanField(default=True, verbose_name='在用')),
                    ('created_at', models.DateTimeField(verbose_name='登记时间')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('created_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                    ('department', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.department', verbose_name='所属部门')),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical 对接系统',
                    'verbose_name_plural': 'historical 对接系统',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='PartnerSystem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=100, unique=True, verbose_name='系统名称')),
                    ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('credit_entries.write', '推送行政许可、行政处罚等信用信息'), ('checks.write', '核查信用记录'), ('commitments.write', '递交在本部门签署的承诺'), ('commitments.read', '读取本部门的承诺和办理期限'), ('fulfilments.write', '报告承诺的履行'), ('breaches.write', '提请违诺立案')], max_length=40), default=list, size=None, verbose_name='权限范围')),
                    ('contact', models.CharField(blank=True, help_text='姓名和办公电话', max_length=100, verbose_name='联系人')),
                    ('is_active', models.BooleanField(default=True, verbose_name='在用')),
                    ('created_at', models.DateTimeField(verbose_name='登记时间')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                    ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.department', verbose_name='所属部门')),
                ],
                options={
                    'verbose_name': '对接系统',
                    'verbose_name_plural': '对接系统',
                    'ordering': ['name'],
                },
            ),
            migrations.CreateModel(
                name='IdempotentAnswer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(max_length=100, verbose_name='幂等键')),
                    ('request_sha256', models.CharField(max_length=64, verbose_name='请求校验值')),
                    ('status', models.PositiveSmallIntegerField(default=0, verbose_name='状态码')),
                    ('body', models.JSONField(default=dict, verbose_name='回答')),
                    ('at', models.DateTimeField(verbose_name='时间')),
                    ('system', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outbox.partnersystem', verbose_name='对接系统')),
                ],
                options={
                    'verbose_name': '接口回答',
                    'verbose_name_plural': '接口回答',
                    'constraints': [models.UniqueConstraint(fields=('system', 'key'), name='answer_once_a_key')],
                },
            ),
            migrations.CreateModel(
                name='PartnerToken',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('prefix', models.CharField(max_length=12, unique=True, verbose_name='开头')),
                    ('sha256', models.CharField(editable=False, max_length=64)),
                    ('issued_at', models.DateTimeField(verbose_name='签发时间')),
                    ('expires_on', models.DateField(verbose_name='有效期至')),
                    ('last_used_on', models.DateField(blank=True, null=True, verbose_name='最近使用')),
                    ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='作废时间')),
                    ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='签发人')),
                    ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
                    ('system', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to='outbox.partnersystem', verbose_name='对接系统')),
                ],
                options={
                    'verbose_name': '对接令牌',
                    'verbose_name_plural': '对接令牌',
                    'ordering': ['-id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('revoked_by__isnull', True)), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False)), _connector='OR'), name='token_revoked_by_somebody', violation_error_message='作废须有办理人和时间。')],
                },
            ),
        ]),
    ]
