import uuid

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import Together


class Migration(migrations.Migration):

    replaces = [
        ('registry', '0009_spared'),
    ]

    dependencies = [
        ('registry', '0001_units_subjects_items'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='HistoricalUnitContact',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('uuid', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                    ('role', models.CharField(choices=[('leader', '分管领导'), ('contact', '联络员（经办）')], max_length=10, verbose_name='职责')),
                    ('name', models.CharField(max_length=60, verbose_name='姓名')),
                    ('post', models.CharField(blank=True, max_length=60, verbose_name='职务')),
                    ('office_phone', models.CharField(blank=True, max_length=40, verbose_name='办公电话')),
                    ('mobile_sealed', models.TextField(blank=True, editable=False, verbose_name='手机号码（加密）')),
                    ('from_on', models.DateField(verbose_name='任职自')),
                    ('until_on', models.DateField(blank=True, null=True, verbose_name='任职至')),
                    ('recorded_at', models.DateTimeField(verbose_name='登记时间')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('department', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.department', verbose_name='单位')),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='账号')),
                    ('recorded_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                ],
                options={
                    'verbose_name': 'historical 单位责任人',
                    'verbose_name_plural': 'historical 单位责任人',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='UnitContact',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('role', models.CharField(choices=[('leader', '分管领导'), ('contact', '联络员（经办）')], max_length=10, verbose_name='职责')),
                    ('name', models.CharField(max_length=60, verbose_name='姓名')),
                    ('post', models.CharField(blank=True, max_length=60, verbose_name='职务')),
                    ('office_phone', models.CharField(blank=True, max_length=40, verbose_name='办公电话')),
                    ('mobile_sealed', models.TextField(blank=True, editable=False, verbose_name='手机号码（加密）')),
                    ('from_on', models.DateField(verbose_name='任职自')),
                    ('until_on', models.DateField(blank=True, null=True, verbose_name='任职至')),
                    ('recorded_at', models.DateTimeField(verbose_name='登记时间')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='registry.department', verbose_name='单位')),
                    ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='contact_terms', to=settings.AUTH_USER_MODEL, verbose_name='账号')),
                    ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                ],
                options={
                    'verbose_name': '单位责任人',
                    'verbose_name_plural': '单位责任人',
                    'ordering': ['department_id', 'role', '-from_on', '-id'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('until_on__isnull', True)), fields=('department', 'role'), name='unit_contact_one_current', violation_error_message='该单位的这项职责已有现任人员。'), models.CheckConstraint(condition=models.Q(('until_on__isnull', True), ('until_on__gte', models.F('from_on')), _connector='OR'), name='unit_contact_dates_in_order', violation_error_message='任职结束不能早于开始。'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='unit_contact_has_name', violation_error_message='请填写姓名。')],
                },
            ),
            migrations.CreateModel(
                name='SubjectAccess',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('name', models.CharField(max_length=200, verbose_name='使用人')),
                    ('capacity', models.CharField(choices=[('legal_representative', '法定代表人（负责人）'), ('operator', '经营者'), ('self', '本人'), ('agent', '委托代理人')], max_length=20, verbose_name='身份')),
                    ('scope', models.CharField(choices=[('view', '只能查看'), ('act', '查看和办理')], default='act', max_length=5, verbose_name='权限')),
                    ('channel', models.CharField(choices=[('window', '窗口开通'), ('identity', '统一身份认证')], max_length=10, verbose_name='开通方式')),
                    ('id_number_sealed', models.TextField(editable=False, verbose_name='证件号码（加密）')),
                    ('id_number_index', models.CharField(db_index=True, editable=False, max_length=64, null=True)),
                    ('valid_from', models.DateField(verbose_name='有效自')),
                    ('valid_until', models.DateField(verbose_name='有效至')),
                    ('opened_at', models.DateTimeField(verbose_name='开通时间')),
                    ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='终止时间')),
                    ('end_reason', models.CharField(blank=True, max_length=200, verbose_name='终止原因')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('department', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.department', verbose_name='开通单位')),
                    ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='终止的工作人员')),
                    ('ended_by_access', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.subjectaccess', verbose_name='终止的使用人')),
                    ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='开通人')),
                    ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='registry.creditsubject', verbose_name='主体')),
                ],
                options={
                    'verbose_name': '主体网上查询',
                    'verbose_name_plural': '主体网上查询',
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['department', '-id'], name='access_by_department'), models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['subject'], name='access_open_by_subject')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='access_dates_in_order', violation_error_message='有效期的末日不能早于首日。'), models.CheckConstraint(condition=models.Q(('capacity', 'agent'), ('scope', 'act'), _connector='OR'), name='access_only_agents_are_limited', violation_error_message='只有委托代理人可以限于查看。'), models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at__isnull', True)), models.Q(('ended_at__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='access_ended_with_reason', violation_error_message='终止须有时间和原因。'), models.CheckConstraint(condition=models.Q(models.Q(('channel', 'window'), _negated=True), models.Q(('department__isnull', False), ('opened_by__isnull', False)), _connector='OR'), name='access_opened_by_somebody', violation_error_message='窗口开通须有开通人和单位。')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalSubjectAccess',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('uuid', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                    ('name', models.CharField(max_length=200, verbose_name='使用人')),
                    ('capacity', models.CharField(choices=[('legal_representative', '法定代表人（负责人）'), ('operator', '经营者'), ('self', '本人'), ('agent', '委托代理人')], max_length=20, verbose_name='身份')),
                    ('scope', models.CharField(choices=[('view', '只能查看'), ('act', '查看和办理')], default='act', max_length=5, verbose_name='权限')),
                    ('channel', models.CharField(choices=[('window', '窗口开通'), ('identity', '统一身份认证')], max_length=10, verbose_name='开通方式')),
                    ('id_number_sealed', models.TextField(editable=False, verbose_name='证件号码（加密）')),
                    ('id_number_index', models.CharField(db_index=True, editable=False, max_length=64, null=True)),
                    ('valid_from', models.DateField(verbose_name='有效自')),
                    ('valid_until', models.DateField(verbose_name='有效至')),
                    ('opened_at', models.DateTimeField(verbose_name='开通时间')),
                    ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='终止时间')),
                    ('end_reason', models.CharField(blank=True, max_length=200, verbose_name='终止原因')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('department', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.department', verbose_name='开通单位')),
                    ('ended_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='终止的工作人员')),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('opened_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='开通人')),
                    ('subject', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.creditsubject', verbose_name='主体')),
                    ('ended_by_access', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.subjectaccess', verbose_name='终止的使用人')),
                ],
                options={
                    'verbose_name': 'historical 主体网上查询',
                    'verbose_name_plural': 'historical 主体网上查询',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='AccessSession',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('token_hash', models.CharField(editable=False, max_length=64, unique=True)),
                    ('began_at', models.DateTimeField(verbose_name='登录时间')),
                    ('seen_at', models.DateTimeField(verbose_name='最近使用')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='退出时间')),
                    ('access', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='registry.subjectaccess', verbose_name='开通')),
                ],
                options={
                    'verbose_name': '主体登录',
                    'verbose_name_plural': '主体登录',
                    'ordering': ['-id'],
                    'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['access'], name='session_open')],
                },
            ),
            migrations.CreateModel(
                name='AccessCode',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('finder', models.CharField(db_index=True, editable=False, max_length=64)),
                    ('digest', models.CharField(editable=False, max_length=64)),
                    ('issued_at', models.DateTimeField(verbose_name='签发时间')),
                    ('expires_at', models.DateTimeField(verbose_name='失效时间')),
                    ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='输错次数')),
                    ('used_at', models.DateTimeField(null=True, verbose_name='使用时间')),
                    ('withdrawn_at', models.DateTimeField(null=True, verbose_name='作废时间')),
                    ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='签发人')),
                    ('access', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='registry.subjectaccess', verbose_name='开通')),
                ],
                options={
                    'verbose_name': '一次性代码',
                    'verbose_name_plural': '一次性代码',
                    'ordering': ['-id'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('used_at__isnull', True), ('withdrawn_at__isnull', True)), fields=('access',), name='access_one_code'), models.CheckConstraint(condition=models.Q(('tries__lte', 5)), name='access_code_tries')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalOccupationGroup',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('code', models.SlugField(max_length=30, verbose_name='编码')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('positions', models.CharField(blank=True, max_length=300, verbose_name='包括的岗位')),
                    ('basis', models.CharField(max_length=300, verbose_name='依据')),
                    ('valid_from', models.DateField(verbose_name='生效日期')),
                    ('valid_to', models.DateField(blank=True, null=True, verbose_name='停用日期')),
                    ('order', models.PositiveSmallIntegerField(default=0, verbose_name='顺序')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical 重点职业人群',
                    'verbose_name_plural': 'historical 重点职业人群',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
        ]),
    ]
